"""Runs that end early: timeout, stop, and termination by a signal."""

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.runner.conftest import FAST, PID, RUNNER_CONTAINER, WAIT, Runner, assert_ended, kernel_of, notebook
from tests.runner.fake_service import DROP, FakeService

Order = Callable[..., None]


def test_a_timeout_interrupts_the_cell_and_keeps_its_output(runner: Runner, order: Order) -> None:
    order(notebook(WAIT, "print('never')"), timeout_seconds=3)

    code, _ = runner.run()

    assert (code, runner.outcome["code"], runner.outcome["cell"]) == (11, "timeout", 1)
    assert "maximum run time (0:00:03) in cell 1 of 2" in runner.outcome["message"]
    assert runner.text(1).startswith("pid ")


def test_the_timeout_does_not_include_uploads(runner: Runner, service: FakeService, order: Order) -> None:
    order(notebook("open('a.txt', 'w').write('a')"), timeout_seconds=8)
    attempts = []

    def delay(_: Any) -> int | None:
        attempts.append(1)
        return 503 if len(attempts) < 6 else None  # with the backoff this takes longer than the timeout

    service.rules["put"] = delay

    assert runner.run()[0] == 0
    assert service.outputs["a.txt"] == b"a"


def test_a_stop_interrupts_the_cell_and_uploads_the_outputs(runner: Runner, service: FakeService, order: Order) -> None:
    order(
        notebook("open('a.txt', 'w').write('a')", WAIT, "print('never')"),
        heartbeat_seconds=0.2,
        output_formats=["html"],
    )
    service.stop_at = lambda _: "pid " in running.log
    running = runner.start()
    kernel = kernel_of(running)

    assert running.end() == 12
    assert (runner.outcome["code"], runner.outcome["message"]) == (
        "stopped",
        "The run was stopped in cell 2 of 3 (`import os, time`).",
    )
    assert sorted(service.outputs) == ["a.txt", "report-out.html", "report-out.ipynb"]
    assert "KeyboardInterrupt" in service.outputs["report-out.ipynb"].decode()
    assert runner.text(3) == ""
    assert_ended(kernel)


def test_a_kernel_that_ignores_a_stop_is_killed(runner: Runner, service: FakeService, order: Order) -> None:
    ignoring = PID + "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: time.sleep(1)"
    order(notebook(ignoring), heartbeat_seconds=0.2)
    service.stop_at = lambda _: "pid " in running.log
    running = runner.start(script=FAST, second_interrupt_seconds="1", kill_seconds="2")
    kernel = kernel_of(running)

    assert running.end() == 12
    assert runner.outcome["code"] == "stopped"
    assert runner.text(1).startswith("pid ")
    assert_ended(kernel)


def test_a_stop_that_a_cell_catches_ends_the_run_before_the_next_cell(
    runner: Runner, service: FakeService, order: Order
) -> None:
    catch = PID + "try:\n    time.sleep(600)\nexcept KeyboardInterrupt:\n    print('caught')"
    order(notebook(catch, "print('never')"), heartbeat_seconds=0.2)
    service.stop_at = lambda _: "pid " in running.log
    running = runner.start()

    assert running.end() == 12
    assert "caught" in runner.text(1)
    assert runner.text(2) == ""


def test_a_stop_while_the_kernel_starts(runner: Runner, service: FakeService, order: Order) -> None:
    order(notebook("print('never')"))
    service.stop_at = lambda _: True

    assert runner.run()[0] == 12
    assert runner.outcome["code"] == "stopped"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_saves_and_uploads_the_outputs(
    runner: Runner, service: FakeService, order: Order, number: int
) -> None:
    order(notebook("open('a.txt', 'w').write('a')", WAIT))
    running = runner.start()
    kernel = kernel_of(running)
    running.process.send_signal(number)
    running.process.send_signal(number)

    assert running.end(seconds=100) == 17, running.log
    assert (runner.outcome["code"], runner.outcome["cell"]) == ("terminated", 2)
    assert sorted(service.outputs) == ["a.txt", "report-out.ipynb"]
    assert_ended(kernel)


def test_sigterm_ends_the_run_within_the_grace_period_even_if_the_store_is_unreachable(
    runner: Runner, service: FakeService, order: Order
) -> None:
    order(notebook(WAIT))
    service.rules["put"] = lambda _: 503
    running = runner.start(script=FAST, grace_seconds="4")
    kernel = kernel_of(running)
    running.process.terminate()

    assert running.end() == 17
    assert service.reports == []
    assert_ended(kernel)


def test_sigterm_in_an_outage_stores_the_result(runner: Runner, service: FakeService, order: Order) -> None:
    order(notebook(WAIT), heartbeat_seconds=0.2)
    running = runner.start(script=FAST, hurry_seconds="1")
    kernel = kernel_of(running)
    for route in ("heartbeat", "output-urls", "report"):
        service.rules[route] = lambda _: DROP
    running.process.terminate()

    assert running.end() == 17, running.log
    assert service.results[0]["outcome"]["code"] == "terminated"
    assert (service.outputs, service.reports) == ({}, [])
    assert_ended(kernel)


def test_sigterm_before_the_work_order(runner: Runner, service: FakeService, order: Order) -> None:
    order(notebook("1"))
    service.rules["check-in"] = lambda _: 503
    running = runner.start()
    service.wait_for(lambda fake: len([1 for request in fake.requests if request.route == "check-in"]) > 1)
    running.process.terminate()

    assert running.end() == 17


def test_sigterm_while_the_runner_is_imported(runner: Runner, order: Order, tmp_path: Path) -> None:
    order(notebook("1"))
    slow = "import time\nprint('importing', flush=True)\ntime.sleep(600)"
    (tmp_path / "psutil.py").write_text(slow)
    running = runner.start(PYTHONPATH=os.pathsep.join([str(RUNNER_CONTAINER), str(tmp_path)]))
    running.wait_for_line("importing")
    running.process.terminate()

    assert running.end() == 17


def test_sigterm_before_the_runner_has_a_handler_is_handled_later(
    runner: Runner, service: FakeService, order: Order, tmp_path: Path
) -> None:
    """Init starts the runner with the forwarded signals blocked."""
    order(notebook("1"))
    script = tmp_path / "blocked.py"
    script.write_text(
        "import os, signal, sys\n"
        "signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])\n"
        "os.kill(os.getpid(), signal.SIGTERM)\n"
        "os.execv(sys.executable, [sys.executable, '-m', 'runner'])\n"
    )
    code, _ = runner.run(script=script)

    assert code == 17, "the signal neither kills the runner nor gets lost"
    assert not service.requests


def test_sigterm_while_uploading_does_not_change_the_outcome(
    runner: Runner, service: FakeService, order: Order
) -> None:
    order(notebook("open('a.txt', 'w').write('a')"))

    def terminate(request: Any) -> None:
        if request.body == b"a":
            running.process.terminate()

    service.rules["put"] = terminate
    running = runner.start()

    assert running.end() == 0
    assert runner.outcome["code"] == "succeeded"
    assert service.outputs["a.txt"] == b"a"
