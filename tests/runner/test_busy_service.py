"""The service responds that it is busy: it is reachable, so the run continues and waits for it."""

import time
from collections.abc import Callable

import pytest

from runner.errors import UnreachableError
from runner.http_sessions import read_network, use_network
from runner.scheduler_api import SchedulerApi
from runner.settings import Intervals, read_settings
from tests.runner.conftest import FAST, Runner, notebook
from tests.runner.fake_service import DROP, STARTED_WITH, FakeService

Order = Callable[..., None]


@pytest.mark.parametrize("status", [429, 503, 500, 403])
def test_refused_heartbeats_do_not_end_a_run(runner: Runner, service: FakeService, order: Order, status: int) -> None:
    """A flood of requests makes every heartbeat 429: the run continues, and its outputs and its report arrive afterwards."""
    order(
        notebook("import pathlib, time\nwhile not pathlib.Path('go').exists(): time.sleep(0.05)"),
        heartbeat_seconds=0.2,
    )
    running = runner.start()
    service.wait_for(lambda fake: fake.requests_to("heartbeat"))
    service.rules["heartbeat"] = lambda _: status
    before = len(service.requests_to("heartbeat"))
    service.wait_for(lambda fake: len(fake.requests_to("heartbeat")) >= before + 30)
    next(runner.folder.glob("run-*/work")).joinpath("go").touch()

    assert running.end() == 0, running.log
    assert runner.outcome["code"] == "succeeded"


REQUESTS: dict[str, Callable[[SchedulerApi], object]] = {
    "check-in": SchedulerApi.check_in,
    "work-order": SchedulerApi.work_order,
    "output-urls": lambda api: api.output_urls([{"path": "a", "size_bytes": 1, "content_type": "text/plain"}]),
    "report": lambda api: api.report({"outcome": {"code": "succeeded"}}, retry_seconds=api.reach_seconds),
}


@pytest.mark.parametrize("route", REQUESTS)
@pytest.mark.parametrize("failure", [429, 503, DROP])
def test_each_request_is_retried_until_its_time_is_over(
    service: FakeService, order: Order, route: str, failure: int
) -> None:
    order(notebook("1"))
    use_network(read_network({}))
    api = SchedulerApi(read_settings({"RUN_URL": service.run_url, **STARTED_WITH}), Intervals(retry_seconds=0))
    if route != "check-in":
        api.check_in()
    service.failures[route] = [failure] * 3
    with pytest.raises(UnreachableError):
        REQUESTS[route](api)
    assert service.failures[route] == [failure] * 2

    api.retry_until(time.monotonic() + 60)
    REQUESTS[route](api)
    assert service.failures[route] == []


def test_sigterm_ends_the_wait_for_a_service_that_is_away(service: FakeService, order: Order) -> None:
    order(notebook("1"))
    use_network(read_network({}))
    intervals = Intervals(hurry_seconds=0)
    api = SchedulerApi(read_settings({"RUN_URL": service.run_url, **STARTED_WITH}), intervals)
    service.rules["check-in"] = lambda _: DROP
    api.hurry()
    with pytest.raises(UnreachableError):
        api.check_in()
    assert len(service.requests) == 1


def test_a_service_that_stays_busy_ends_with_exit_code_21(runner: Runner, service: FakeService, order: Order) -> None:
    order(notebook("1"))
    service.rules["check-in"] = lambda _: 429

    code, running = runner.run(script=FAST, retry_seconds="1")

    assert code == 21, running.log


def test_retry_after_sets_the_delay(runner: Runner, service: FakeService, order: Order) -> None:
    order(notebook("1"))
    service.failures["check-in"] = [429]
    service.headers["check-in"] = {"Retry-After": "3"}

    code, running = runner.run()

    assert code == 0
    running.wait_for_line("next attempt in 3.0 s")


@pytest.mark.parametrize("value", ["Thu, 26 Nov 2026 12:00:00 GMT", "-5", "1e9", "²", "soon", ""])
def test_a_retry_after_that_is_not_a_number_of_seconds_is_ignored(
    runner: Runner, service: FakeService, order: Order, value: str
) -> None:
    order(notebook("1"))
    service.failures["check-in"] = [429]
    service.headers["check-in"] = {"Retry-After": value.encode().decode("latin-1")}

    code, running = runner.run()

    assert code == 0
    assert "next attempt in 0." in running.log


def test_outputs_over_the_limits_of_the_service_are_skipped(runner: Runner, service: FakeService, order: Order) -> None:
    """The service enforces its limits whatever the runner's are, and the outputs within the limits are uploaded."""
    order(notebook("for n in range(5): open(f'{n}.txt', 'w').write('x' * (1 + 9 * (n == 3)))"))
    service.rules["output-urls"] = lambda request: (
        413 if any(file["size_bytes"] == 10 for file in request.json["files"]) else None
    )

    code, running = runner.run()

    assert (code, runner.outcome["code"]) == (0, "succeeded"), running.log
    assert sorted(service.outputs) == ["0.txt", "1.txt", "2.txt", "4.txt", "report-out.ipynb"]
    (warning,) = service.reports[0]["warnings"]
    assert (warning["code"], warning["names"]) == ("outputs_over_limit", ["3.txt: 10 bytes"])
