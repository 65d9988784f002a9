"""Interrupted downloads, even of killed processes, resume."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from jupyter_scheduler_aws import Client
from jupyter_scheduler_aws.errors import DownloadError
from jupyter_scheduler_aws.transfers.download_manifest import MANIFEST_NAME, read_manifest
from jupyter_scheduler_aws.transfers.partial_files import is_partial_file
from tests.jupyter_scheduler_aws.fake_api import FakeApi, etag_of
from tests.jupyter_scheduler_aws.fake_server import Fault, Response
from tests.jupyter_scheduler_aws.transfers.downloading import (
    BIG,
    OTHER,
    add_job,
    fetched,
    files_in,
    leave_part,
    parts_in,
    start_download,
)


@pytest.fixture
def job_id(api: FakeApi) -> str:
    return add_job(api, {"big.bin": ("files", BIG)})


@contextmanager
def held_line(api: FakeApi, path: str, after_bytes: int) -> Iterator[None]:
    """Stop the first response for a file after this number of bytes."""
    gate = threading.Event()
    api.faults.append(Fault("GET", path, drops_after=after_bytes, holds=gate))
    try:
        yield
    finally:
        gate.set()


def kill_halfway(api: FakeApi, job_id: str, folder: Path, *, after_bytes: int) -> None:
    """Kill a process with SIGKILL when its download has this number of bytes."""
    with held_line(api, "/s3/.*big.bin", 1_000_000), start_download(api, job_id, folder) as process:
        assert process.stdout
        next(line for line in process.stdout if int(line) >= after_bytes)
        process.kill()


def test_download_of_a_killed_process_resumes(api: FakeApi, client: Client, job_id: str, tmp_path: Path) -> None:
    kill_halfway(api, job_id, tmp_path, after_bytes=500_000)
    [part] = parts_in(tmp_path)
    there = part.stat().st_size
    assert 500_000 <= there < 1_000_000
    assert is_partial_file(part.name)

    [path] = client.download(job_id, tmp_path)

    assert path.read_bytes() == BIG
    _, second = api.seen("GET", "/s3/.*")
    assert second.headers["range"] == f"bytes={there}-"
    assert second.headers["if-match"] == etag_of(BIG)
    assert files_in(tmp_path) == [MANIFEST_NAME, "big.bin"]


@pytest.mark.parametrize("again", [True, False])
def test_files_of_a_killed_process_can_be_replaced(
    api: FakeApi, client: Client, tmp_path: Path, *, again: bool
) -> None:
    small = {f"{n}.txt": ("files", b"x" * n) for n in range(1, 5)}
    job_id = add_job(api, small | {"big.bin": ("files", BIG)})
    kill_halfway(api, job_id, tmp_path, after_bytes=500_000)
    arrived = {name for name in small if (tmp_path / name).exists()}
    assert arrived
    found = read_manifest(tmp_path, job_id)
    assert found
    assert not found.complete
    assert set(found.files) == {*small, "big.bin"}
    api.requests.clear()

    client.download(job_id, tmp_path, again=again)

    assert sorted(fetched(api)) == sorted({"big.bin", *small} - (set() if again else arrived))
    assert files_in(tmp_path) == sorted([MANIFEST_NAME, "big.bin", *small])


def test_partial_file_of_another_version_is_discarded(
    api: FakeApi, client: Client, job_id: str, tmp_path: Path
) -> None:
    kill_halfway(api, job_id, tmp_path, after_bytes=500_000)
    api.jobs[job_id].files["big.bin"] = ("files", OTHER)

    [path] = client.download(job_id, tmp_path)

    assert path.read_bytes() == OTHER
    _, resumed, anew = api.seen("GET", "/s3/.*")
    assert "range" in resumed.headers
    assert "range" not in anew.headers
    assert parts_in(tmp_path) == []


def test_too_large_partial_file_is_discarded(api: FakeApi, client: Client, job_id: str, tmp_path: Path) -> None:
    leave_part(tmp_path / "big.bin", etag_of(BIG), BIG + b"more")

    [path] = client.download(job_id, tmp_path)

    assert path.read_bytes() == BIG
    assert ["range" in request.headers for request in api.seen("GET", "/s3/.*")] == [False]
    assert parts_in(tmp_path) == []


def test_complete_partial_file_needs_one_byte(api: FakeApi, client: Client, job_id: str, tmp_path: Path) -> None:
    leave_part(tmp_path / "big.bin", etag_of(BIG), BIG)

    [path] = client.download(job_id, tmp_path)

    assert path.read_bytes() == BIG
    assert [request.headers["range"] for request in api.seen("GET", "/s3/.*")] == [f"bytes={len(BIG) - 1}-"]


def test_server_that_ignores_the_range_on_resume(api: FakeApi, client: Client, job_id: str, tmp_path: Path) -> None:
    leave_part(tmp_path / "big.bin", etag_of(BIG), BIG[:1000])
    api.faults.append(Fault("GET", "/s3/.*", instead=Response(200, BIG, {"etag": etag_of(BIG)})))

    [path] = client.download(job_id, tmp_path)

    assert path.read_bytes() == BIG
    assert len(api.seen("GET", "/s3/.*")) == 1


@pytest.mark.parametrize("content_range", ["bytes 0-1047999/2048000", "bytes 1000000-2047999/*", ""])
def test_server_that_returns_another_range_on_resume(
    api: FakeApi, client: Client, job_id: str, tmp_path: Path, content_range: str
) -> None:
    leave_part(tmp_path / "big.bin", etag_of(BIG), BIG[:1_000_000])
    headers = {"etag": etag_of(BIG), "content-range": content_range}
    api.faults.append(Fault("GET", "/s3/.*", instead=Response(206, BIG[:1_048_000], headers)))

    [path] = client.download(job_id, tmp_path)

    assert path.read_bytes() == BIG
    assert "range" not in api.seen("GET", "/s3/.*")[1].headers


def test_etag_that_cannot_be_part_of_a_name(api: FakeApi, client: Client, job_id: str, tmp_path: Path) -> None:
    api.etag_of = lambda content: f'W/"../{etag_of(content)[1:]}'
    api.faults.append(Fault("GET", "/s3/.*", drops_after=1_000_000))
    client.download(job_id, tmp_path)
    assert "if-match" in api.seen("GET", "/s3/.*")[1].headers, "this process knows it"
    assert files_in(tmp_path) == [MANIFEST_NAME, "big.bin"]

    api.faults += [Fault("GET", "/s3/.*", drops_after=300_000) for _ in range(6)]
    with pytest.raises(DownloadError, match="was interrupted"):
        client.download(job_id, tmp_path)
    assert parts_in(tmp_path) == []


def test_presigned_url_that_expires_during_a_download(
    api: FakeApi, client: Client, job_id: str, tmp_path: Path
) -> None:
    def expire(_done: int, _total: int) -> None:
        api.generation = 2

    api.faults.append(Fault("GET", "/s3/.*", drops_after=1_000_000))

    [path] = client.download(job_id, tmp_path, on_progress=expire)

    assert path.read_bytes() == BIG
    first, refused, repeated = (request.headers.get("range") for request in api.seen("GET", "/s3/.*"))
    assert first is None
    assert refused
    assert repeated == refused


def test_full_disk_is_explained(api: FakeApi, client: Client, job_id: str, tmp_path: Path) -> None:
    with start_download(api, job_id, tmp_path, most_bytes=1_000_000) as process:
        _, stderr = process.communicate()
    assert "DownloadError" in stderr.splitlines()[-1]
    assert "big.bin cannot be written: File too large" in stderr.splitlines()[-1]
    assert not (tmp_path / "big.bin").exists()

    [path] = client.download(job_id, tmp_path)

    assert path.read_bytes() == BIG
    assert api.seen("GET", "/s3/.*")[-1].headers["range"] == "bytes=1000000-"
