"""Kernels that are missing, do not start, or end by themselves."""

import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.runner.conftest import FAST, WAIT, Runner, assert_ended, kernel_of, notebook
from tests.runner.fake_service import FakeService

Order = Callable[..., None]


def test_a_killed_kernel_ends_the_run(runner: Runner, service: FakeService, order: Order) -> None:
    order(notebook("print('before')", WAIT, "print('never')"), output_formats=["html"])
    running = runner.start()
    kernel_of(running).kill()

    assert running.end() == 14
    assert runner.outcome == {
        "code": "kernel_died",
        "message": "The kernel ended by itself in cell 2 of 3 (`import os, time`): it was killed by SIGKILL.",
        "cell": 2,
    }
    assert (runner.text(1), runner.text(2)[:4]) == ("before\n", "pid ")
    cells = runner.output().cells
    statuses = [cell.metadata.papermill.status for cell in cells if cell.cell_type == "code"]
    assert statuses == ["completed", "failed", "pending"]
    notes = [(index, cell.source) for index, cell in enumerate(cells) if cell.cell_type == "markdown"]
    assert [index for index, _ in notes] == [0, 2]
    assert ">In [2]</a>': the kernel ended by itself.</span>" in notes[0][1]
    assert "report-out.html" in service.outputs


def test_a_kernel_that_crashes_ends_the_run(runner: Runner, order: Order) -> None:
    order(notebook("import os; os.abort()"))

    assert runner.run()[0] == 14
    assert "SIGABRT" in runner.outcome["message"]


def test_a_kernel_that_a_cell_ends_is_reported_with_its_exit_code(runner: Runner, order: Order) -> None:
    order(notebook("import os; os._exit(3)"))

    assert runner.run()[0] == 14
    assert (
        runner.outcome["message"]
        == "The kernel ended by itself in cell 1 of 1 (`import os; os._exit(3)`), with exit code 3."
    )


def test_a_kernel_killed_for_memory_is_out_of_memory(
    runner: Runner, service: FakeService, order: Order, tmp_path: Path
) -> None:
    events, limit = tmp_path / "cgroup" / "memory.events", tmp_path / "cgroup" / "memory.max"
    events.parent.mkdir()
    events.write_text("low 0\noom 0\noom_kill 0\n")
    limit.write_text(str(4 << 30))
    killed = f"import os; open({str(events)!r}, 'w').write('oom 1\\noom_kill 1\\n'); os.kill(os.getpid(), 9)"
    order(notebook("print('before')", killed))

    code, _ = runner.run(script=FAST, CGROUP_ROOT=str(events.parent))

    assert (code, runner.outcome["code"]) == (15, "out_of_memory")
    assert "The container's memory was full in cell 2 of 2 (`import os; " in runner.outcome["message"]
    assert ": 4.0 GiB. Choose a compute type with more" in runner.outcome["message"]
    assert runner.text(1) == "before\n"


def test_the_kernel_ends_when_the_runner_is_killed(runner: Runner, order: Order) -> None:
    order(notebook(WAIT))
    running = runner.start()
    kernel = kernel_of(running)
    running.process.kill()

    assert running.end() == -signal.SIGKILL
    assert_ended(kernel)


@pytest.mark.parametrize(
    ("kernel", "language", "fallback", "part"),
    [
        ("julia-1.9", "julia", "python3", "it is written in julia, not in the python of 'python3'"),
        ("old", "python", "gone", "'gone' is not installed"),
        (None, "python", None, "names no kernel"),
    ],
)
def test_an_unknown_kernel_without_a_replacement_is_an_environment_problem(  # noqa: PLR0917 - one row of the table
    runner: Runner, order: Order, kernel: str | None, language: str, fallback: str | None, part: str
) -> None:
    order(notebook("1", kernel=kernel, language=language), environment={"name": "analysis", "kernel": fallback})

    assert (runner.run()[0], runner.outcome["code"]) == (16, "environment_problem")
    assert part in runner.outcome["message"]
    assert "Kernels of this environment: python3." in runner.outcome["message"]


def test_a_kernel_that_does_not_start_is_reported_with_its_last_output(
    runner: Runner, service: FakeService, order: Order, tmp_path: Path
) -> None:
    spec = tmp_path / "jupyter" / "kernels" / "broken"
    spec.mkdir(parents=True)
    program = "import sys; print('no such library', file=sys.stderr); sys.exit(1)"
    argv = f'["{sys.executable}", "-c", "{program}", "ipykernel_launcher", "{{connection_file}}"]'
    spec.joinpath("kernel.json").write_text(f'{{"argv": {argv}, "display_name": "Broken", "language": "python"}}')
    order(notebook("1", kernel="broken"))

    code, running = runner.run(JUPYTER_PATH=str(tmp_path / "jupyter"))

    assert (code, runner.outcome["code"]) == (16, "environment_problem"), running.log
    assert "The kernel 'broken' did not start" in runner.outcome["message"]
    assert "Its last output: no such library" in runner.outcome["message"]
