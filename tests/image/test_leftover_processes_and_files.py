"""What a notebook leaves behind after its last cell: processes, and files with unusual modes."""

import signal
from collections.abc import Callable

import pytest

from local_cloud.container_command import ContainerCommand
from tests.image.containers import ImageRunner
from tests.runner.conftest import notebook, zipped
from tests.runner.fake_service import FakeService

Order = Callable[..., None]

FEW_PROCESSES = ("nproc=400:400",)
"""Enough for a fork bomb, without overloading the machine that runs the tests."""

FIND_THE_RUNNER = """
import glob, os, subprocess
def uid(pid):
    return next(line.split()[1] for line in open(f"/proc/{pid}/status") if line.startswith("Uid:"))
(runner,) = [pid for pid in map(os.path.basename, glob.glob("/proc/[0-9]*")) if uid(pid) == "10001"]
"""

HOPS = (
    FIND_THE_RUNNER
    + """
script = f"hop() {{ kill -STOP {runner} 1; kill -KILL {runner} 1; hop & }}; hop"
hoppers = [subprocess.Popen(["setsid", "sh", "-c", script], stderr=subprocess.DEVNULL) for _ in range(20)]
print([hopper.wait() for hopper in hoppers] == [0] * 20)
"""
)
"""Each process signals the runner, starts its successor and exits, so a list of processes is outdated when it is read."""

BOMB = """
import subprocess, time
script = "bomb() { bomb & bomb & wait; }; bomb"
bomb = subprocess.Popen(["sh", "-c", script], stderr=subprocess.DEVNULL, start_new_session=True)
time.sleep(5)
print("survived")
"""

DAEMON = """
import os, signal, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        for number in set(signal.valid_signals()) - {signal.SIGKILL, signal.SIGSTOP}:
            signal.signal(number, signal.SIG_IGN)
        with open("daemon.txt", "w", buffering=1) as file:
            while True:
                file.write("still running\\n")
                time.sleep(0.01)
    os._exit(0)
os.wait()
while not os.path.exists("daemon.txt"):
    time.sleep(0.01)
print("started")
"""

MODES = """
import os, socket, subprocess
from pathlib import Path

def write(path, mode):
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(str(path))
    path.chmod(mode)

write("none.txt", 0o000)
write("private.txt", 0o600)
write("others-only.txt", 0o004)
write("program.sh", 0o6711)
write("shut/deep/file.txt", 0o000)
write("setgid/file.txt", 0o640)
write("sticky/file.txt", 0o400)
Path("setgid").chmod(0o2770)
Path("sticky").chmod(0o1700)
Path("shut/deep").chmod(0o000)
Path("shut").chmod(0o000)
for name, target in {"passwd": "/etc/passwd", "environ": "/proc/1/environ", "home": "/home/runner", "up": ".."}.items():
    os.symlink(target, name)
os.mkfifo("fifo")
socket.socket(socket.AF_UNIX).bind("socket")
os.link("private.txt", "linked.txt")
print(Path("given.txt").stat().st_uid == os.getuid())
os.utime("given.txt", (1, 1)); Path("given.txt").chmod(0o000)
os.utime("kept/data.csv", (1, 1))
Path().chmod(0o000)
"""


def test_processes_that_fork_faster_than_they_are_listed_end_with_the_run(
    runner: ImageRunner, service: FakeService, order: Order
) -> None:
    order(notebook(HOPS, "print('next')"), heartbeat_seconds=0.2)

    code, run = runner.run(ulimits=FEW_PROCESSES)

    assert (code, runner.outcome["code"]) == (0, "succeeded"), run.log
    assert (runner.text(1), runner.text(2)) == ("True\n", "next\n")
    assert run.container.status == "exited"
    assert "could not be killed" not in run.log


def test_a_fork_bomb_neither_stops_the_runner_nor_outlives_it(
    runner: ImageRunner, service: FakeService, order: Order
) -> None:
    order(notebook(BOMB), heartbeat_seconds=0.5)

    code, run = runner.run(ulimits=FEW_PROCESSES)

    assert (code, runner.outcome["code"]) == (0, "succeeded"), run.log
    assert runner.text(1) == "survived\n"
    assert len(service.requests_to("heartbeat")) >= 5, "heartbeats are in time beside 400 busy processes"
    assert "could not be killed" not in run.log


def test_daemons_end_before_their_files_are_uploaded(runner: ImageRunner, service: FakeService, order: Order) -> None:
    order(notebook(DAEMON))

    code, run = runner.run()

    assert code == 0, run.log
    assert set(service.outputs["daemon.txt"].splitlines()) == {b"still running"}
    assert "could not be killed" not in run.log


@pytest.mark.parametrize("target", ["-1", "0"])
def test_a_cell_that_kills_all_processes_ends_only_its_kernel(
    runner: ImageRunner, service: FakeService, order: Order, target: str
) -> None:
    order(notebook("open('a.txt', 'w').write('a')", f"import os; os.kill({target}, 9); os.kill(os.getpid(), 9)"))

    code, run = runner.run()

    assert (code, runner.outcome["code"]) == (14, "kernel_died"), run.log
    assert "SIGKILL" in runner.outcome["message"]
    assert sorted(service.outputs) == ["a.txt", "report-out.ipynb"]


def test_files_of_every_mode_become_outputs_but_links_do_not(
    runner: ImageRunner, service: FakeService, order: Order
) -> None:
    files: dict[str, bytes | str] = {"report.ipynb": notebook(MODES), "given.txt": "given", "kept/data.csv": "1,2"}
    order(zipped(files), packaged=True)

    code, run = runner.run()

    assert code == 0, run.log
    assert runner.text(1) == "True\n", "the working directory belongs to the notebook"
    expected = {
        *("none.txt", "private.txt", "linked.txt", "others-only.txt", "program.sh"),
        *("shut/deep/file.txt", "setgid/file.txt", "sticky/file.txt"),
    }
    assert set(service.outputs) == {*expected, "report-out.ipynb"}, (
        "a file with only another mode or time is not an output"
    )
    for path in expected:
        assert service.outputs[path].decode() == ("private.txt" if path == "linked.txt" else path)
    (warning,) = service.reports[0]["warnings"]
    skipped = warning["names"]
    assert {message.partition(":")[0] for message in skipped} == {"passwd", "environ", "home", "up", "fifo", "socket"}


def test_a_terminated_run_uploads_its_outputs_while_daemons_run(
    runner: ImageRunner, service: FakeService, order: Order
) -> None:
    order(notebook(DAEMON, "import time\nprint('waiting', flush=True)\ntime.sleep(600)"))
    run = runner.start()
    run.wait_for_line("waiting")
    run.container.stop(120)

    assert run.end() == 17, f"the container must not be killed, which would be {128 + signal.SIGKILL}:\n{run.log}"
    assert set(service.outputs) == {"daemon.txt", "report-out.ipynb"}


def test_a_runner_that_is_killed_ends_the_container(
    runner: ImageRunner, service: FakeService, order: Order, engine: ContainerCommand
) -> None:
    """As the out-of-memory killer does. Nothing of the notebook continues."""
    order(notebook(DAEMON, "import time\nprint('waiting', flush=True)\ntime.sleep(600)"))
    run = runner.start()
    run.wait_for_line("waiting")
    find = 'for p in /proc/[0-9]*; do grep -q "^Uid:.10001" $p/status && kill -9 ${p#/proc/}; done'
    engine.output("exec", "--user", "0", run.container.id, "sh", "-c", find)

    assert run.end() == 137, run.log
    assert not service.reports
