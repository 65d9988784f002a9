"""Other kernels in an operator's image also start and end through init."""

import json
import secrets
import shutil
from collections.abc import Callable, Iterator

import pytest

from local_cloud.container_command import ContainerCommand
from local_cloud.paths import RUNNER_IMAGE
from tests.image.containers import ImageRunner
from tests.runner.conftest import notebook
from tests.runner.fake_service import FakeService
from tests.runner.test_kernel_ports import OCCUPIED_PORT

Order = Callable[..., None]

KERNELS = {
    "plain": ["sh", "-c", "echo from the kernel itself; exec python -m ipykernel_launcher -f $0", "{connection_file}"],
    "crowded": ["python", "/opt/crowded.py", "ipykernel", "-f", "{connection_file}"],
    "missing": ["/no/such/program", "{connection_file}"],
    "foreign": ["python", "-m", "ipykernel_launcher", "-f", "{connection_file}"],
}
"""A kernel that does not look like ipykernel, one whose port is in use at first, one that does not exist, and one with a provisioner
that the image does not have."""


@pytest.fixture(scope="module")
def image(engine: ContainerCommand, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Build an image FROM the runner's, with more kernels. Its label makes it a different image in each process that runs tests."""
    token = secrets.token_hex(8)
    folder = tmp_path_factory.mktemp("derived")
    for name, argv in KERNELS.items():
        kernel_spec = {
            "argv": argv,
            "display_name": name,
            "language": "python",
            "env": {"TIMES": "1", "STARTS": "/tmp/starts"},
        }
        if name == "foreign":
            kernel_spec["metadata"] = {"kernel_provisioner": {"provisioner_name": "elsewhere"}}
        (folder / "kernels" / name).mkdir(parents=True)
        (folder / "kernels" / name / "kernel.json").write_text(json.dumps(kernel_spec))
    (folder / "crowded.py").write_text("import os\nos.makedirs('/tmp/starts', exist_ok=True)\n" + OCCUPIED_PORT)
    (folder / "Dockerfile").write_text(
        f"FROM {RUNNER_IMAGE}\nLABEL tests={token}\n"
        "COPY kernels /opt/venv/share/jupyter/kernels\nCOPY crowded.py /opt/crowded.py\n"
    )
    tag = f"jupyter-scheduler-runner-with-kernels:{token}"
    isolation = ("--isolation", "chroot") if engine.name == "podman" else ()
    engine.output("build", *isolation, "--tag", tag, str(folder), seconds=300)
    yield tag
    engine.output("rmi", tag)
    shutil.rmtree(folder)


@pytest.mark.parametrize("kernel", ["plain", "crowded"])
def test_another_kernel_runs_as_the_notebooks_user_and_is_interrupted(
    runner: ImageRunner, image: str, service: FakeService, order: Order, kernel: str
) -> None:
    order(
        notebook(
            "import os; print(os.getuid(), os.path.expanduser('~'), len(os.listdir('/tmp/starts')) if os.path.exists('/tmp/starts') else 0)",
            "import time\nprint('waiting', flush=True)\ntime.sleep(600)",
            kernel=kernel,
        ),
        heartbeat_seconds=0.2,
    )
    service.stop_at = lambda _: "waiting" in run.log
    run = runner.start(image=image)

    assert run.end() == 12, run.log
    assert runner.text(1) == f"10002 /home/notebook {2 if kernel == 'crowded' else 0}\n"
    assert runner.outcome["message"] == "The run was stopped in cell 2 of 2 (`import time`)."
    assert "could not be killed" not in run.log
    assert kernel != "plain" or "from the kernel itself" in run.log


def test_a_kernel_with_an_unknown_provisioner_runs(runner: ImageRunner, image: str, order: Order) -> None:
    order(notebook("import os; print(os.getuid())", kernel="foreign"))

    code, run = runner.run(image=image)

    assert (code, runner.text(1)) == (0, "10002\n"), run.log


def test_a_kernel_that_cannot_start_is_an_environment_problem(runner: ImageRunner, image: str, order: Order) -> None:
    order(notebook("1", kernel="missing"))

    code, run = runner.run(image=image)

    assert runner.outcome["code"] == "environment_problem", run.log
    assert code == 16
    assert "The kernel 'missing' did not start: [Errno 2] No such file or directory" in runner.outcome["message"]
