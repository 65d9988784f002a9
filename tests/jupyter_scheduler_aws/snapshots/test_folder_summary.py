"""A summary of a folder says what its snapshot would contain, without reading the content of files."""

from pathlib import Path

import pytest

from jupyter_scheduler_aws.api.deadline import deadline
from jupyter_scheduler_aws.api.response_models import NO_LIMITS, SnapshotLimits
from jupyter_scheduler_aws.errors import SnapshotError
from jupyter_scheduler_aws.snapshots.folder_summary import summarize_folder
from jupyter_scheduler_aws.snapshots.pack import pack_folder
from tests.jupyter_scheduler_aws.conftest import write_files


def test_a_summary_counts_what_the_snapshot_contains(notebook: Path) -> None:
    write_files(notebook.parent, "a.csv", "data/b.csv", ".git/config", "x.pyc", "data/.cache/y")
    (notebook.parent / "empty").mkdir()
    (notebook.parent / "link").symlink_to("a.csv")
    (notebook.parent / "broken").symlink_to("gone")
    summary = summarize_folder(notebook, NO_LIMITS)
    with pack_folder(notebook) as snapshot:
        assert summary.files == snapshot.files == 4
        assert snapshot.left_out == ("broken: a broken link",)
    assert summary.size_bytes == notebook.stat().st_size + 2 * len("a.csv") + len("data/b.csv")
    assert summary.left_out == (".git/", "broken", "data/.cache/", "x.pyc")
    assert summary.problem is None


def test_no_content_is_read(notebook: Path) -> None:
    write_files(notebook.parent, "secret.csv")
    notebook.write_text("this is no notebook")
    for path in (notebook, notebook.parent / "secret.csv"):
        path.chmod(0)
    assert (summarize_folder(notebook, NO_LIMITS).files, summarize_folder(notebook, NO_LIMITS).problem) == (2, None)


@pytest.mark.parametrize(
    ("limits", "says"),
    [
        (SnapshotLimits(max_notebook_bytes=10), "the limit for notebooks is 10 bytes"),
        (SnapshotLimits(max_unpacked_bytes=100), "in total; the limit is 100 bytes"),
        (SnapshotLimits(max_unpacked_files=2), "the limit is 2 files"),
    ],
    ids=str,
)
def test_what_is_too_large_is_explained_as_by_the_upload(notebook: Path, limits: SnapshotLimits, says: str) -> None:
    write_files(notebook.parent, "a.csv", "b.csv", "c.csv")
    problem = summarize_folder(notebook, limits).problem
    assert problem is not None
    assert says in problem
    with pytest.raises(SnapshotError) as caught:
        pack_folder(notebook, limits=limits)
    assert caught.value.message == problem


def test_an_ignore_file_that_cannot_be_read_is_a_problem(notebook: Path) -> None:
    (notebook.parent / ".jupyterschedulerignore").write_text("a\\")
    assert "is not a pattern" in str(summarize_folder(notebook, NO_LIMITS).problem)


@pytest.mark.parametrize("name", ["notes.txt", "back\\slash.ipynb"])
def test_a_name_that_cannot_run_is_a_problem(notebook: Path, name: str) -> None:
    path = notebook.rename(notebook.with_name(name))
    problem = summarize_folder(path, NO_LIMITS).problem
    with pytest.raises(SnapshotError) as caught:
        pack_folder(path)
    assert caught.value.message == problem


def test_a_notebook_that_is_gone_is_a_problem(notebook: Path) -> None:
    notebook.unlink()
    assert "cannot be read" in str(summarize_folder(notebook, NO_LIMITS).problem)


def test_a_summary_ends_in_time(notebook: Path) -> None:
    write_files(notebook.parent, *(f"{number}.csv" for number in range(5)))
    with deadline(0):
        summary = summarize_folder(notebook, NO_LIMITS)
    assert "cannot be listed in time; 2 were found" in str(summary.problem)
    assert summary.files == 2
