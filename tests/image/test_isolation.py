"""Isolation in the container: a notebook cannot read the runner's secrets, change its code, or end it."""

from collections.abc import Callable

import pytest

from tests.image.containers import ImageRunner
from tests.runner.conftest import notebook
from tests.runner.fake_service import LAUNCH_CODE, RUNNER_KEY, STARTED_WITH, FakeService

Order = Callable[..., None]

ATTEMPT = """
import json, os
from pathlib import Path

def attempt(action):
    try:
        return repr(action())
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

FIND_THE_RUNNER = """
def uid(process):
    return next(int(line.split()[1]) for line in (process / "status").read_text().splitlines() if line.startswith("Uid:"))
runners = [int(process.name) for process in Path("/proc").glob("[0-9]*") if uid(process) == 10001]
pids = [1, *runners]
"""

OPEN_THE_RUNNER = """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
PTRACE_ATTACH, PTRACE_SEIZE, SYS_PIDFD_GETFD = 16, 0x4206, 438
def call(result):
    if result < 0:
        raise OSError(ctypes.get_errno(), "refused")
def actions(pid):
    base = Path(f"/proc/{pid}")
    return {
        "environ": (base / "environ").read_bytes,
        "mem": lambda: (base / "mem").open("rb").close(),
        "maps": (base / "maps").read_text,
        "fd": lambda: os.listdir(base / "fd"),
        "write to stdout": lambda: (base / "fd/1").open("w").write("runner: forged"),
        "cwd": lambda: os.readlink(base / "cwd"),
        "root": lambda: os.listdir(base / "root"),
        "oom_score_adj": lambda: (base / "oom_score_adj").write_text("1000"),
        "attach": lambda: call(libc.ptrace(PTRACE_ATTACH, pid, 0, 0)),
        "seize": lambda: call(libc.ptrace(PTRACE_SEIZE, pid, 0, 0)),
        "pidfd_getfd": lambda: call(libc.syscall(SYS_PIDFD_GETFD, os.pidfd_open(pid), 1, 0)),
        "affinity": lambda: os.sched_setaffinity(pid, [0]),
        "priority": lambda: os.setpriority(os.PRIO_PROCESS, pid, 19),
    }
print(json.dumps([[pid, {name: attempt(action) for name, action in actions(pid).items()}] for pid in pids]))
"""

SIGNAL_THE_RUNNER = """
import signal
numbers = [signal.SIGKILL, signal.SIGSTOP, signal.SIGTERM, signal.SIGINT, signal.SIGCONT, signal.SIGUSR1, signal.SIGSEGV, signal.SIGHUP]
print(json.dumps([[pid, number, attempt(lambda: os.kill(pid, number))] for pid in pids for number in numbers]))
"""

WRITABLE = """
found, prefixes = [], ("/proc/", "/sys/", "/dev/", "/tmp/", "/home/notebook/", str(Path.cwd()))
for folder, folders, files in os.walk("/"):
    folders[:] = [name for name in folders if not f"{folder.rstrip('/')}/{name}/".startswith(prefixes)]
    found += [path for name in ["", *files] if os.access(path := os.path.join(folder, name), os.W_OK) and not os.path.islink(path)]
print(json.dumps({"found": sorted(found), "uid": os.getuid(), "groups": os.getgroups(), "status": Path("/proc/self/status").read_text()}))
"""


def test_no_secret_is_readable(runner: ImageRunner, service: FakeService, order: Order) -> None:
    order(notebook(ATTEMPT + LOOK_FOR_SECRETS, FIND_THE_RUNNER + "print(json.dumps(pids))"))

    code, run = runner.run()

    assert code == 0, run.log
    seen, pids = runner.facts(1), runner.facts(2)
    token = f"token-of-{service.bound}"
    assert token in str(service.requests_to("report")[0].headers), "the notebook must not see this token"
    for name, text in {**seen["readable"], "own": str(seen["own"])}.items():
        for secret in (LAUNCH_CODE, RUNNER_KEY, token):
            assert secret not in text, name
    assert not {"RUN_URL", "INIT_SOCKET", *STARTED_WITH} & set(seen["own"])
    assert set(seen["refused"]) == {f"{pid}/environ" for pid in pids}, "only those of init and the runner"
    assert seen["readable"]["1/cmdline"].split("\0")[-2] == "/opt/runner/runner/init"


def test_init_and_runner_are_closed(runner: ImageRunner, order: Order) -> None:
    order(notebook(ATTEMPT + FIND_THE_RUNNER + OPEN_THE_RUNNER))

    code, run = runner.run()

    assert code == 0, run.log
    attempts = runner.facts(1)
    assert len(attempts) == 2, "init and the runner"
    for pid, results in attempts:
        assert set(results.values()) == {"PermissionError"}, (pid, results)
    assert "forged" not in run.log


def test_a_notebook_cannot_signal_init_or_runner(runner: ImageRunner, order: Order) -> None:
    order(notebook(ATTEMPT + FIND_THE_RUNNER + SIGNAL_THE_RUNNER))

    code, run = runner.run()

    assert (code, runner.outcome["code"]) == (0, "succeeded"), run.log
    attempts = runner.facts(1)
    assert len(attempts) == 16
    assert {result for _, _, result in attempts} == {"PermissionError"}, attempts


@pytest.mark.parametrize("read_only", [True, False])
def test_only_home_work_and_tmp_are_writable(runner: ImageRunner, order: Order, read_only: bool) -> None:
    """The owner of the files prevents writing; a read-only root file system does so again."""
    touch = (
        "def touch(path):\n    Path(path).write_text('x')\n    Path(path).unlink()\n"
        "places = [*map(str, (Path.home() / 'x', Path.cwd() / 'x', '/tmp/x', Path.cwd().parent / 'x', '/home/x', '/home/runner/x',"
        " '/opt/x', '/opt/runner/runner/x', '/etc/x', '/x', '/var/tmp/x'))]\n"
        "print(json.dumps({path: attempt(lambda: touch(path)) for path in places}))\n"
    )
    rename = "print(json.dumps([attempt(lambda: os.rename(Path.cwd(), '/tmp/work')), attempt(lambda: os.rmdir(Path.cwd()))]))"
    order(notebook(ATTEMPT + WRITABLE, touch, "import shutil; print(json.dumps(str(Path.cwd().parent)))", rename))

    code, run = runner.run(read_only=read_only)

    assert code == 0, run.log
    facts, attempts, base = runner.facts(1), runner.facts(2), runner.facts(3)
    assert facts["uid"] == 10002
    assert facts["groups"] == []
    for line in ("CapEff:\t0000000000000000", "CapPrm:\t0000000000000000", "NoNewPrivs:\t1", "Gid:\t10002\t10002"):
        assert line in facts["status"]
    unwritable = {f"{base}/x", "/home/x", "/home/runner/x", "/opt/x", "/opt/runner/runner/x", "/etc/x", "/x"}
    assert {path for path, result in attempts.items() if result != "None"} == unwritable | (
        {"/var/tmp/x"} if read_only else set()
    )
    assert set(facts["found"]) <= {"/var/tmp/"}, "with the sticky bit"
    assert "None" not in runner.facts(4), "the working directory cannot be replaced by a link"


def test_no_program_of_the_image_gains_privileges(runner: ImageRunner, order: Order) -> None:
    search = (
        "import json, os, shutil, stat, subprocess\n"
        "found = [os.path.join(folder, name) for folder, folders, names in os.walk('/') for name in names\n"
        "    if not folder.startswith(('/proc', '/sys')) and os.lstat(os.path.join(folder, name)).st_mode & 0o6000]\n"
        "shutil.copy('/usr/bin/id', 'id'); os.chmod('id', 0o6755)\n"
        "own = subprocess.run(['./id', '-u'], capture_output=True, text=True).stdout.strip()\n"
        "print(json.dumps([found, own, shutil.which('sudo'), subprocess.run(['su', '-c', 'id'], capture_output=True).returncode != 0]))"
    )
    order(notebook(search))

    code, run = runner.run()

    assert code == 0, run.log
    assert runner.facts(1) == [[], "10002", None, True]


def test_the_task_definition_keeps_four_capabilities_for_init(runner: ImageRunner) -> None:
    assert runner.options.read_only
    assert not runner.options.init, "the image's own init is process 1"
    assert runner.options.user == "0:0"
    assert {verb for verb, _ in runner.options.capabilities} == {"drop"}
    assert not {name for _, name in runner.options.capabilities} & {"CHOWN", "KILL", "SETGID", "SETUID"}


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"user": "10001:10001"}, "init is process 1 of user 10001, but must be process 1 of user 0"),
        (
            {"entry_point": ("sh", "-c", "python -I -S /opt/runner/runner/init; exit $?")},
            "start the container without --user, --init, and --pid",
        ),
        ({"capabilities": [("drop", "ALL")]}, "init lacks one of the capabilities CHOWN, KILL, SETGID, SETUID"),
    ],
)
def test_a_container_without_isolation_refuses_to_start(
    runner: ImageRunner, service: FakeService, changed: dict[str, object], message: str
) -> None:
    code, run = runner.run(**changed)

    assert (code, len(run.lines)) == (2, 1), run.log
    assert message in run.log
    assert not service.requests
