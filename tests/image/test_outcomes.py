"""Outcomes of runs in a container: stopped, timeout, terminated, out of memory, with the outputs that exist."""

import signal
from collections.abc import Callable

from local_cloud.container_engine import RealContainers
from local_cloud.container_options import ContainerOptions
from local_cloud.paths import RUNNER_IMAGE
from tests.image.containers import ImageRunner
from tests.runner.conftest import notebook
from tests.runner.fake_service import FakeService

Order = Callable[..., None]

FILE = "open('a.txt', 'w').write('a')"
WAIT = "import time\nprint('waiting', flush=True)\ntime.sleep(600)"
STOP_SECONDS = 120
"""The value of the task definition, and the maximum on Fargate."""
FILL = "data = []\nwhile True:\n    data.append(b'1' * (16 << 20))"


def test_a_stop_uploads_the_outputs(runner: ImageRunner, service: FakeService, order: Order) -> None:
    order(notebook(FILE, WAIT), heartbeat_seconds=0.2, output_formats=["html"])
    service.stop_at = lambda _: "waiting" in run.log
    run = runner.start()

    assert run.end() == 12, run.log
    assert runner.outcome["message"] == "The run was stopped in cell 2 of 2 (`import time`)."
    assert sorted(service.outputs) == ["a.txt", "report-out.html", "report-out.ipynb"]


def test_a_timeout_uploads_the_outputs(runner: ImageRunner, service: FakeService, order: Order) -> None:
    order(notebook(FILE, WAIT), timeout_seconds=15)

    code, run = runner.run()

    assert (code, runner.outcome["code"]) == (11, "timeout"), run.log
    assert sorted(service.outputs) == ["a.txt", "report-out.ipynb"]


def test_sigterm_saves_the_outputs_within_the_grace_period(
    runner: ImageRunner, service: FakeService, order: Order
) -> None:
    order(notebook(FILE, WAIT), output_formats=["html"])
    run = runner.start()
    run.wait_for_line("waiting")
    run.container.stop(STOP_SECONDS)

    assert run.end() == 17, f"the container must not be killed, which would be 137:\n{run.log}"
    assert (runner.outcome["code"], runner.outcome["cell"]) == ("terminated", 2)
    assert sorted(service.outputs) == ["a.txt", "report-out.html", "report-out.ipynb"]


def test_sigterm_ends_a_cell_that_ignores_interrupts(runner: ImageRunner, service: FakeService, order: Order) -> None:
    ignoring = "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\n"
    order(notebook(FILE, ignoring + WAIT))
    run = runner.start()
    run.wait_for_line("waiting")
    run.container.stop(STOP_SECONDS)

    assert run.end() == 17, run.log
    assert sorted(service.outputs) == ["a.txt", "report-out.ipynb"]


def test_sigterm_before_the_check_in(runner: ImageRunner, service: FakeService, order: Order) -> None:
    order(notebook("1"))
    service.rules["check-in"] = lambda _: 503
    run = runner.start()
    service.wait_for(lambda fake: fake.requests_to("check-in"))
    run.container.stop(STOP_SECONDS)

    assert run.end() == 17, run.log


def test_a_kernel_that_runs_out_of_memory_is_reported(runner: ImageRunner, service: FakeService, order: Order) -> None:
    order(notebook(FILE, FILL), output_formats=["html"])

    code, run = runner.run(memory_mib=512)

    assert (code, runner.outcome["code"], runner.outcome["cell"]) == (15, "out_of_memory", 2), run.log
    assert ": 0.5 GiB. Choose a compute type with more" in runner.outcome["message"]
    assert sorted(service.outputs) == ["a.txt", "report-out.html", "report-out.ipynb"]
    assert not run.container.out_of_memory, "the container itself was not killed"


def test_a_process_of_a_notebook_that_runs_out_of_memory_is_reported(runner: ImageRunner, order: Order) -> None:
    child = f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {FILL!r}], check=True)"
    order(notebook(child))

    code, run = runner.run(memory_mib=512)

    assert (code, runner.outcome["code"], runner.outcome["error_name"]) == (10, "notebook_error", "CalledProcessError")
    assert "A process was killed because the container's memory was full: 0.5 GiB" in runner.outcome["message"], run.log


def test_a_runner_that_is_killed_because_memory_is_full_is_reported_by_its_init(
    runner: ImageRunner, service: FakeService, order: Order
) -> None:
    """Many large outputs fill the memory of the runner, not of the kernel."""
    outputs = "for _ in range(400):\n    display({'text/plain': 'x' * (4 << 20)}, raw=True)"
    order(notebook(outputs))

    code, run = runner.run(memory_mib=512)

    assert code == 15, run.log
    assert "init: the runner was killed because the container's memory was full" in run.log
    assert service.reports == []


def test_a_container_that_is_killed_for_another_reason_is_not_out_of_memory(containers: RealContainers) -> None:
    options = ContainerOptions(memory_mib=64, entry_point=("sh", "-c"))
    container = containers.run(RUNNER_IMAGE, command=["exec sleep 600"], options=options)
    container.kill()
    assert (container.wait(30)["StatusCode"], container.out_of_memory) == (128 + signal.SIGKILL, False)
