"""Paths of the panel are relative to the root of the server, wherever it was started, and never outside of it."""

from pathlib import Path

import pytest

from jupyter_scheduler_aws.connector.workspace import Workspace
from jupyter_scheduler_aws.errors import ConfigurationError, SnapshotError, UnsafePathError

JOB_ID = "0199a1b2-0000-7000-8000-000000000001"


@pytest.fixture
def notebook(workspace: Workspace) -> Path:
    path = workspace.root / "sub" / "report.ipynb"
    path.parent.mkdir()
    path.write_text("{}")
    return path


@pytest.mark.parametrize(
    "uri", ["sub/report.ipynb", "./sub/report.ipynb", "sub//report.ipynb", "other/../sub/report.ipynb"]
)
def test_a_notebook_is_found_below_the_root(workspace: Workspace, notebook: Path, uri: str) -> None:
    assert workspace.notebook(uri) == notebook
    assert workspace.relative(workspace.notebook(uri)) == "sub/report.ipynb"


def test_paths_do_not_depend_on_the_working_directory(
    workspace: Workspace, notebook: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The stock scheduler downloads below the working directory, where the panel cannot open files."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "report.ipynb").write_text("{}")
    monkeypatch.chdir(elsewhere)

    with pytest.raises(SnapshotError):
        workspace.notebook("report.ipynb")
    assert workspace.notebook("sub/report.ipynb") == notebook
    assert workspace.job_folder("report.ipynb", JOB_ID) == workspace.root / "jobs" / f"report-{JOB_ID}"


OUTSIDE = ["../outside.ipynb", "sub/../../outside.ipynb", "../root-sibling/x.ipynb", "..", "../"]


@pytest.mark.parametrize("uri", OUTSIDE)
def test_a_path_outside_of_the_root_is_not_a_notebook(workspace: Workspace, tmp_path: Path, uri: str) -> None:
    (tmp_path / "outside.ipynb").write_text("{}")
    (tmp_path / "root-sibling").mkdir()
    (tmp_path / "root-sibling" / "x.ipynb").write_text("{}")
    with pytest.raises(SnapshotError, match="below the root folder of the server"):
        workspace.notebook(uri)


def test_an_absolute_path_is_relative_to_the_root(workspace: Workspace, notebook: Path, tmp_path: Path) -> None:
    (tmp_path / "outside.ipynb").write_text("{}")
    with pytest.raises(SnapshotError):
        workspace.notebook(str(tmp_path / "outside.ipynb"))
    assert workspace.notebook(str(notebook)) == notebook


@pytest.mark.parametrize(
    "uri",
    [
        "",
        ".",
        "/",
        "sub",
        "sub/",
        "missing.ipynb",
        "sub/report.ipynb/x",
        "%2e%2e/outside.ipynb",
        "a\0b.ipynb",
        "x" * 300,
        "x/" * 5000,
    ],
    ids=lambda uri: repr(uri)[:30],
)
def test_a_missing_file_is_an_error(workspace: Workspace, notebook: Path, uri: str) -> None:
    with pytest.raises(SnapshotError):
        workspace.notebook(uri)


def test_a_message_cuts_a_long_path(workspace: Workspace) -> None:
    with pytest.raises(SnapshotError) as caught:
        workspace.notebook("x" * 200_000)
    assert len(caught.value.message) < 1000


def test_a_link_out_of_the_root_is_followed_as_the_contents_manager_does(workspace: Workspace, tmp_path: Path) -> None:
    (tmp_path / "outside.ipynb").write_text("{}")
    (workspace.root / "link.ipynb").symlink_to(tmp_path / "outside.ipynb")
    assert workspace.notebook("link.ipynb") == workspace.root / "link.ipynb"


@pytest.mark.parametrize("filename", ["report.ipynb", "report.v2.ipynb", "Bericht für Ann.ipynb", "report"])
def test_a_job_folder_has_the_same_name_as_in_jupyter_scheduler(workspace: Workspace, filename: str) -> None:
    from jupyter_scheduler.utils import create_output_directory

    expected = create_output_directory(filename, JOB_ID)
    assert workspace.relative(workspace.job_folder(filename, JOB_ID)) == f"jobs/{expected}"


def test_an_id_of_version_3_contains_the_name_of_the_back_end(workspace: Workspace) -> None:
    assert workspace.job_folder("report.ipynb", f"aws:{JOB_ID}").name == f"report-aws:{JOB_ID}"


@pytest.mark.parametrize(
    ("filename", "job_id"),
    [
        ("../report.ipynb", JOB_ID),
        ("sub/report.ipynb", JOB_ID),
        ("..\\report.ipynb", JOB_ID),
        ("report\n.ipynb", JOB_ID),
        ("report\0.ipynb", JOB_ID),
        ("report.ipynb", "../x"),
        ("report.ipynb", "a/b"),
        ("report.ipynb", ""),
        ("report.ipynb", "a" * 201),
        ("report.ipynb", "ä-b"),
    ],
)
def test_names_that_lead_to_another_folder_are_refused(workspace: Workspace, filename: str, job_id: str) -> None:
    with pytest.raises(UnsafePathError):
        workspace.job_folder(filename, job_id)


@pytest.mark.parametrize("directory", ["..", "../jobs", "/elsewhere/jobs", "jobs/../../x"])
def test_an_output_directory_outside_of_the_root_is_a_configuration_error(tmp_path: Path, directory: str) -> None:
    workspace = Workspace(root=tmp_path / "root", output_directory=directory)
    with pytest.raises(ConfigurationError, match="output_directory"):
        workspace.job_folder("report.ipynb", JOB_ID)
