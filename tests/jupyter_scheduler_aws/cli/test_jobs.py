import json
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from jupyter_scheduler_aws.api.job_models import Job
from jupyter_scheduler_aws.cli.job_table import job_table
from tests.jupyter_scheduler_aws.cli.conftest import Nbjobs
from tests.jupyter_scheduler_aws.fake_api import FAILED, FakeApi, cell
from tests.jupyter_scheduler_aws.fake_server import Fault, Response


def test_a_list_is_not_cut_without_a_terminal(api: FakeApi, nbjobs: Nbjobs) -> None:
    job_id = api.add_job("A name that is longer than any terminal is wide " * 3)

    heading, row = nbjobs("list").lines

    assert heading.split() == ["JOB", "STATUS", "CREATED", "TOOK", "NOTEBOOK", "NAME"]
    assert row.startswith(f"{job_id}  COMPLETED  ")
    assert row.rstrip().endswith("wide")


@pytest.mark.parametrize(("columns", "headings"), [(80, 4), (100, 5), (130, 6)])
def test_ids_are_not_cut_in_a_terminal(api: FakeApi, columns: int, headings: int) -> None:
    job_id = api.add_job("A name that is longer than any terminal is wide " * 3, start_time=0, end_time=90_000_000)
    page = StringIO()

    Console(file=page, width=columns).print(job_table([Job.from_document(api.jobs[job_id].document)], columns))

    heading, row = page.getvalue().splitlines()
    assert len(heading.split()) == headings
    assert job_id in row
    assert row.rstrip().endswith("…")
    assert len(row) <= columns


def test_a_list_has_a_limit_and_a_hint(api: FakeApi, nbjobs: Nbjobs) -> None:
    for number in range(5):
        api.add_job(f"Job {number}")

    done = nbjobs("list", "--limit", 3)
    assert len(done.lines) == 4
    assert "--all" in done.stderr
    done = nbjobs("list", "--all")
    assert len(done.lines) == 6
    assert done.stderr == ""
    assert len(json.loads(nbjobs("list", "--limit", 3, "--json").stdout)) == 3


def test_a_list_is_filtered(api: FakeApi, nbjobs: Nbjobs) -> None:
    api.add_job("co2", status="FAILED")
    job_id = api.add_job("co2")
    api.add_job("other")

    assert [job["job_id"] for job in json.loads(nbjobs("list", "-s", "completed", "-n", "co", "--json").stdout)] == [
        job_id
    ]
    assert nbjobs("list", "--status", "LOST").code == 2


def test_a_list_has_the_jobs_of_a_group(api: FakeApi, nbjobs: Nbjobs) -> None:
    job_ids = [
        api.add_job(status=status, tags=["mine", f"group:{group}"])
        for status, group in (("CREATED", "g1"), ("COMPLETED", "g1"), ("COMPLETED", "g2"))
    ]

    assert [job["job_id"] for job in json.loads(nbjobs("list", "--group", "g1", "--json").stdout)] == job_ids[1::-1]
    found = json.loads(nbjobs("list", "--group", "g1", "--status", "completed", "--json").stdout)
    assert [job["job_id"] for job in found] == [job_ids[1]]
    assert json.loads(nbjobs("list", "--group", "g1", "--tag", "group:g2", "--json").stdout) == []


def test_a_list_of_a_group_without_jobs_says_so(api: FakeApi, nbjobs: Nbjobs) -> None:
    api.add_job(tags=["group:g1"])

    done = nbjobs("list", "--group", "g2")
    assert (done.code, done.stdout, done.stderr) == (0, "", "Group g2 has no jobs.\n")
    assert nbjobs("list", "--group", "g1", "--status", "failed").stderr == "No jobs match.\n"


def test_an_empty_list_prints_a_message(nbjobs: Nbjobs) -> None:
    done = nbjobs("list")
    assert (done.code, done.stdout, done.stderr) == (0, "", "You have no jobs yet.\n")
    assert nbjobs("list", "--json").stdout == "[]\n"


def test_a_job_is_shown_with_its_files(api: FakeApi, nbjobs: Nbjobs) -> None:
    job_id = api.add_job("Report", status="FAILED", parameters={"year": "1970"}, tags=["a"], outcome=FAILED["outcome"])

    done = nbjobs("show", job_id)

    assert done.code == 0
    rows = {line.split("  ")[0].strip(): line for line in done.lines}
    assert "year = 1970" in rows["parameters"]
    assert "The notebook raised an error" in rows["outcome"]
    assert "20 bytes" in rows["results/table.csv"]


def test_a_running_job_shows_its_phase(api: FakeApi, nbjobs: Nbjobs) -> None:
    job_id = api.add_job(**cell(2))

    assert "phase        cell 2 of 3" in nbjobs("show", job_id).stdout


def test_json_is_the_document_of_the_api(api: FakeApi, nbjobs: Nbjobs) -> None:
    job_id = api.add_job()

    assert json.loads(nbjobs("show", job_id, "--json").stdout) == api.jobs[job_id].document


def test_markup_in_names_is_text(api: FakeApi, nbjobs: Nbjobs) -> None:
    job_id = api.add_job("[bold]x[/nonsense]", tags=["[red]"], parameters={"a": "[1]"})

    for arguments in (["list"], ["show", job_id], ["wait", job_id]):
        done = nbjobs(*arguments)
        assert done.code == 0
        assert "[bold]x[/nonsense]" in done.stdout + done.stderr


@pytest.mark.parametrize("command", ["show", "stop", "wait", "download", "logs"])
def test_a_job_that_does_not_exist(nbjobs: Nbjobs, command: str) -> None:
    done = nbjobs(command, "no-such")

    assert (done.code, done.stdout) == (4, "")
    assert "Error: There is no job no-such of yours." in done.stderr


def test_jobs_are_deleted_with_yes(api: FakeApi, nbjobs: Nbjobs) -> None:
    job_ids = [api.add_job() for _ in range(3)]

    refused = nbjobs("delete", *job_ids)
    assert (refused.code, len(api.jobs)) == (2, 3)
    done = nbjobs("delete", *job_ids, "--yes")
    assert (done.code, done.lines) == (0, [f"deleted: {job_id}" for job_id in job_ids])
    assert api.jobs == {}


def test_one_bad_id_deletes_nothing(api: FakeApi, nbjobs: Nbjobs) -> None:
    job_id = api.add_job()

    assert nbjobs("delete", job_id, "no-such", "--yes").code == 4
    assert list(api.jobs) == [job_id]


def test_a_download_goes_to_a_folder_named_after_the_job(
    api: FakeApi, nbjobs: Nbjobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    job_id = api.add_job()

    done = nbjobs("download", job_id)

    assert done.lines == [f"outputs: report-{job_id}"]
    assert (tmp_path / f"report-{job_id}" / "results/table.csv").exists()


def test_a_download_as_json(api: FakeApi, nbjobs: Nbjobs, tmp_path: Path) -> None:
    done = nbjobs("download", api.add_job(), tmp_path / "out", "-f", "html", "--json")

    assert json.loads(done.stdout) == {
        "directory": str(tmp_path / "out"),
        "files": [str(tmp_path / "out/report-2026.html")],
        "renamed": {},
        "earlier_attempt": None,
    }


def test_an_unsafe_file_name_is_refused(api: FakeApi, nbjobs: Nbjobs, tmp_path: Path) -> None:
    job_id = api.add_job()
    api.jobs[job_id].files["../../evil"] = ("files", b"x")

    done = nbjobs("wait", job_id, "-d", tmp_path / "a/b")

    assert (done.code, done.lines) == (5, [f"job: {job_id} COMPLETED"])
    assert list(tmp_path.rglob("*evil*")) == []


def test_the_log_is_printed(api: FakeApi, nbjobs: Nbjobs) -> None:
    job_id = api.add_job()

    assert nbjobs("logs", job_id).lines == ["cell 1 of 3", "hello"]
    assert [event["message"] for event in json.loads(nbjobs("logs", job_id, "--json").stdout)] == api.log
    api.log = []
    assert "There is no log yet" in nbjobs("logs", job_id).stderr


def test_environments_are_listed(api: FakeApi, nbjobs: Nbjobs) -> None:
    assert nbjobs("environments").lines[1].split("  ")[0] == "python"
    assert "small*, large" in nbjobs("environments").stdout
    assert json.loads(nbjobs("environments", "--json").stdout) == api.environments


def test_a_server_error_shows_the_request_id(api: FakeApi, nbjobs: Nbjobs) -> None:
    api.faults.append(Fault("GET", "/v1/scheduler/jobs", instead=Response.refusal(500, "It broke.", "internal")))

    done = nbjobs("list")

    assert done.code == 3
    assert "Error: It broke." in done.stderr
    assert "req-1" in done.stderr
