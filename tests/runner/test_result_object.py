"""The result object, which a runner stores before it reports."""

from collections.abc import Callable

import pytest

from tests.runner.conftest import FAST, Runner, notebook
from tests.runner.fake_service import DROP, FakeService

Order = Callable[..., None]


def test_the_result_is_stored_before_the_report(runner: Runner, service: FakeService, order: Order) -> None:
    order(notebook("open('a.txt', 'w').write('a')", "1 / 0"))

    assert runner.run()[0] == 10
    assert service.results == service.reports
    routes = [request.route for request in service.requests if request.route in ("put", "result", "report")]
    assert routes[-2:] == ["result", "report"]


@pytest.mark.parametrize("status", [DROP, 307, 400, 503])
def test_a_result_that_cannot_be_stored_does_not_prevent_the_report(
    runner: Runner, service: FakeService, order: Order, status: int
) -> None:
    order(notebook("1"))
    service.rules["result"] = lambda _: status

    code, running = runner.run()

    assert (code, len(service.reports), service.results) == (0, 1, [])
    assert "the result could not be stored" in running.log


def test_an_expired_form_is_requested_again(runner: Runner, service: FakeService, order: Order) -> None:
    order(notebook("1"))
    service.failures["result"] = [403]

    assert runner.run()[0] == 0
    assert len(service.results) == 1
    assert service.requests_to("heartbeat")[-1].json["result_form"] is True


def test_without_a_result_the_report_is_retried_for_as_long_as_the_run_may_take(
    runner: Runner, service: FakeService, order: Order
) -> None:
    order(notebook("1"))
    service.rules["result"] = lambda _: 503
    service.failures["report"] = [DROP] * 4

    code, running = runner.run(script=FAST, report_seconds="0.1")

    assert (code, len(service.reports)) == (0, 1), running.log
