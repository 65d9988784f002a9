from pathlib import Path

import pytest

from jupyter_scheduler_aws import Client
from jupyter_scheduler_aws.client import InputChoice
from jupyter_scheduler_aws.errors import DownloadError, UnsafePathError
from jupyter_scheduler_aws.transfers.download_manifest import MANIFEST_NAME, downloaded_files
from tests.jupyter_scheduler_aws.fake_api import FakeApi
from tests.jupyter_scheduler_aws.fake_server import Fault, Response
from tests.jupyter_scheduler_aws.transfers.downloading import BIG, fetched, files_in


@pytest.fixture
def job_id(api: FakeApi) -> str:
    job_id = api.add_job()
    api.jobs[job_id].files = {"big.bin": ("files", BIG), "input.ipynb": ("input", b"{}")}
    return job_id


def stale_listing(client: Client, job_id: str) -> Fault:
    """Make the next listing of a job's files return the current one."""
    files = [vars(file) for file in client.files(job_id)]
    return Fault("GET", ".*/download_files", instead=Response.of({"files": files, "expires_in_seconds": 1}))


def test_dropped_download_resumes(api: FakeApi, client: Client, job_id: str, tmp_path: Path) -> None:
    api.faults.append(Fault("GET", "/s3/.*", drops_after=1_000_000))
    seen: list[tuple[int, int]] = []

    [path] = client.download(job_id, tmp_path, on_progress=lambda done, total: seen.append((done, total)))

    assert path.read_bytes() == BIG
    first, second = api.seen("GET", "/s3/.*")
    assert "range" not in first.headers
    assert int(second.headers["range"].removeprefix("bytes=").removesuffix("-")) > 0
    assert "if-match" in second.headers
    assert seen[-1] == (len(BIG), len(BIG))
    assert files_in(tmp_path) == [MANIFEST_NAME, "big.bin"]


def test_changed_file_is_downloaded_from_the_start(api: FakeApi, client: Client, job_id: str, tmp_path: Path) -> None:
    api.faults.append(Fault("GET", "/s3/.*", drops_after=1_000_000))
    api.faults.append(Fault("GET", "/s3/.*", instead=Response(412)))

    [path] = client.download(job_id, tmp_path)

    assert path.read_bytes() == BIG
    assert "range" not in api.seen("GET", "/s3/.*")[2].headers


def test_server_without_range_support(api: FakeApi, client: Client, job_id: str, tmp_path: Path) -> None:
    api.faults.append(Fault("GET", "/s3/.*", drops_after=1_000_000))
    api.faults.append(Fault("GET", "/s3/.*", instead=Response(200, BIG)))

    [path] = client.download(job_id, tmp_path)

    assert path.read_bytes() == BIG
    assert len(api.seen("GET", "/s3/.*")) == 2


def test_file_shorter_than_listed_is_not_kept(api: FakeApi, client: Client, job_id: str, tmp_path: Path) -> None:
    api.faults += [Fault("GET", "/s3/.*", instead=Response(200, BIG[:1000])) for _ in range(6)]

    with pytest.raises(DownloadError, match=r"big\.bin.*has 1,000 bytes instead of 2,048,000"):
        client.download(job_id, tmp_path / "outputs")

    assert files_in(tmp_path) == []


def test_file_larger_than_listed_is_listed_again(api: FakeApi, client: Client, job_id: str, tmp_path: Path) -> None:
    api.faults.append(stale_listing(client, job_id))
    api.jobs[job_id].files["big.bin"] = ("files", BIG + b"most")

    [path] = client.download(job_id, tmp_path)

    assert path.read_bytes() == BIG + b"most"


def test_expired_presigned_url_is_renewed(api: FakeApi, client: Client, job_id: str, tmp_path: Path) -> None:
    api.faults.append(stale_listing(client, job_id))
    api.generation = 2

    [path] = client.download(job_id, tmp_path)

    assert path.read_bytes() == BIG
    assert len(api.seen("GET", "/s3/.*")) == 2


def test_missing_file_is_not_retried(api: FakeApi, client: Client, job_id: str, tmp_path: Path) -> None:
    api.faults.append(Fault("GET", "/s3/.*", instead=Response(404)))

    with pytest.raises(DownloadError, match=r"big\.bin.*404"):
        client.download(job_id, tmp_path)

    assert len(api.seen("GET", "/s3/.*")) == 1


def test_unsafe_name_prevents_the_whole_download(api: FakeApi, client: Client, job_id: str, tmp_path: Path) -> None:
    api.jobs[job_id].files["../evil"] = ("files", b"x")

    with pytest.raises(UnsafePathError, match=r"\.\./evil"):
        client.download(job_id, tmp_path / "outputs")

    assert files_in(tmp_path) == []
    assert api.seen("GET", "/s3/.*") == []


def test_many_files_are_downloaded(api: FakeApi, client: Client, job_id: str, tmp_path: Path) -> None:
    api.page_size = 100
    files = {f"folder {n % 7}/ü {n}.txt": ("files", f"content {n}".encode() * n) for n in range(150)}
    api.jobs[job_id].files = dict(files)
    api.faults += [Fault("GET", "/s3/.*", drops_after=3) for _ in range(10)]

    client.download(job_id, tmp_path)

    assert {name: (tmp_path / name).read_bytes() for name in files} == {
        name: content for name, (_, content) in files.items()
    }


def test_thousand_small_files_need_one_request_each(api: FakeApi, client: Client, job_id: str, tmp_path: Path) -> None:
    files = {f"{n}.txt": ("files", f"content {n}".encode()) for n in range(1000)}
    api.jobs[job_id].files = dict(files)
    api.page_size = 1000

    paths = client.download(job_id, tmp_path)

    assert sorted(fetched(api)) == sorted(files)
    assert len(api.requests) == len(files) + 2, "the job and the list"
    assert {path.name: path.read_bytes() for path in paths} == {name: content for name, (_, content) in files.items()}
    assert files_in(tmp_path) == sorted([MANIFEST_NAME, *files])


def test_failure_stops_the_other_files_and_the_next_download_removes_partial_files(
    api: FakeApi, client: Client, job_id: str, tmp_path: Path
) -> None:
    api.jobs[job_id].files = {f"{n}.bin": ("files", BIG) for n in range(20)}
    api.faults.append(Fault("GET", "/s3/.*", instead=Response(404)))

    with pytest.raises(DownloadError, match="404"):
        client.download(job_id, tmp_path)
    assert len(api.seen("GET", "/s3/.*")) < 20

    client.download(job_id, tmp_path)
    assert files_in(tmp_path) == sorted([MANIFEST_NAME, *api.jobs[job_id].files])


def test_user_files_are_replaced_only_with_overwrite(api: FakeApi, client: Client, job_id: str, tmp_path: Path) -> None:
    (tmp_path / "big.bin").write_text("mine")

    with pytest.raises(DownloadError, match=r"big\.bin would be replaced.*--overwrite"):
        client.download(job_id, tmp_path)
    assert (tmp_path / "big.bin").read_text() == "mine"

    client.download(job_id, tmp_path, overwrite=True)
    assert (tmp_path / "big.bin").read_bytes() == BIG
    assert downloaded_files(tmp_path) == set()


def test_downloaded_files_are_replaced(api: FakeApi, client: Client, job_id: str, tmp_path: Path) -> None:
    client.download(job_id, tmp_path)
    api.jobs[job_id].files["big.bin"] = ("files", b"newer")

    client.download(job_id, tmp_path)

    assert (tmp_path / "big.bin").read_bytes() == b"newer"
    assert downloaded_files(tmp_path) == {tmp_path / "big.bin"}


def test_input_is_downloaded_only_on_request(client: Client, job_id: str, tmp_path: Path) -> None:
    client.download(job_id, tmp_path, with_input=InputChoice.SNAPSHOT)

    assert files_in(tmp_path) == [MANIFEST_NAME, "big.bin", "input.ipynb"]


def test_download_of_selected_formats(api: FakeApi, client: Client, tmp_path: Path) -> None:
    client.download(api.add_job(), tmp_path, output_formats=["html"])

    assert files_in(tmp_path) == [MANIFEST_NAME, "report-2026.html"]


def test_job_without_files_is_explained(api: FakeApi, client: Client, job_id: str, tmp_path: Path) -> None:
    api.jobs[job_id].files = {}

    with pytest.raises(DownloadError, match="status is COMPLETED, has no such files"):
        client.download(job_id, tmp_path)
    api.jobs[job_id].document["status"] = "IN_PROGRESS"
    with pytest.raises(DownloadError, match="no such files yet"):
        client.download(job_id, tmp_path)


def test_file_at_the_path_of_a_folder(client: Client, job_id: str, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")

    with pytest.raises(DownloadError, match="cannot be created"):
        client.download(job_id, tmp_path / "taken")


def test_folder_at_the_path_of_a_file(client: Client, job_id: str, tmp_path: Path) -> None:
    (tmp_path / "big.bin").mkdir()

    with pytest.raises(DownloadError, match="cannot be written"):
        client.download(job_id, tmp_path, overwrite=True)
