"""Failures of the service and the store: the run continues, or ends as the protocol requires."""

from collections.abc import Callable

import pytest

from tests.runner.conftest import FAST, PID, WAIT, Runner, assert_ended, kernel_of, notebook
from tests.runner.fake_service import API_KEY, DROP, LAUNCH_CODE, RUNNER_KEY, FakeService

Order = Callable[..., None]


@pytest.mark.parametrize(
    "route", ["check-in", "work-order", "input", "output-urls", "put", "report", "heartbeat", "result"]
)
def test_each_request_is_retried(runner: Runner, service: FakeService, order: Order, route: str) -> None:
    order(notebook("open('a.txt', 'w').write('a')"), heartbeat_seconds=0.3)
    service.failures[route] = [503, DROP, 429]

    code, running = runner.run()

    assert (code, runner.outcome["code"]) == (0, "succeeded"), running.log
    assert service.failures[route] == [] or route == "result"  # the report is enough
    assert sorted(service.outputs) == ["a.txt", "report-out.ipynb"]


def test_a_retried_check_in_has_the_same_instance_id(runner: Runner, service: FakeService, order: Order) -> None:
    order(notebook("1"))
    service.failures["check-in"] = [500, 500]

    assert runner.run()[0] == 0
    assert len({request.json["instance_id"] for request in service.requests_to("check-in")}) == 1
    assert all("X-Session-Token" in request.headers for request in service.requests if request.route == "heartbeat")


def test_a_response_that_is_not_json_is_retried(runner: Runner, service: FakeService, order: Order) -> None:
    order(notebook("1"))
    service.raw["work-order"] = [b"<html>", b"[]"]

    assert runner.run()[0] == 0


def test_a_run_of_another_instance_ends_with_exit_code_20(runner: Runner, service: FakeService, order: Order) -> None:
    order(notebook("1"))
    service.bound = "somebody else"

    assert runner.run()[0] == 20
    assert [request.route for request in service.requests] == ["check-in"]


@pytest.mark.parametrize("factor", ["LAUNCH_CODE", "RUNNER_KEY", "API_KEY"])
def test_a_refused_check_in_is_not_retried(runner: Runner, service: FakeService, order: Order, factor: str) -> None:
    """If API Gateway does not know a new key yet, the service launches the next attempt."""
    order(notebook("1"))

    code, running = runner.run(script=None, **{factor: "wrong"})

    assert code == 19
    assert "403" in running.log
    assert len(service.requests) == 1


def test_no_request_contains_the_runner_key_or_the_launch_code(
    runner: Runner, service: FakeService, order: Order
) -> None:
    order(notebook("open('a.txt', 'w').write('a')"))

    assert runner.run()[0] == 0
    for request in service.requests:
        sent = f"{request.path} {request.headers}".encode() + request.body
        assert LAUNCH_CODE.encode() not in sent
        assert RUNNER_KEY.encode() not in sent
        is_for_the_store = request.route in ("input", "put", "result")
        assert (request.headers.get("X-Api-Key") == API_KEY) is not is_for_the_store, (
            "S3 gets no credentials of the service"
        )


@pytest.mark.parametrize("status", [404, 409, 410])
def test_a_revoked_run_ends_at_once(runner: Runner, service: FakeService, order: Order, status: int) -> None:
    order(notebook("open('a.txt', 'w').write('a')", WAIT), heartbeat_seconds=0.2)
    running = runner.start()
    kernel = kernel_of(running)
    service.rules["heartbeat"] = lambda _: status

    assert running.end() == 20
    assert (service.outputs, service.reports) == ({}, [])
    assert_ended(kernel)


@pytest.mark.parametrize("route", ["work-order", "output-urls", "report"])
def test_any_route_can_revoke_the_run(runner: Runner, service: FakeService, order: Order, route: str) -> None:
    order(notebook("1"))
    service.rules[route] = lambda _: 410

    assert runner.run()[0] == 20
    assert service.outputs == {} or route == "report"


@pytest.mark.parametrize("failure", [DROP, 503, 403])
def test_a_run_waits_out_an_outage(runner: Runner, service: FakeService, order: Order, failure: int) -> None:
    """The service is away from the middle of a cell until after the last one: nothing ends, and everything arrives."""
    order(
        notebook(PID + "import pathlib\nwhile not pathlib.Path('go').exists(): time.sleep(0.05)", "print('on')"),
        heartbeat_seconds=0.2,
    )
    running = runner.start()
    kernel = kernel_of(running)
    away = True
    for route in ("heartbeat", "output-urls", "report"):
        service.rules[route] = lambda request: (
            failure if away and (failure != 403 or request.route == "heartbeat") else None
        )
    before = len(service.requests_to("heartbeat"))
    service.wait_for(lambda fake: len(fake.requests_to("heartbeat")) >= before + 10)
    assert kernel.is_running()
    next(runner.folder.glob("run-*/work")).joinpath("go").touch()
    service.wait_for(lambda fake: fake.requests_to("output-urls"))
    away = False

    assert running.end() == 0, running.log
    assert (runner.outcome["code"], runner.text(2)) == ("succeeded", "on\n")
    assert service.results[-1] == service.reports[0]


def test_heartbeats_say_for_how_long_the_service_has_answered(
    runner: Runner, service: FakeService, order: Order
) -> None:
    order(notebook(WAIT), heartbeat_seconds=0.2)
    runner.start()

    def connected(fake: FakeService) -> list[int]:
        return [request.json["connected_seconds"] for request in fake.requests_to("heartbeat")]

    service.wait_for(lambda fake: 1 in connected(fake))
    service.failures["heartbeat"] = [DROP]
    service.wait_for(lambda fake: 0 in connected(fake)[connected(fake).index(1) :])


def test_a_short_outage_does_not_end_the_run(runner: Runner, service: FakeService, order: Order) -> None:
    order(
        notebook(PID + "import pathlib\nwhile not pathlib.Path('go').exists(): time.sleep(0.05)"),
        heartbeat_seconds=0.2,
    )
    running = runner.start()
    kernel = kernel_of(running)
    failed = 3
    service.failures["heartbeat"] = [503] * failed
    service.wait_for(lambda fake: not fake.failures["heartbeat"])
    next(runner.folder.glob("run-*/work")).joinpath("go").touch()

    assert running.end() == 0
    assert_ended(kernel)


def test_a_service_that_never_responds_ends_with_exit_code_21(runner: Runner, order: Order) -> None:
    order(notebook("1"))

    code, running = runner.run(script=FAST, RUN_URL="http://127.0.0.1:9/v1/runs/o/j/1", retry_seconds="1")

    assert code == 21
    assert "check-in: no response from the service" in running.log


def test_the_exit_code_shows_the_outcome_if_the_report_is_lost(
    runner: Runner, service: FakeService, order: Order
) -> None:
    order(notebook("1 / 0"))
    service.rules["report"] = lambda _: 503

    code, running = runner.run(script=FAST, report_seconds="1")

    assert code == 10
    assert service.results[0]["outcome"]["code"] == "notebook_error"
    assert "not reported; the result object shows the outcome" in running.log
    assert "report-out.ipynb" in service.outputs


def test_the_exit_code_shows_the_outcome_if_the_report_is_refused(
    runner: Runner, service: FakeService, order: Order
) -> None:
    order(notebook("1"))
    service.rules["report"] = lambda _: 422

    code, running = runner.run()

    assert code == 0
    assert "report: the service responded 422" in running.log
    assert len(service.requests_to("report")) == 1


def test_an_expired_url_is_requested_again(runner: Runner, service: FakeService, order: Order) -> None:
    order(notebook("open('a.txt', 'w').write('a')"))
    service.failures["put"] = [403]
    service.failures["input"] = [403]

    assert runner.run()[0] == 0
    assert service.outputs["a.txt"] == b"a"
    assert len(service.requests_to("work-order")) == 2
    assert len(service.requests_to("output-urls")) == 3


def test_a_refused_file_is_a_warning(runner: Runner, service: FakeService, order: Order) -> None:
    order(notebook("for n in 'abc': open(n, 'w').write(n)"))
    service.rules["put"] = lambda request: 400 if request.body == b"b" else None

    code, _ = runner.run()

    assert (code, runner.outcome) == (0, {"code": "succeeded"})
    (warning,) = service.reports[0]["warnings"]
    assert warning["code"] == "outputs_not_uploaded"
    assert warning["names"][0].startswith("b: the store responded 400")
    assert sorted(service.outputs) == ["a", "c", "report-out.ipynb"]


def test_a_file_that_the_service_refuses_does_not_affect_the_others(
    runner: Runner, service: FakeService, order: Order
) -> None:
    order(notebook("for n in range(20): open(f'{n}.txt', 'w').write('x')"))
    service.rules["output-urls"] = lambda request: (
        422 if any(file["path"] == "7.txt" for file in request.json["files"]) else None
    )

    assert runner.run()[0] == 0
    assert len(service.outputs) == 20
    assert service.reports[0]["warnings"][0]["count"] == 1


@pytest.mark.parametrize("kind", ["ipynb", "html"])
def test_a_run_whose_notebook_or_format_is_refused_has_not_succeeded(
    runner: Runner, service: FakeService, order: Order, kind: str
) -> None:
    order(notebook("open('a.txt', 'w').write('a')"), output_formats=["html"])
    service.rules["output-urls"] = lambda request: (
        422 if any(file["format"] == kind for file in request.json["files"]) else None
    )

    code, _ = runner.run()

    assert (code, runner.outcome["code"]) == (18, "upload_failed")
    assert runner.outcome["message"].startswith(f"Not every output could be uploaded: report-out.{kind}: ")
    assert service.outputs["a.txt"] == b"a"


def test_a_store_that_cannot_be_reached_fails_the_run(runner: Runner, service: FakeService, order: Order) -> None:
    order(notebook("open('a.txt', 'w').write('a')"))
    service.rules["put"] = lambda request: 503 if request.body == b"a" else None

    code, _ = runner.run(script=FAST, retry_seconds="2")

    assert (code, runner.outcome["code"]) == (18, "upload_failed")
    assert "a.txt: the store responded 503" in runner.outcome["message"]


def test_a_failed_upload_does_not_hide_the_error_of_a_cell(runner: Runner, service: FakeService, order: Order) -> None:
    order(notebook("open('a.txt', 'w').write('a')", "1 / 0"))
    service.rules["put"] = lambda request: 503 if request.body == b"a" else None

    assert runner.run(script=FAST, retry_seconds="2")[0] == 10
    assert runner.outcome["message"].startswith(
        "Cell 2 of 2 (`1 / 0`) raised ZeroDivisionError: division by zero\nNot every output"
    )
