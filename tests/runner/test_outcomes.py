"""How runs end that do not end well: one test for each way."""

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-not-found,import-untyped,unused-ignore]
import pytest

from tests.runner.conftest import FAST, RUNNER_CONTAINER, Runner, Running, notebook, zipped
from tests.runner.fake_service import FakeService

Order = Callable[..., None]

PID = "import os, time\nprint('pid', os.getpid(), flush=True)\n"
WAIT = PID + "time.sleep(600)"


def kernel_of(running: Running) -> psutil.Process:
    return psutil.Process(int(running.wait_for_line("pid ").split()[-1]))


def assert_ended(kernel: psutil.Process) -> None:
    _, alive = psutil.wait_procs([kernel], timeout=20)
    assert not alive


def test_a_cell_that_raises(runner: Runner, service: FakeService, order: Order) -> None:
    order(
        notebook("print('before')", "open('partial.csv', 'w').write('1')", "1 / 0", "print('never')"),
        output_formats=["ipynb", "html"],
    )

    code, running = runner.run()

    assert (code, runner.outcome) == (
        10,
        {
            "code": "notebook_error",
            "message": "ZeroDivisionError: division by zero",
            "cell": 3,
            "error_name": "ZeroDivisionError",
        },
    )
    assert sorted(service.outputs) == ["partial.csv", "report-out.html", "report-out.ipynb"]
    executed = runner.output()
    statuses = [cell.metadata.papermill.status for cell in executed.cells if cell.cell_type == "code"]
    assert statuses == ["completed", "completed", "failed", "pending"]
    assert [
        place
        for place, cell in enumerate(executed.cells)
        if "papermill-error-cell-tag" in cell.metadata.get("tags", [])
    ] == [0, 3]
    assert "ZeroDivisionError" in running.log
    assert "\x1b" not in running.log


def test_a_module_that_the_environment_lacks(runner: Runner, order: Order) -> None:
    order(notebook("import notthere.sub"))

    assert runner.run()[0] == 10

    assert runner.outcome["error_name"] == "ModuleNotFoundError"
    for part in ("'analysis'", "'notthere'", "%pip install", "image", "folder"):
        assert part in runner.outcome["message"]


def test_a_time_out_interrupts_the_cell_and_keeps_what_it_printed(runner: Runner, order: Order) -> None:
    order(notebook(WAIT, "print('never')"), timeout_seconds=3)

    code, _ = runner.run()

    assert (code, runner.outcome["code"], runner.outcome["cell"]) == (11, "timeout", 1)
    assert "maximum run time (0:00:03) in cell 1 of 2" in runner.outcome["message"]
    assert runner.text(1).startswith("pid ")


def test_a_time_out_does_not_hit_the_uploads(runner: Runner, service: FakeService, order: Order) -> None:
    order(notebook("open('a.txt', 'w').write('a')"), timeout_seconds=8)
    passed = []

    def late(_: Any) -> int | None:
        passed.append(1)
        return 503 if len(passed) < 6 else None  # back-off makes this outlast the time limit

    service.rules["put"] = late

    assert runner.run()[0] == 0
    assert service.outputs["a.txt"] == b"a"


def test_stop(runner: Runner, service: FakeService, order: Order) -> None:
    order(
        notebook("open('a.txt', 'w').write('a')", WAIT, "print('never')"),
        heartbeat_seconds=0.2,
        output_formats=["html"],
    )
    service.stop_at = lambda _: "pid " in running.log
    running = runner.start()
    kernel = kernel_of(running)

    assert running.end() == 12
    assert (runner.outcome["code"], runner.outcome["message"]) == ("stopped", "The run was stopped in cell 2 of 3.")
    assert sorted(service.outputs) == ["a.txt", "report-out.html", "report-out.ipynb"]
    assert "KeyboardInterrupt" in service.outputs["report-out.ipynb"].decode()
    assert runner.text(3) == ""
    assert_ended(kernel)


def test_stop_of_a_kernel_that_does_not_obey(runner: Runner, service: FakeService, order: Order) -> None:
    stubborn = PID + "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: time.sleep(1)"
    order(notebook(stubborn), heartbeat_seconds=0.2)
    service.stop_at = lambda _: "pid " in running.log
    running = runner.start(script=FAST, second_interrupt_seconds="1", kill_seconds="2")
    kernel = kernel_of(running)

    assert running.end() == 12
    assert runner.outcome["code"] == "stopped"
    assert runner.text(1).startswith("pid ")
    assert_ended(kernel)


def test_stop_that_a_cell_swallows_ends_the_run_before_the_next(
    runner: Runner, service: FakeService, order: Order
) -> None:
    swallow = PID + "try:\n    time.sleep(600)\nexcept KeyboardInterrupt:\n    print('swallowed')"
    order(notebook(swallow, "print('never')"), heartbeat_seconds=0.2)
    service.stop_at = lambda _: "pid " in running.log
    running = runner.start()

    assert running.end() == 12
    assert "swallowed" in runner.text(1)
    assert runner.text(2) == ""


def test_stop_while_the_kernel_starts(runner: Runner, service: FakeService, order: Order) -> None:
    order(notebook("print('never')"))
    service.stop_at = lambda _: True

    assert runner.run()[0] == 12
    assert runner.outcome["code"] == "stopped"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_saves_what_there_is(runner: Runner, service: FakeService, order: Order, number: int) -> None:
    order(notebook("open('a.txt', 'w').write('a')", WAIT))
    running = runner.start()
    kernel = kernel_of(running)
    running.process.send_signal(number)
    running.process.send_signal(number)

    assert running.end(seconds=100) == 17, running.log
    assert (runner.outcome["code"], runner.outcome["cell"]) == ("terminated", 2)
    assert sorted(service.outputs) == ["a.txt", "report-out.ipynb"]
    assert_ended(kernel)


def test_sigterm_ends_within_the_grace_even_if_the_store_is_out_of_reach(
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


def test_sigterm_before_there_is_a_work_order(runner: Runner, service: FakeService, order: Order) -> None:
    order(notebook("1"))
    service.rules["check-in"] = lambda _: 503
    running = runner.start()
    service.wait_for(lambda fake: len([1 for asked in fake.requests if asked.route == "check-in"]) > 1)
    running.process.terminate()

    assert running.end() == 17


def test_sigterm_while_the_runner_itself_starts(runner: Runner, order: Order, tmp_path: Path) -> None:
    order(notebook("1"))
    slow = "import time\nprint('importing', flush=True)\ntime.sleep(600)"
    (tmp_path / "papermill.py").write_text(slow)
    running = runner.start(PYTHONPATH=os.pathsep.join([str(RUNNER_CONTAINER), str(tmp_path)]))
    running.wait_for_line("importing")
    running.process.terminate()

    assert running.end() == 17


def test_sigterm_before_the_runner_has_a_handler_is_not_lost(
    runner: Runner, service: FakeService, order: Order, tmp_path: Path
) -> None:
    """Init starts the runner with the signals blocked that it forwards."""
    order(notebook("1"))
    script = tmp_path / "blocked.py"
    script.write_text(
        "import os, signal, sys\n"
        "signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])\n"
        "os.kill(os.getpid(), signal.SIGTERM)\n"
        "os.execv(sys.executable, [sys.executable, '-m', 'runner'])\n"
    )
    code, _ = runner.run(script=script)

    assert code == 17, "neither killed by the signal nor deaf to it"
    assert not service.requests


def test_sigterm_while_uploading_does_not_change_how_the_run_ended(
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


def test_a_killed_kernel(runner: Runner, service: FakeService, order: Order) -> None:
    order(notebook("print('before')", WAIT, "print('never')"), output_formats=["html"])
    running = runner.start()
    kernel_of(running).kill()

    assert running.end() == 14
    assert runner.outcome == {
        "code": "kernel_died",
        "message": "The kernel ended by itself: it was killed by SIGKILL.",
        "cell": 2,
    }
    assert (runner.text(1), runner.text(2)[:4]) == ("before\n", "pid ")
    statuses = [cell.metadata.papermill.status for cell in runner.output().cells]
    assert statuses == ["completed", "failed", "pending"]
    assert "report-out.html" in service.outputs


def test_a_kernel_that_crashes(runner: Runner, order: Order) -> None:
    order(notebook("import os; os.abort()"))

    assert runner.run()[0] == 14
    assert "SIGABRT" in runner.outcome["message"]


def test_a_kernel_that_a_cell_ends(runner: Runner, order: Order) -> None:
    order(notebook("import os; os._exit(3)"))

    assert runner.run()[0] == 14
    assert runner.outcome["message"] == "The kernel ended by itself with exit code 3."


def test_out_of_memory(runner: Runner, service: FakeService, order: Order, tmp_path: Path) -> None:
    events, limit = tmp_path / "cgroup" / "memory.events", tmp_path / "cgroup" / "memory.max"
    events.parent.mkdir()
    events.write_text("low 0\noom 0\noom_kill 0\n")
    limit.write_text(str(4 << 30))
    killed = f"import os; open({str(events)!r}, 'w').write('oom 1\\noom_kill 1\\n'); os.kill(os.getpid(), 9)"
    order(notebook("print('before')", killed))

    code, _ = runner.run(script=FAST, CGROUP_ROOT=str(events.parent))

    assert (code, runner.outcome["code"]) == (15, "out_of_memory")
    assert "memory was full: 4.0 GiB. Choose a compute type with more" in runner.outcome["message"]
    assert runner.text(1) == "before\n"


def test_the_kernel_ends_when_the_runner_is_killed(runner: Runner, order: Order) -> None:
    order(notebook(WAIT))
    running = runner.start()
    kernel = kernel_of(running)
    running.process.kill()

    assert running.end() == -signal.SIGKILL
    assert_ended(kernel)


@pytest.mark.skipif(sys.platform != "linux", reason="file systems are mounted as on Linux")
def test_a_full_disk(runner: Runner, service: FakeService, order: Order, tmp_path: Path) -> None:
    order(notebook("print('before')", "open('big', 'wb').write(bytes(30 << 20))"), output_formats=["html"])
    small = tmp_path / "small"
    small.mkdir()
    script = tmp_path / "run.py"
    script.write_text(
        "import os, subprocess, sys\n"
        f"subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', {str(small)!r}], check=True)\n"
        f"os.execv(sys.executable, [sys.executable, '-m', 'runner'])\n"
    )
    private = tmp_path / "unshared.py"
    flags = ["-m"] if os.geteuid() == 0 else ["-rm"]
    private.write_text(
        f"import os, sys\nos.execvp('unshare', ['unshare', *{flags!r}, sys.executable, {str(script)!r}])\n"
    )

    code, running = runner.run(script=private, TMPDIR=str(small))

    assert (code, runner.outcome["error_name"]) == (10, "OSError"), running.log
    assert "The disk of the container is full" in runner.outcome["message"]
    assert runner.text(1) == "before\n"
    assert {"report-out.ipynb", "report-out.html"} <= set(service.outputs)


@pytest.mark.parametrize(
    ("data", "packaged", "part"),
    [
        (b"not json", False, "report.ipynb is not a Jupyter notebook"),
        (b"{}", False, "is not a Jupyter notebook"),
        (b'{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [1]}', False, "is not a Jupyter notebook"),
        (b"", False, "is not a Jupyter notebook"),
        (b"not a zip", True, "cannot be unpacked"),
        (zipped({"other.ipynb": notebook("1")}), True, "has no notebook 'report.ipynb' at its root"),
        (zipped({"report.ipynb": notebook("1"), "../evil": "x"}), True, "'../evil': its name leads out of the folder"),
        (zipped({"report.ipynb": b"\0" * (70 << 20)}), True, "the limit is"),
    ],
)
def test_input_problems(  # noqa: PLR0917 - one row of the table
    runner: Runner, service: FakeService, order: Order, data: bytes, packaged: bool, part: str
) -> None:
    order(data, packaged=packaged)

    code, running = runner.run()

    assert (code, runner.outcome["code"]) == (13, "input_problem"), running.log
    assert part in runner.outcome["message"]
    assert service.outputs == {}


@pytest.mark.parametrize(
    ("kernel", "language", "fallback", "part"),
    [
        ("julia-1.9", "julia", "python3", "it is written in julia, not in the python of 'python3'"),
        ("old", "python", "gone", "'gone' is not installed"),
        (None, "python", None, "names no kernel"),
    ],
)
def test_no_kernel_that_fits(  # noqa: PLR0917 - one row of the table
    runner: Runner, order: Order, kernel: str | None, language: str, fallback: str | None, part: str
) -> None:
    order(notebook("1", kernel=kernel, language=language), environment={"name": "analysis", "kernel": fallback})

    assert (runner.run()[0], runner.outcome["code"]) == (16, "environment_problem")
    assert part in runner.outcome["message"]
    assert "Kernels of this environment: python3." in runner.outcome["message"]


def test_a_kernel_that_does_not_start(runner: Runner, service: FakeService, order: Order, tmp_path: Path) -> None:
    spec = tmp_path / "jupyter" / "kernels" / "broken"
    spec.mkdir(parents=True)
    program = "import sys; print('no such library', file=sys.stderr); sys.exit(1)"
    argv = f'["{sys.executable}", "-c", "{program}", "ipykernel_launcher", "{{connection_file}}"]'
    spec.joinpath("kernel.json").write_text(f'{{"argv": {argv}, "display_name": "Broken", "language": "python"}}')
    order(notebook("1", kernel="broken"))

    code, running = runner.run(JUPYTER_PATH=str(tmp_path / "jupyter"))

    assert (code, runner.outcome["code"]) == (16, "environment_problem"), running.log
    assert "The kernel 'broken' did not start" in runner.outcome["message"]
    assert "Its last words: no such library" in runner.outcome["message"]
