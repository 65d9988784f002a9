"""What a person sees while a job runs: the phase, and the last lines that the running cell printed."""

import io
from pathlib import Path

import pytest

from jupyter_scheduler_aws import Client
from jupyter_scheduler_aws.cli.console import SafeConsole
from jupyter_scheduler_aws.cli.log_tail import LogTail
from jupyter_scheduler_aws.cli.progress import ProgressLine
from tests.jupyter_scheduler_aws.cli.conftest import Nbjobs
from tests.jupyter_scheduler_aws.fake_api import FakeApi, cell
from tests.jupyter_scheduler_aws.fake_server import Fault, Response

LOGS = "/v1/scheduler/jobs/.*/logs"


@pytest.fixture
def running(api: FakeApi) -> str:
    return api.add_job(**cell(2))


def lines_after(api: FakeApi, client: Client, job_id: str, tail: LogTail, *log: str) -> list[str]:
    api.log += log
    return list(tail.read(client.get_job(job_id)))


def test_the_tail_has_the_last_lines_of_the_running_cell(api: FakeApi, client: Client, running: str) -> None:
    api.page_size = 100
    api.log, tail = [], LogTail(client)
    assert lines_after(api, client, running, tail, "runner: cell 1 of 3", "| old") == ["old"]
    assert lines_after(api, client, running, tail, "runner: cell 2 of 3") == []
    assert lines_after(api, client, running, tail, *(f"| {n}" for n in range(5)), "| ", "runner: saved") == [
        "2",
        "3",
        "4",
    ]
    assert lines_after(api, client, running, tail) == ["2", "3", "4"]


def test_a_long_log_is_caught_up_with_one_page_for_each_poll(api: FakeApi, client: Client, running: str) -> None:
    api.page_size = 2
    api.log, tail = [f"| {n}" for n in range(6)], LogTail(client)
    shown = [list(tail.read(client.get_job(running))) for _ in range(4)]
    assert shown == [["0", "1"], ["1", "2", "3"], ["3", "4", "5"], ["3", "4", "5"]]
    assert len([request for request in api.requests if request.path.endswith("/logs")]) == 4


def test_what_a_notebook_prints_cannot_control_the_terminal(api: FakeApi, client: Client, running: str) -> None:
    api.log = ["| \x1b[2Jred\x07", "| a\rb"]
    assert not {"\x1b", "\x07", "\r"} & set("".join(LogTail(client).read(client.get_job(running))))


def test_a_log_that_cannot_be_read_disturbs_nothing(api: FakeApi, client: Client, running: str) -> None:
    api.log, tail = ["| a"], LogTail(client)
    assert list(tail.read(client.get_job(running))) == ["a"]
    api.faults.append(Fault("GET", LOGS, instead=Response.refusal(403, "No.", "not_allowed")))
    assert list(tail.read(client.get_job(running))) == ["a"]


@pytest.mark.parametrize("state", [{}, {"status": "COMPLETED", "phase": {"code": "ended"}}])
def test_without_a_running_cell_the_log_is_not_read(api: FakeApi, client: Client, state: dict[str, object]) -> None:
    job = client.get_job(api.add_job(**{"status": "CREATED", **state}))  # type: ignore[arg-type]
    assert list(LogTail(client).read(job)) == []
    assert not [request for request in api.requests if request.path.endswith("/logs")]


def test_a_terminal_shows_phase_and_lines_and_is_left_clean(client: Client, running: str) -> None:
    written = io.StringIO()
    console = SafeConsole(file=written, force_terminal=True, width=60)
    with ProgressLine(console) as progress:
        progress.start("waiting")
        progress.on_job(client.get_job(running))
        progress.show_tail(["epoch 7", "x" * 200])
    shown = written.getvalue()
    assert "cell 2 of 3" in shown
    assert "  epoch 7" in shown
    assert "…" in shown, "long lines are cut, not wrapped"
    assert shown.endswith("\x1b[2K"), "the last thing written erases a line"
    assert "\x1b[?25h" in shown, "the cursor is back"


def test_a_pipe_gets_a_line_per_change_and_no_log(api: FakeApi, nbjobs: Nbjobs, notebook: Path) -> None:
    done = nbjobs("submit", notebook, "--wait")
    assert "cell 2 of 3" in done.stderr
    assert "\x1b" not in done.stderr
    assert not [request for request in api.requests if request.path.endswith("/logs")]


def test_quiet_shows_the_outcome_only(nbjobs: Nbjobs, notebook: Path) -> None:
    done = nbjobs("submit", notebook, "--wait", "--quiet")
    assert done.code == 0
    assert "cell" not in done.stderr
    assert "completed" in done.stderr
