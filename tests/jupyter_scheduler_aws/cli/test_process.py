"""`nbjobs` in its own process: start, interrupts, and output in a terminal."""

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
WITH_INTERRUPTS = """
import runpy, signal
signal.signal(signal.SIGINT, signal.default_int_handler)
runpy.run_module("jupyter_scheduler_aws", run_name="__main__", alter_sys=True)
"""
"""Enables interrupts as in a terminal. Tests that run in the background may ignore them, and so do their child processes."""


@pytest.fixture
def environ(api: FakeApi) -> dict[str, str]:
    changes = {"PYTHONPATH": str(ROOT), "JUPYTER_SCHEDULER_AWS_URL": api.url, "PYTHONWARNINGS": "error"}
    return {**os.environ, **changes, "TERM": "xterm-256color"}


def run(environ: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, *arguments], env=environ, capture_output=True, text=True, check=False, timeout=120)


@contextmanager
def in_terminal(environ: dict[str, str], *arguments: str) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """Run `nbjobs` in a terminal of 80 columns. Yield the process and the user's end of the terminal."""
    person, program = pty.openpty()
    fcntl.ioctl(program, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    with subprocess.Popen(
        [*COMMAND, *arguments], env=environ, stdin=program, stdout=program, stderr=program, start_new_session=True
    ) as process:
        os.close(program)
        yield process, person
    os.close(person)


def read_until(terminal: int, is_enough: Callable[[str], bool]) -> str:
    """Read the output of a terminal until it is enough, or the process has ended."""
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


def test_help_lists_the_exit_codes(environ: dict[str, str]) -> None:
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


def test_submit_waits_and_downloads(api: FakeApi, environ: dict[str, str], notebook: Path, tmp_path: Path) -> None:
    api.plan = [cell(2), {"status": "COMPLETED"}]

    done = run(environ, "submit", str(notebook), "--wait", "--download", str(tmp_path / "out"))

    [job_id] = api.jobs
    assert (done.returncode, done.stdout) == (0, f"job: {job_id} COMPLETED\noutputs: {tmp_path / 'out'}\n")
    assert "cell 2 of 3" in done.stderr


def test_an_expected_error_has_no_traceback(environ: dict[str, str]) -> None:
    done = run(environ | {"JUPYTER_SCHEDULER_AWS_URL": ""}, "list")

    assert (done.returncode, done.stdout) == (3, "")
    assert "Traceback" not in done.stderr
    assert done.stderr.startswith("Error: The URL of the stack is not set.")
    assert done.stderr.rstrip().endswith("Or use --url.")


def test_a_closed_pipe_is_not_an_error(api: FakeApi, environ: dict[str, str]) -> None:
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


def test_an_interrupted_wait_explains_that_the_job_continues(
    api: FakeApi, environ: dict[str, str], notebook: Path
) -> None:
    api.plan = [cell(1)]
    with subprocess.Popen(
        [sys.executable, "-c", WITH_INTERRUPTS, "submit", str(notebook), "--wait"],
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
        output, printed = process.stderr.read(), process.stdout.read()

    [job_id] = api.jobs
    assert (process.returncode, printed) == (130, "")
    assert "The job continues without this terminal." in output
    assert f"nbjobs wait {job_id}" in output
    assert "Traceback" not in output


def test_a_terminal_shows_one_progress_line(api: FakeApi, environ: dict[str, str], notebook: Path) -> None:
    api.plan = [cell(1), cell(2), {"status": "COMPLETED"}]
    with in_terminal(environ, "submit", str(notebook), "--wait") as (process, terminal):
        shown = read_until(terminal, lambda _: False)

    [job_id] = api.jobs
    assert process.returncode == 0
    assert "cell 2 of 3" in shown
    assert shown.count("\ncell") == 0
    assert "\x1b[" in shown
    assert shown.rstrip().endswith(f"job: {job_id} COMPLETED")


def test_delete_asks_for_confirmation_in_a_terminal(api: FakeApi, environ: dict[str, str]) -> None:
    job_id = api.add_job()
    with in_terminal(environ, "delete", job_id) as (process, terminal):
        shown = read_until(terminal, lambda text: "[y/N]" in text)
        os.write(terminal, b"n\n")
        shown += read_until(terminal, lambda _: False)

    assert "Delete this job and all files?" in shown
    assert "For 35 days, the operator can restore records with parameters" in " ".join(shown.split())
    assert process.returncode == 1
    assert list(api.jobs) == [job_id]


def test_an_interrupted_wait_for_a_group_ends_and_the_jobs_continue(api: FakeApi, environ: dict[str, str]) -> None:
    job_ids = [api.add_job(status="IN_PROGRESS", tags=["group:g1"]) for _ in range(2)]
    with subprocess.Popen(
        [sys.executable, "-c", WITH_INTERRUPTS, "wait", "--group", "g1"],
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        assert process.stderr
        for line in process.stderr:
            if "0 of 2 ended" in line:
                break
        process.send_signal(signal.SIGINT)
        output, printed = process.stderr.read(), process.stdout.read()

    assert (process.returncode, printed) == (130, "")
    assert "nbjobs wait --group g1" in output
    assert "Traceback" not in output
    assert [api.jobs[job_id].document["status"] for job_id in job_ids] == ["IN_PROGRESS", "IN_PROGRESS"]


@pytest.mark.parametrize(("answer", "code", "status"), [(b"n\n", 1, "IN_PROGRESS"), (b"y\n", 0, "STOPPING")])
def test_stop_asks_before_it_stops_a_group(
    api: FakeApi, environ: dict[str, str], answer: bytes, code: int, status: str
) -> None:
    job_ids = [api.add_job(status="IN_PROGRESS", tags=["group:g1"]) for _ in range(2)]
    with in_terminal(environ, "stop", "--group", "g1") as (process, terminal):
        shown = read_until(terminal, lambda text: "[y/N]" in text)
        os.write(terminal, answer)
        read_until(terminal, lambda _: False)

    assert "Stop 2 jobs of group g1? Outputs made so far are kept." in " ".join(shown.split())
    assert process.returncode == code
    assert {api.jobs[job_id].document["status"] for job_id in job_ids} == {status}
