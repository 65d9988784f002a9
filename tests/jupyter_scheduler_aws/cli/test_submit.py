import json
from pathlib import Path

import pytest

from tests.jupyter_scheduler_aws.cli.conftest import Nbjobs
from tests.jupyter_scheduler_aws.fake_api import FAILED, FakeApi, cell, ended
from tests.jupyter_scheduler_aws.fake_server import Fault, Response


def the_job(api: FakeApi) -> str:
    [job_id] = api.jobs
    return job_id


def test_a_submit_prints_the_job_and_does_not_wait(api: FakeApi, nbjobs: Nbjobs, notebook: Path) -> None:
    api.plan = []

    done = nbjobs("submit", notebook)

    assert (done.code, done.stdout) == (0, f"job: {the_job(api)} CREATED\n")
    assert f"nbjobs wait {the_job(api)}" in done.stderr


def test_every_option_reaches_the_service(api: FakeApi, nbjobs: Nbjobs, notebook: Path) -> None:
    options = "--environment python --compute-type large --format html --format markdown --name Report --tag a --tag b"
    parameters = [
        "-p",
        "year=1970",
        "-p",
        "place=Mauna Loa",
        "-p",
        "months=[1, 2]",
        "-p",
        "text='5'",
        "-p",
        "equation=a=b",
    ]

    done = nbjobs("submit", notebook, *options.split(), *parameters, "--timeout", "1h30m", "--retries", 2, "--folder")

    assert done.code == 0
    document = api.jobs[the_job(api)].document
    assert document["name"] == "Report"
    assert document["compute_type"] == "large"
    assert document["output_formats"] == ["html", "markdown"]
    assert document["tags"] == ["a", "b"]
    assert document["timeout_seconds"] == 5400
    assert document["max_retries"] == 2
    assert document["package_input_folder"] is True
    assert document["parameters"] == {
        "year": "1970",
        "place": "Mauna Loa",
        "months": "[1, 2]",
        "text": "'5'",
        "equation": "a=b",
    }


def test_a_completed_job_prints_job_and_outputs(api: FakeApi, nbjobs: Nbjobs, notebook: Path, tmp_path: Path) -> None:
    (notebook.parent / "data.csv").write_text("x")

    done = nbjobs("submit", notebook, "--folder", "--wait", "--download", tmp_path / "out")

    assert done.code == 0
    assert done.lines == [f"job: {the_job(api)} COMPLETED", f"outputs: {tmp_path / 'out'}"]
    assert sorted(path.name for path in (tmp_path / "out").rglob("*.*")) == [
        ".nbjobs.json",
        "report-2026.html",
        "report-2026.ipynb",
        "table.csv",
    ]
    messages = [line[10:] for line in done.stderr.splitlines() if line[2:3] == ":"]
    assert messages[1].startswith("uploading report.ipynb and 1 other file, ")
    assert messages[2:] == ["waiting", "cell 1 of 3", "cell 2 of 3", "completed", "downloading"]
    assert "Report" not in done.stdout
    assert "\x1b" not in done.stderr + done.stdout


def test_download_implies_wait(nbjobs: Nbjobs, notebook: Path, tmp_path: Path) -> None:
    assert nbjobs("submit", notebook, "-d", tmp_path / "out").lines[0].endswith("COMPLETED")


def test_a_failed_job_is_reported_and_its_files_are_downloaded(
    api: FakeApi, nbjobs: Nbjobs, notebook: Path, tmp_path: Path
) -> None:
    api.plan = [cell(3), FAILED]

    done = nbjobs("submit", notebook, "--download", tmp_path / "out")

    assert done.code == 1
    assert done.lines == [f"job: {the_job(api)} FAILED", f"outputs: {tmp_path / 'out'}"]
    assert "The notebook raised an error" in done.stderr
    assert "Cell 3 of 3: ValueError: no data for 1850" in done.stderr
    assert (tmp_path / "out/report-2026.ipynb").exists()


def test_a_job_that_failed_without_outputs_is_one_failure(
    api: FakeApi, nbjobs: Nbjobs, notebook: Path, tmp_path: Path
) -> None:
    api.outputs = {}
    api.plan = [ended("FAILED", "no_capacity", "No capacity", "Try another compute type.")]

    done = nbjobs("submit", notebook, "--download", tmp_path / "out")

    assert (done.code, done.lines) == (1, [f"job: {the_job(api)} FAILED"])
    assert "no such files" in done.stderr


def test_a_stopped_job_is_not_a_success(api: FakeApi, nbjobs: Nbjobs, notebook: Path) -> None:
    api.plan = [ended("STOPPED", "stopped", "Stopped")]

    done = nbjobs("submit", notebook, "--wait")

    assert (done.code, done.lines) == (1, [f"job: {the_job(api)} STOPPED"])


def test_json_is_the_only_output(api: FakeApi, nbjobs: Nbjobs, notebook: Path, tmp_path: Path) -> None:
    done = nbjobs("submit", notebook, "--download", tmp_path / "out", "--json")

    document = json.loads(done.stdout)
    assert document["job"] == api.jobs[the_job(api)].document
    assert document["outputs"]["directory"] == str(tmp_path / "out")
    assert sorted(document["outputs"]["files"]) == sorted(str(tmp_path / "out" / name) for name in api.outputs)
    assert "cell 1 of 3" in done.stderr


def test_json_of_a_failed_job(api: FakeApi, nbjobs: Nbjobs, notebook: Path) -> None:
    api.plan = [FAILED]

    done = nbjobs("submit", notebook, "--wait", "--json")

    document = json.loads(done.stdout)
    assert (done.code, document["job"]["outcome"]["code"], document["outputs"]) == (1, "notebook_error", None)


def test_json_of_an_error(api: FakeApi, nbjobs: Nbjobs, notebook: Path) -> None:
    done = nbjobs("submit", notebook, "--environment", "none", "--json")

    assert done.code == 4
    assert json.loads(done.stdout)["error"] == {
        "message": "There is no such environment.",
        "status": "422",
        "code": "cannot_be_run",
        "request_id": "req-1",
    }


def test_a_failed_download_has_its_own_exit_code(api: FakeApi, nbjobs: Nbjobs, notebook: Path, tmp_path: Path) -> None:
    api.faults.append(Fault("GET", "/s3/.*", instead=Response(404)))

    done = nbjobs("submit", notebook, "--download", tmp_path / "out")

    assert (done.code, done.lines) == (5, [f"job: {the_job(api)} COMPLETED"])
    assert "Error: The download of" in done.stderr


def test_an_outage_while_waiting_explains_how_to_continue(api: FakeApi, nbjobs: Nbjobs, notebook: Path) -> None:
    api.faults += [Fault("GET", "/v1/scheduler/jobs/.*", instead=Response(503)) for _ in range(100)]

    done = nbjobs("submit", notebook, "--wait")

    assert (done.code, done.stdout) == (3, "")
    assert "The job continues" in done.stderr
    assert f"nbjobs wait {the_job(api)}" in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["-p", "year"],
        ["-p", "1year=2"],
        ["-p", "a=1", "-p", "a=2"],
        ["-p", "a=\0"],
        ["--retry-wait", "25h"],
        ["--timeout", "soon"],
        ["--timeout", "0"],
        ["--retries", "-1"],
        ["--nonsense"],
    ],
)
def test_wrong_usage_is_refused_before_the_first_request(
    api: FakeApi, nbjobs: Nbjobs, notebook: Path, arguments: list[str]
) -> None:
    done = nbjobs("submit", notebook, *arguments)

    assert (done.code, done.stdout) == (2, "")
    assert api.requests == []


def test_a_file_that_is_not_a_notebook_is_refused(api: FakeApi, nbjobs: Nbjobs, notebook: Path) -> None:
    notebook.write_text("hello")

    done = nbjobs("submit", notebook)

    assert (done.code, done.stdout) == (2, "")
    assert "is not a notebook" in done.stderr
    assert api.requests == []


def test_a_folder_above_the_limit_is_refused(api: FakeApi, nbjobs: Nbjobs, notebook: Path) -> None:
    api.folder_limits["max_unpacked_files"] = 1
    (notebook.parent / "data.csv").write_text("x")

    done = nbjobs("submit", notebook, "--folder")

    assert (done.code, done.stdout) == (2, "")
    assert "The largest are report.ipynb" in " ".join(done.stderr.split())
    assert "uploading" not in done.stderr


def test_ignored_files_are_not_listed(nbjobs: Nbjobs, notebook: Path) -> None:
    (notebook.parent / "data.csv").write_text("x")
    (notebook.parent / ".jupyterschedulerignore").write_text("*.csv")

    done = nbjobs("submit", notebook, "--folder")

    assert "uploading report.ipynb, " in done.stderr
    assert "left out" not in done.stderr


def test_links_that_are_left_out_are_listed(nbjobs: Nbjobs, notebook: Path, tmp_path: Path) -> None:
    (notebook.parent / "data").symlink_to(tmp_path)

    assert "left out: data: a link" in nbjobs("submit", notebook, "--folder").stderr


@pytest.mark.parametrize("missing", ["JUPYTER_SCHEDULER_AWS_URL", "AWS_ACCESS_KEY_ID", "AWS_REGION"])
def test_a_missing_setting_is_named(
    nbjobs: Nbjobs, notebook: Path, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    monkeypatch.delenv(missing)

    done = nbjobs("submit", notebook)

    assert (done.code, done.stdout) == (3, "")
    assert missing in done.stderr


def test_retries_after_a_timeout_and_their_wait(api: FakeApi, nbjobs: Nbjobs, notebook: Path) -> None:
    done = nbjobs("submit", notebook, "--retries", 2, "--retry-on-timeout", "--retry-wait", "5m")

    assert done.code == 0
    document = api.jobs[the_job(api)].document
    assert (document["retry_on_timeout"], document["min_retry_interval_millis"]) == (True, 300_000)
    assert nbjobs("submit", notebook, "--retry-wait", "2d").code == 2
