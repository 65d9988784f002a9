"""Attempts and warnings in `nbjobs`."""

import json
from pathlib import Path

import pytest

from tests.jupyter_scheduler_aws.cli.conftest import Nbjobs
from tests.jupyter_scheduler_aws.documents import ATTEMPTS, WARNING
from tests.jupyter_scheduler_aws.fake_api import COMPLETED, FAILED, FakeApi

_SHOWN = "2,000 outputs were left out. (a.csv, b, 1,998 more)"


@pytest.fixture
def retried(api: FakeApi) -> str:
    """Add a job whose last attempt, the third, made no files."""
    job_id = api.add_job(status="FAILED", attempt=3, outcome=FAILED["outcome"])
    api.jobs[job_id].attempts = ATTEMPTS
    api.jobs[job_id].files_of = 1
    return job_id


def test_a_job_is_shown_with_its_attempts(nbjobs: Nbjobs, retried: str) -> None:
    done = nbjobs("show", retried)

    lines = [" ".join(line.split()) for line in done.lines]
    assert "ATTEMPT ENDED TOOK COMPUTE TYPE FILES OUTCOME" in lines
    one, three = (line for line in lines if line[:2] in ("1 ", "3 "))
    assert "1 min 30 s small on Spot 2 Spot capacity was reclaimed. AWS needs it." in one
    assert three.endswith("large The container disappeared. See its log.")
    assert "These are the files of attempt 1: later attempts have made none." in done.stdout


def test_the_attempts_are_part_of_the_json(api: FakeApi, nbjobs: Nbjobs, retried: str) -> None:
    document = json.loads(nbjobs("show", retried, "--json").stdout)

    assert document == {**api.jobs[retried].document, "attempts": ATTEMPTS, "attempts_left_out": 0}


def test_a_single_attempt_is_not_listed(api: FakeApi, nbjobs: Nbjobs) -> None:
    done = nbjobs("show", api.add_job(attempt=1))

    assert "ATTEMPT" not in done.stdout
    assert api.seen("GET", ".*/attempts") == []


def test_a_download_says_that_the_files_are_those_of_an_earlier_attempt(
    nbjobs: Nbjobs, retried: str, tmp_path: Path
) -> None:
    done = nbjobs("download", retried, tmp_path / "out")

    assert (done.code, done.lines) == (0, [f"outputs: {tmp_path / 'out'}"])
    assert "These are the files of attempt 1: later attempts have made none." in done.stderr
    assert json.loads(nbjobs("download", retried, tmp_path / "out", "--json").stdout)["earlier_attempt"] == 1


def test_the_files_of_one_attempt_go_to_a_folder_of_their_own(
    nbjobs: Nbjobs, retried: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    done = nbjobs("download", retried, "--attempt", 1)

    assert done.lines == [f"outputs: report-{retried}-attempt-1"]
    assert "later attempts" not in done.stderr
    assert (tmp_path / f"report-{retried}-attempt-1/results/table.csv").exists()


def test_an_attempt_without_files_is_a_failed_download(nbjobs: Nbjobs, retried: str, tmp_path: Path) -> None:
    done = nbjobs("download", retried, tmp_path / "out", "--attempt", 2)

    assert done.code == 5
    assert f"Attempt 2 of the job {retried} has no such files." in done.stderr


@pytest.mark.parametrize("attempt", ["0", "-1", "x"])
@pytest.mark.parametrize("command", ["download", "logs"])
def test_an_attempt_is_a_number_from_one(nbjobs: Nbjobs, retried: str, command: str, attempt: str) -> None:
    assert nbjobs(command, retried, "--attempt", attempt).code == 2


def test_the_log_of_one_attempt_is_printed(api: FakeApi, nbjobs: Nbjobs, retried: str) -> None:
    api.logs_of_attempts = {"1": ["one"], "3": []}

    assert nbjobs("logs", retried, "--attempt", 1).lines == ["one"]
    assert "Attempt 3 has printed nothing." in nbjobs("logs", retried, "--attempt", 3).stderr


def test_warnings_are_shown_with_names_and_counts(api: FakeApi, nbjobs: Nbjobs) -> None:
    job_id = api.add_job(warnings=[WARNING, {"code": "x", "message": "Look here.", "names": [], "count": 0}])

    lines = [line.rstrip() for line in nbjobs("show", job_id).lines]
    assert f"warnings     {_SHOWN}" in lines
    assert "             Look here." in lines


def test_warnings_are_printed_after_a_wait(api: FakeApi, nbjobs: Nbjobs, notebook: Path) -> None:
    api.plan = [{**COMPLETED, "warnings": [WARNING]}]

    done = nbjobs("submit", notebook, "--wait")
    assert (done.code, len(done.lines)) == (0, 1)
    assert f"! {_SHOWN}" in done.stderr

    done = nbjobs("submit", notebook, "--wait", "--json")
    assert json.loads(done.stdout)["job"]["warnings"] == [WARNING]


def test_a_list_marks_jobs_with_warnings(api: FakeApi, nbjobs: Nbjobs) -> None:
    api.add_job("quiet")
    api.add_job("warned", warnings=[WARNING])

    _, warned, quiet = nbjobs("list").lines
    assert "COMPLETED !" in warned
    assert "!" not in quiet
