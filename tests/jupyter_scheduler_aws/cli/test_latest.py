"""The latest results of a definition: `nbjobs download --definition` and `nbjobs open`."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.jupyter_scheduler_aws.cli.conftest import Nbjobs
from tests.jupyter_scheduler_aws.fake_api import FakeApi


@pytest.fixture
def launched(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What would have been opened: the machine of a test has no desktop."""
    launched: list[Any] = []
    monkeypatch.setattr("typer.launch", launched.append)
    return launched


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def add_job(api: FakeApi, definition_id: str, status: str, content: bytes = b"x") -> str:
    job_id = api.add_job("Report", status=status, job_definition_id=definition_id, output_formats=["ipynb", "html"])
    api.jobs[job_id].files = {"report.ipynb": ("ipynb", content), "report.html": ("html", b"<p>" + content)}
    return job_id


def test_the_latest_success_is_downloaded(api: FakeApi, nbjobs: Nbjobs) -> None:
    definition_id = api.add_definition(schedule="@daily")
    add_job(api, definition_id, "COMPLETED", b"old")
    newest = add_job(api, definition_id, "COMPLETED", b"new")
    add_job(api, definition_id, "FAILED")
    add_job(api, api.add_definition(), "COMPLETED", b"other")

    done = nbjobs("download", "--definition", definition_id, "out")

    assert done.code == 0
    assert f"the latest completed job is {newest}" in done.stderr
    assert Path("out/report.ipynb").read_bytes() == b"new"


def test_a_definition_without_a_success_has_no_results(api: FakeApi, nbjobs: Nbjobs) -> None:
    definition_id = api.add_definition()
    add_job(api, definition_id, "FAILED")
    done = nbjobs("download", "--definition", definition_id)
    assert done.code != 0
    assert f"No job of definition {definition_id} has completed" in done.stderr


@pytest.mark.parametrize("arguments", [("download",), ("open",), ("open", "j", "--definition", "d")])
def test_a_job_or_a_definition_is_needed(nbjobs: Nbjobs, arguments: tuple[str, ...]) -> None:
    done = nbjobs(*arguments)
    assert done.code == 2
    assert "Specify a job, or a definition" in " ".join(done.stderr.split())


def test_results_open_as_html_or_in_the_chosen_format(api: FakeApi, nbjobs: Nbjobs, launched: list[Any]) -> None:
    definition_id = api.add_definition()
    job_id = add_job(api, definition_id, "COMPLETED")
    assert nbjobs("open", job_id).code == 0
    assert nbjobs("open", "--definition", definition_id, "--format", "ipynb").code == 0
    assert [Path(path).read_bytes() for path in launched] == [b"<p>x", b"x"]


def test_json_opens_nothing(api: FakeApi, nbjobs: Nbjobs, launched: list[Any]) -> None:
    job_id = add_job(api, api.add_definition(), "COMPLETED")
    assert json.loads(nbjobs("open", job_id, "--json").stdout)["file"].endswith("report.html")
    assert launched == []
