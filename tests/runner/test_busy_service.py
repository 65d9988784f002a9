"""The service responds that it is busy: it is reachable, so the run continues and waits for it."""

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
def test_any_response_shows_that_the_connection_is_not_lost(
    runner: Runner, service: FakeService, order: Order, status: int
) -> None:
    """A flood of requests makes every heartbeat 429: the run continues, and its outputs and its report arrive afterwards."""
    order(
        notebook("import pathlib, time\nwhile not pathlib.Path('go').exists(): time.sleep(0.05)"),
        heartbeat_seconds=0.2,
        self_fencing_seconds=4,
    )
    running = runner.start()
    service.wait_for(lambda fake: fake.requests_to("heartbeat"))
    service.rules["heartbeat"] = lambda _: status
    before = len(service.requests_to("heartbeat"))
    service.wait_for(
        lambda fake: len(fake.requests_to("heartbeat")) >= before + 30
    )  # at 0.2 s each: longer than `self_fencing_seconds`
    next(runner.folder.glob("run-*/work")).joinpath("go").touch()

    assert running.end() == 0, running.log
    assert runner.outcome["code"] == "succeeded"


REQUESTS: dict[str, Callable[[SchedulerApi], object]] = {
    "check-in": SchedulerApi.check_in,
    "work-order": SchedulerApi.work_order,
    "output-urls": lambda api: api.output_urls([{"path": "a", "size_bytes": 1, "content_type": "text/plain"}]),
    "report": lambda api: api.report({"outcome": {"code": "succeeded"}}),
}


@pytest.mark.parametrize("route", REQUESTS)
def test_a_busy_service_is_retried_for_longer_than_an_unreachable_one(
    service: FakeService, order: Order, route: str
) -> None:
    """Requests are retried although all of `reach_seconds` passes before each attempt; each response counts."""
    order(notebook("1"))
    use_network(read_network({}))
    responses: list[int] = []
    environ = {"RUN_URL": service.run_url, **STARTED_WITH}
    api = SchedulerApi(read_settings(environ), Intervals(reach_seconds=0.01), on_response=lambda: responses.append(1))
    if route != "check-in":
        api.check_in()
        responses.clear()
    service.failures[route] = [429, 503, 502]

    REQUESTS[route](api)

    assert service.failures[route] == []
    assert len(responses) == 4

    service.failures[route] = [DROP] * 3
    api.reach_seconds = 0.01
    with pytest.raises(UnreachableError):
        REQUESTS[route](api)
    assert len(responses) == 4


def test_a_service_that_stays_busy_ends_with_exit_code_21(runner: Runner, service: FakeService, order: Order) -> None:
    order(notebook("1"))
    service.rules["check-in"] = lambda _: 429

    code, running = runner.run(script=FAST, busy_seconds="1")

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
    (skipped,) = warning["names"]
    assert skipped.startswith("3.txt: ")
    assert "413" in skipped
