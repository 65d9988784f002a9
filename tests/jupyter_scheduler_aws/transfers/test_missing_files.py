"""Downloads of only what is missing."""

from pathlib import Path

import pytest

from jupyter_scheduler_aws import Client
from jupyter_scheduler_aws.errors import DownloadError
from jupyter_scheduler_aws.transfers.download_manifest import (
    DownloadedFile,
    FileState,
    ManifestEntry,
    read_manifest,
    update_manifest,
)
from tests.jupyter_scheduler_aws.fake_api import FakeApi
from tests.jupyter_scheduler_aws.fake_server import Fault, Response
from tests.jupyter_scheduler_aws.transfers.downloading import add_job, fetched


@pytest.fixture
def job_id(api: FakeApi, client: Client, tmp_path: Path) -> str:
    job_id = add_job(api, {"a.txt": ("files", b"first"), "b.html": ("html", b"second")})
    client.download(job_id, tmp_path)
    api.requests.clear()
    return job_id


def test_existing_files_are_not_downloaded(api: FakeApi, client: Client, job_id: str, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []

    paths = client.download(job_id, tmp_path, again=False, on_progress=lambda done, total: seen.append((done, total)))

    assert paths == [tmp_path / "a.txt", tmp_path / "b.html"]
    assert fetched(api) == []
    assert seen == []
    found = read_manifest(tmp_path, job_id)
    assert found
    assert found.complete


def test_all_files_are_downloaded_by_default(api: FakeApi, client: Client, job_id: str, tmp_path: Path) -> None:
    client.download(job_id, tmp_path)

    assert sorted(fetched(api)) == ["a.txt", "b.html"]


def test_removed_files_are_downloaded(api: FakeApi, client: Client, job_id: str, tmp_path: Path) -> None:
    (tmp_path / "a.txt").unlink()

    client.download(job_id, tmp_path, again=False)

    assert fetched(api) == ["a.txt"]
    assert (tmp_path / "a.txt").read_text() == "first"


def test_files_that_the_user_changed_are_kept(api: FakeApi, client: Client, job_id: str, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("first, and a remark")

    for _ in range(2):
        client.download(job_id, tmp_path, again=False)

    assert fetched(api) == []
    assert (tmp_path / "a.txt").read_text() == "first, and a remark"


def test_user_file_does_not_count_as_downloaded(api: FakeApi, client: Client, job_id: str, tmp_path: Path) -> None:
    update_manifest(tmp_path, job_id, lambda _: None)

    with pytest.raises(DownloadError, match="would be replaced"):
        client.download(job_id, tmp_path, again=False)


def test_previews_are_downloaded_again(api: FakeApi, client: Client, tmp_path: Path) -> None:
    """Even if it has the same size, because it may differ."""
    files = {"same.ipynb": ("ipynb", b"1/3"), "edited.ipynb": ("ipynb", b"1/3"), "in.ipynb": ("input", b"{}")}
    job_id = add_job(api, files, status="IN_PROGRESS")
    client.download(job_id, tmp_path)
    (tmp_path / "edited.ipynb").write_text("1/3, and a remark")
    files |= {"same.ipynb": ("ipynb", b"3/3"), "edited.ipynb": ("ipynb", b"3/3")}
    api.jobs[job_id].document["status"] = "COMPLETED"
    api.requests.clear()

    client.download(job_id, tmp_path, again=False)

    assert fetched(api) == ["same.ipynb"]
    assert (tmp_path / "same.ipynb").read_text() == "3/3"
    assert (tmp_path / "edited.ipynb").read_text() == "1/3, and a remark"
    found = read_manifest(tmp_path, job_id)
    assert found
    assert found.complete


def test_expected_file_of_a_killed_download_is_downloaded(
    api: FakeApi, client: Client, job_id: str, tmp_path: Path
) -> None:
    """The existing file may be an older one, of any size."""
    file = DownloadedFile(format="files", size_bytes=3, state=FileState.EXPECTED)
    update_manifest(tmp_path, job_id, lambda _: ManifestEntry(complete=False, files={"a.txt": file}))
    (tmp_path / "b.html").unlink()

    client.download(job_id, tmp_path, again=False)

    assert sorted(fetched(api)) == ["a.txt", "b.html"]


def test_file_of_another_job_is_downloaded(api: FakeApi, client: Client, job_id: str, tmp_path: Path) -> None:
    other = add_job(api, {"a.txt": ("files", b"FIRST")})

    client.download(other, tmp_path, again=False)

    assert fetched(api) == ["a.txt"]
    assert (tmp_path / "a.txt").read_text() == "FIRST"


def test_file_of_another_job_is_downloaded_after_a_failure(
    api: FakeApi, client: Client, job_id: str, tmp_path: Path
) -> None:
    """Its size differs from the new one's, but the user did not change it."""
    other = add_job(api, {"a.txt": ("files", b"longer")})
    api.faults.append(Fault("GET", "/s3/.*", instead=Response(404)))
    with pytest.raises(DownloadError):
        client.download(other, tmp_path)
    assert (tmp_path / "a.txt").read_text() == "first"

    client.download(other, tmp_path, again=False)

    assert (tmp_path / "a.txt").read_text() == "longer"
