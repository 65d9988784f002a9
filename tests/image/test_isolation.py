"""What a notebook sees of the container: not the runner's secrets, not its code; and it cannot end the runner."""

from collections.abc import Callable

import pytest

from tests.image.containers import ImageRunner
from tests.runner.conftest import notebook
from tests.runner.fake_service import LAUNCH_CODE, RUNNER_KEY, STARTED_WITH, FakeService

Order = Callable[..., None]

TRY = """
import json, os
from pathlib import Path

def attempt(act):
    try:
        return repr(act())
    except OSError as error:
        return type(error).__name__
"""

LOOK_FOR_SECRETS = """
readable, refused = {}, []
for process in Path("/proc").glob("[0-9]*"):
    for name in ("environ", "cmdline"):
        try:
            readable[f"{process.name}/{name}"] = (process / name).read_bytes().decode(errors="replace")
        except OSError:
            refused.append(f"{process.name}/{name}")
print(json.dumps({"own": dict(os.environ), "readable": readable, "refused": refused}))
"""

OPEN_THE_RUNNER = """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
PTRACE_SEIZE = 0x4206  # attaches without stopping
def attach():
    if libc.ptrace(PTRACE_SEIZE, 1, 0, 0):
        raise OSError(ctypes.get_errno(), "ptrace")
def take_descriptor():
    SYS_PIDFD_GETFD = 438
    if libc.syscall(SYS_PIDFD_GETFD, os.pidfd_open(1), 1, 0) < 0:
        raise OSError(ctypes.get_errno(), "pidfd_getfd")
acts = {
    "mem": lambda: open("/proc/1/mem", "rb").close(),
    "maps": lambda: Path("/proc/1/maps").read_text(),
    "fd": lambda: os.listdir("/proc/1/fd"),
    "cwd": lambda: os.readlink("/proc/1/cwd"),
    "ptrace": attach,
    "pidfd": take_descriptor,
}
print(json.dumps({name: attempt(act) for name, act in acts.items()}))
"""

KILL_THE_RUNNER = """
import signal
for number in (signal.SIGKILL, signal.SIGSTOP, signal.SIGUSR1, signal.SIGSEGV, signal.SIGHUP):
    for pid in (1, os.getppid()):
        os.kill(pid, number)
print("still here")
"""

WRITABLE = """
found, prefixes = [], ("/proc/", "/sys/", "/dev/", "/tmp/", "/home/runner/")
for folder, folders, files in os.walk("/"):
    folders[:] = [each for each in folders if not f"{folder.rstrip('/')}/{each}/".startswith(prefixes)]
    found += [path for each in ["", *files] if os.access(path := os.path.join(folder, each), os.W_OK) and not os.path.islink(path)]
print(json.dumps({"found": sorted(found), "uid": os.getuid(), "groups": os.getgroups(), "status": Path("/proc/self/status").read_text()}))
"""


def test_no_secret_is_readable(runner: ImageRunner, service: FakeService, order: Order) -> None:
    order(notebook(TRY + LOOK_FOR_SECRETS, OPEN_THE_RUNNER))

    code, run = runner.run()

    assert code == 0, run.log
    seen = runner.facts(1)
    token = f"token-of-{service.bound}"
    assert token in str(service.asked("report")[0].headers), "this is what the notebook must not see"
    for name, text in {**seen["readable"], "own": str(seen["own"])}.items():
        for secret in (LAUNCH_CODE, RUNNER_KEY, token):
            assert secret not in text, name
    assert not {"RUN_URL", *STARTED_WITH} & set(seen["own"])
    assert seen["refused"] == ["1/environ"], "process 1 is the runner, and the only process whose environment is closed"
    assert seen["readable"]["1/cmdline"].split("\0")[1:3] == ["-m", "runner"]
    assert set(runner.facts(2).values()) == {"PermissionError"}, runner.facts(2)


def test_a_notebook_cannot_kill_or_stop_the_runner(runner: ImageRunner, order: Order) -> None:
    order(notebook(TRY + KILL_THE_RUNNER))

    code, run = runner.run()

    assert (code, runner.outcome["code"]) == (0, "succeeded"), run.log
    assert runner.text(1) == "still here\n"


@pytest.mark.parametrize("read_only", [True, False])
def test_only_home_and_tmp_are_writable(runner: ImageRunner, order: Order, read_only: bool) -> None:
    """By their owner already; a read-only root file system is the second lock."""
    touch = (
        "def touch(path):\n    Path(path).write_text('x')\n    Path(path).unlink()\n"
        "places = [*map(str, (Path.home() / 'x', Path.cwd() / 'x', '/tmp/x', '/opt/x', '/opt/runner/runner/x', '/etc/x', '/x', '/var/tmp/x'))]\n"
        "print(json.dumps({path: attempt(lambda: touch(path)) for path in places}))"
    )
    order(notebook(TRY + WRITABLE, touch))

    code, run = runner.run(read_only=read_only)

    assert code == 0, run.log
    facts, tried = runner.facts(1), runner.facts(2)
    assert facts["uid"] == 10001
    assert 0 not in facts["groups"]
    assert "CapEff:\t0000000000000000" in facts["status"]
    unwritable = {"/opt/x", "/opt/runner/runner/x", "/etc/x", "/x"} | ({"/var/tmp/x"} if read_only else set())
    assert {path for path, result in tried.items() if result != "None"} == unwritable
    assert set(facts["found"]) <= {"/var/tmp/"}, "with the sticky bit, as everywhere"


def test_the_task_definition_makes_the_root_read_only(runner: ImageRunner) -> None:
    assert runner.options.read_only
    assert not runner.options.init, "the runner is process 1"
