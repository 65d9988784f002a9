"""`nbjobs` as a process of its own: how it is started, interrupted, and what a terminal sees."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.jupyter_scheduler_aws.fake_api import FakeApi, cell

ROOT = Path(__file__).parents[3]
COMMAND = (sys.executable, "-m", "jupyter_scheduler_aws")
HEEDING_INTERRUPTS = """
import runpy, signal
signal.signal(signal.SIGINT, signal.default_int_handler)
runpy.run_module("jupyter_scheduler_aws", run_name="__main__", alter_sys=True)
"""
"""As from a terminal: whoever runs the tests in the background may have them ignore interrupts, and all that they start."""


@pytest.fixture
def environ(api: FakeApi) -> dict[str, str]:
    changes = {"PYTHONPATH": str(ROOT), "JUPYTER_SCHEDULER_AWS_URL": api.url, "PYTHONWARNINGS": "error"}
    return {**os.environ, **changes, "TERM": "xterm-256color"}


def run(environ: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, *arguments], env=environ, capture_output=True, text=True, check=False, timeout=120)


@contextmanager
def in_terminal(environ: dict[str, str], *arguments: str) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """Run `nbjobs` in a terminal of 80 columns; give the process, and the end that a person sits at."""
    person, program = pty.openpty()
    fcntl.ioctl(program, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    with subprocess.Popen(
        [*COMMAND, *arguments], env=environ, stdin=program, stdout=program, stderr=program, start_new_session=True
    ) as process:
        os.close(program)
        yield process, person
    os.close(person)


def read_until(terminal: int, is_enough: Callable[[str], bool]) -> str:
    """Read what a terminal shows until it is enough, or the process has ended."""
    shown = b""
    while not is_enough(shown.decode(errors="replace")):
        ready, _, _ = select.select([terminal], [], [], 120)
        assert ready, f"nothing more came after {shown!r}"
        try:
            chunk = os.read(terminal, 65536)
        except OSError:  # Linux's way to say that the process at the other end is gone
            break
        if not chunk:
            break
        shown += chunk
    return shown.decode(errors="replace")


def test_help_states_the_exit_codes(environ: dict[str, str]) -> None:
    done = run(environ, "--help")

    assert done.returncode == 0
    for line in (
        "0    success; with --wait, the job is COMPLETED",
        "1    the job FAILED or was STOPPED",
        "130  interrupted",
    ):
        assert line in done.stdout


def test_the_version(environ: dict[str, str]) -> None:
    done = run(environ, "--version")

    assert re.fullmatch(r"nbjobs \d\S*\n", done.stdout)


def test_no_command_is_wrong_usage(environ: dict[str, str]) -> None:
    assert run(environ).returncode == 2
    assert run(environ, "nonsense").returncode == 2


def test_a_job_runs_from_end_to_end(api: FakeApi, environ: dict[str, str], notebook: Path, tmp_path: Path) -> None:
    api.plan = [cell(2), {"status": "COMPLETED"}]

    done = run(environ, "submit", str(notebook), "--wait", "--download", str(tmp_path / "out"))

    [job_id] = api.jobs
    assert (done.returncode, done.stdout) == (0, f"job: {job_id} COMPLETED\noutputs: {tmp_path / 'out'}\n")
    assert "cell 2 of 3" in done.stderr


def test_an_error_has_no_traceback(environ: dict[str, str]) -> None:
    done = run(environ | {"JUPYTER_SCHEDULER_AWS_URL": ""}, "list")

    assert (done.returncode, done.stdout) == (3, "")
    assert "Traceback" not in done.stderr
    assert done.stderr.startswith("Error: The URL of the stack is not known.")
    assert done.stderr.rstrip().endswith("Or use --url.")


def test_a_reader_that_goes_away_is_no_error(api: FakeApi, environ: dict[str, str]) -> None:
    job_id = api.add_job()
    api.log = [f"line {number}" for number in range(20_000)]
    api.page_size = 20_000
    with subprocess.Popen(
        [*COMMAND, "logs", job_id], env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        assert process.stderr
        assert process.stdout.readline() == "line 0\n"
        process.stdout.close()
        assert "Traceback" not in process.stderr.read()


def test_an_interrupted_wait_says_that_the_job_goes_on(api: FakeApi, environ: dict[str, str], notebook: Path) -> None:
    api.plan = [cell(1)]
    with subprocess.Popen(
        [sys.executable, "-c", HEEDING_INTERRUPTS, "submit", str(notebook), "--wait"],
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        assert process.stderr
        for line in process.stderr:
            if "cell 1 of 3" in line:
                break
        process.send_signal(signal.SIGINT)
        said, printed = process.stderr.read(), process.stdout.read()

    [job_id] = api.jobs
    assert (process.returncode, printed) == (130, "")
    assert "The job continues without this terminal." in said
    assert f"nbjobs wait {job_id}" in said
    assert "Traceback" not in said


def test_a_terminal_sees_one_moving_line(api: FakeApi, environ: dict[str, str], notebook: Path) -> None:
    api.plan = [cell(1), cell(2), {"status": "COMPLETED"}]
    with in_terminal(environ, "submit", str(notebook), "--wait") as (process, terminal):
        shown = read_until(terminal, lambda _: False)

    [job_id] = api.jobs
    assert process.returncode == 0
    assert "cell 2 of 3" in shown
    assert shown.count("\ncell") == 0
    assert "\x1b[" in shown
    assert shown.rstrip().endswith(f"job: {job_id} COMPLETED")


def test_a_terminal_is_asked_before_deleting(api: FakeApi, environ: dict[str, str]) -> None:
    job_id = api.add_job()
    with in_terminal(environ, "delete", job_id) as (process, terminal):
        shown = read_until(terminal, lambda text: "[y/N]" in text)
        os.write(terminal, b"n\n")
        shown += read_until(terminal, lambda _: False)

    assert "Delete this job and all files?" in shown
    assert "For 35 days, the operator can restore records with parameters" in " ".join(shown.split())
    assert process.returncode == 1
    assert list(api.jobs) == [job_id]
