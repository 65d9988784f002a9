"""A download never writes through a link that somebody put in its way."""

from collections.abc import Callable
from pathlib import Path

import pytest

from jupyter_scheduler_aws import Client
from jupyter_scheduler_aws.errors import DownloadError
from jupyter_scheduler_aws.transfers.download_manifest import MANIFEST_NAME, downloaded_files, read_manifest
from tests.jupyter_scheduler_aws.fake_api import FakeApi, etag_of
from tests.jupyter_scheduler_aws.transfers.downloading import BIG, add_job, files_in, leave_part


@pytest.fixture
def job_id(api: FakeApi) -> str:
    return add_job(api, {"big.bin": ("files", BIG)})


@pytest.mark.parametrize("link", [Path.symlink_to, Path.hardlink_to])
def test_partial_file_that_is_a_link_is_replaced(
    api: FakeApi, client: Client, job_id: str, tmp_path: Path, link: Callable[[Path, Path], None]
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_bytes(BIG[:1000])
    folder = tmp_path / "outputs"
    folder.mkdir()
    part = leave_part(folder / "big.bin", etag_of(BIG), BIG[:1000])
    part.unlink()
    link(part, elsewhere)

    [path] = client.download(job_id, folder)

    assert elsewhere.read_bytes() == BIG[:1000]
    assert path.read_bytes() == BIG
    assert not path.is_symlink()
    assert files_in(folder) == [MANIFEST_NAME, "big.bin"]


def test_manifest_that_is_a_link_is_replaced(client: Client, job_id: str, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("mine")
    folder = tmp_path / "outputs"
    folder.mkdir()
    (folder / MANIFEST_NAME).symlink_to(elsewhere)

    client.download(job_id, folder)

    assert elsewhere.read_text() == "mine"
    assert not (folder / MANIFEST_NAME).is_symlink()
    assert downloaded_files(folder) == {folder / "big.bin"}


def test_manifest_that_is_a_link_is_not_read(client: Client, job_id: str, tmp_path: Path) -> None:
    client.download(job_id, tmp_path)
    folder = tmp_path / "outputs"
    folder.mkdir()
    (folder / MANIFEST_NAME).symlink_to(tmp_path / MANIFEST_NAME)

    assert read_manifest(tmp_path, job_id)
    assert read_manifest(folder, job_id) is None
    assert downloaded_files(folder) == set()


def test_target_that_is_a_link_is_replaced_only_with_overwrite(client: Client, job_id: str, tmp_path: Path) -> None:
    folder = tmp_path / "outputs"
    folder.mkdir()
    (folder / "big.bin").symlink_to(tmp_path / "nowhere")
    with pytest.raises(DownloadError, match="would be replaced"):
        client.download(job_id, folder)

    client.download(job_id, folder, overwrite=True)

    assert not (tmp_path / "nowhere").exists()
    assert (folder / "big.bin").read_bytes() == BIG


def test_folder_with_the_name_of_a_partial_file(client: Client, job_id: str, tmp_path: Path) -> None:
    part = leave_part(tmp_path / "big.bin", etag_of(BIG), b"x")
    part.unlink()
    part.mkdir()

    with pytest.raises(DownloadError, match=r"big\.bin cannot be written"):
        client.download(job_id, tmp_path)
    assert part.is_dir()
