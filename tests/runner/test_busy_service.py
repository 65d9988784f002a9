"""The service answers, but not what was asked for: it is there, so the run goes on and waits for it."""

from collections.abc import Callable

import pytest

from runner.errors import UnreachableError
from runner.http_sessions import read_network, use_network
from runner.scheduler_api import Service
from runner.settings import Intervals, take_settings
from tests.runner.conftest import FAST, Runner, notebook
from tests.runner.fake_service import DROP, STARTED_WITH, FakeService

Order = Callable[..., None]


@pytest.mark.parametrize("status", [429, 503, 500, 403])
def test_an_answer_is_no_silence_whatever_it_says(
    runner: Runner, service: FakeService, order: Order, status: int
) -> None:
    """Strangers who flood the API make every heartbeat 429: the run goes on, and its outputs and its report arrive afterwards."""
    order(
        notebook("import pathlib, time\nwhile not pathlib.Path('go').exists(): time.sleep(0.05)"),
        heartbeat_seconds=0.2,
        self_fencing_seconds=4,
    )
    running = runner.start()
    service.wait_for(lambda fake: fake.asked("heartbeat"))
    service.rules["heartbeat"] = lambda _: status
    begun = len(service.asked("heartbeat"))
    service.wait_for(lambda fake: len(fake.asked("heartbeat")) >= begun + 30)  # at 0.2 s each: longer than the fence
    next(runner.folder.glob("run-*/work")).joinpath("go").touch()

    assert running.end() == 0, running.log
    assert runner.outcome["code"] == "succeeded"


ASK: dict[str, Callable[[Service], object]] = {
    "check-in": Service.check_in,
    "work-order": Service.work_order,
    "output-urls": lambda service: service.output_urls([{"path": "a", "size_bytes": 1, "content_type": "text/plain"}]),
    "report": lambda service: service.report({"outcome": {"code": "succeeded"}}),
}


@pytest.mark.parametrize("route", ASK)
def test_a_busy_service_is_waited_for_longer_than_a_silent_one(service: FakeService, order: Order, route: str) -> None:
    """It is repeated although the whole of `reach_seconds` passes before each try; each answer counts as one."""
    order(notebook("1"))
    use_network(read_network({}))
    responses: list[int] = []
    environ = {"RUN_URL": service.run_url, **STARTED_WITH}
    asking = Service(take_settings(environ), Intervals(reach_seconds=0.01), answered=lambda: responses.append(1))
    if route != "check-in":
        asking.check_in()
        responses.clear()
    service.failures[route] = [429, 503, 502]

    ASK[route](asking)

    assert service.failures[route] == []
    assert len(responses) == 4

    service.failures[route] = [DROP] * 3
    asking.reach_seconds = 0.01
    with pytest.raises(UnreachableError):
        ASK[route](asking)
    assert len(responses) == 4


def test_a_service_that_stays_busy_is_given_up(runner: Runner, service: FakeService, order: Order) -> None:
    order(notebook("1"))
    service.rules["check-in"] = lambda _: 429

    code, running = runner.run(script=FAST, busy_seconds="1")

    assert code == 21, running.log


def test_the_service_says_when_to_come_again(runner: Runner, service: FakeService, order: Order) -> None:
    order(notebook("1"))
    service.failures["check-in"] = [429]
    service.headers["check-in"] = {"Retry-After": "3"}

    code, running = runner.run()

    assert code == 0
    running.wait_for_line("next try in 3.0 s")


@pytest.mark.parametrize("said", ["Thu, 26 Nov 2026 12:00:00 GMT", "-5", "1e9", "²", "soon", ""])
def test_a_retry_after_that_is_no_number_of_seconds_counts_as_none(
    runner: Runner, service: FakeService, order: Order, said: str
) -> None:
    order(notebook("1"))
    service.failures["check-in"] = [429]
    service.headers["check-in"] = {"Retry-After": said.encode().decode("latin-1")}

    code, running = runner.run()

    assert code == 0
    assert "next try in 0." in running.log


def test_outputs_over_the_service_s_limits_are_skipped(runner: Runner, service: FakeService, order: Order) -> None:
    """The runner's own limits come first; those of the service hold all the same, and cost nothing that fits."""
    order(notebook("for n in range(5): open(f'{n}.txt', 'w').write('x' * (1 + 9 * (n == 3)))"))
    service.rules["output-urls"] = lambda request: (
        413 if any(file["size_bytes"] == 10 for file in request.json["files"]) else None
    )

    code, running = runner.run()

    assert (code, runner.outcome["code"]) == (0, "succeeded"), running.log
    assert sorted(service.outputs) == ["0.txt", "1.txt", "2.txt", "4.txt", "report-out.ipynb"]
    (skipped,) = service.reports[0]["skipped_files"]
    assert skipped.startswith("3.txt: ")
    assert "413" in skipped
