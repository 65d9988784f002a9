"""Names that the service or the runner would refuse are refused before the upload."""

import io
from pathlib import Path
from typing import Any, Final

import pytest

from jupyter_scheduler_aws import Client
from jupyter_scheduler_aws.errors import SnapshotError
from jupyter_scheduler_aws.snapshots.folder_listing import Member
from jupyter_scheduler_aws.snapshots.notebook_file import find_name_problem
from jupyter_scheduler_aws.snapshots.pack import pack_folder
from jupyter_scheduler_aws.snapshots.zip_file import write_zip
from tests.jupyter_scheduler_aws.conftest import write_files
from tests.jupyter_scheduler_aws.fake_api import FakeApi
from tests.support.notebook_names import NAMES

REST: Final[dict[str, Any]] = {"notebook": "n.ipynb", "content": b"{}", "on_size": lambda _: None}


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_the_client_accepts_names_that_run(name: str) -> None:
    assert find_name_problem(name) == NAMES[name]


@pytest.mark.parametrize("folder", [False, True])
def test_a_notebook_with_a_wrong_name_is_refused_before_any_request(
    api: FakeApi, client: Client, notebook: Path, folder: bool
) -> None:
    renamed = notebook.rename(notebook.with_name("a\\b.ipynb"))
    with pytest.raises(SnapshotError) as refused:
        client.submit(renamed, folder=folder)
    assert refused.value.message == (
        f"{renamed} cannot run: the notebook's name has a slash, a backslash or a control character. "
        "Rename it, and submit it again."
    )
    assert api.requests == []


def _packed(notebook: Path, name: str) -> None:
    write_files(notebook.parent, name)
    pack_folder(notebook).close()


def test_files_may_have_any_name_that_linux_allows(notebook: Path) -> None:
    _packed(notebook, "n" * 255)
    _packed(notebook, "a\\b\n.csv")


def test_a_file_whose_path_is_too_long_is_refused(notebook: Path) -> None:
    """macOS and Windows allow longer names than Linux, so members are made here without files."""
    for name in ("\u5831" * 86, "/".join(["n" * 250] * 16), "\udcff.csv"):
        with pytest.raises(SnapshotError, match=r"rename it, or move it out of the folder\.$"):
            write_zip(io.BytesIO(), [Member(notebook, name, is_folder=False, size_bytes=1)], **REST)
    write_zip(io.BytesIO(), [Member(notebook, "/".join(["n" * 249] * 16), is_folder=False, size_bytes=1)], **REST)
