"""Contents are verified with the MD5 that S3 states."""

from pathlib import Path

import pytest

from jupyter_scheduler_aws import Client
from jupyter_scheduler_aws.errors import DownloadError
from jupyter_scheduler_aws.transfers.download_manifest import MANIFEST_NAME
from tests.jupyter_scheduler_aws.fake_api import FakeApi, etag_of
from tests.jupyter_scheduler_aws.fake_server import Fault, Response
from tests.jupyter_scheduler_aws.transfers.downloading import BIG, add_job, files_in, leave_part, parts_in

WRONG = BIG[:-1] + b"?"
"""As large as `BIG`."""


@pytest.fixture
def job_id(api: FakeApi) -> str:
    return add_job(api, {"big.bin": ("files", BIG)})


def corrupt(headers: dict[str, str] | None = None) -> Fault:
    return Fault("GET", "/s3/.*", instead=Response(200, WRONG, {"etag": etag_of(BIG), **(headers or {})}))


@pytest.mark.parametrize("headers", [{}, {"x-amz-server-side-encryption": "AES256"}])
def test_wrong_content_is_downloaded_again(
    api: FakeApi, client: Client, job_id: str, tmp_path: Path, headers: dict[str, str]
) -> None:
    api.faults.append(corrupt(headers))

    [path] = client.download(job_id, tmp_path)

    assert path.read_bytes() == BIG
    assert ["range" in request.headers for request in api.seen("GET", "/s3/.*")] == [False, False]


def test_content_that_stays_wrong_is_not_kept(api: FakeApi, client: Client, job_id: str, tmp_path: Path) -> None:
    api.faults += [corrupt() for _ in range(6)]

    with pytest.raises(DownloadError, match=r"big\.bin.*MD5"):
        client.download(job_id, tmp_path)

    assert files_in(tmp_path) == []
    assert api.faults == []


def test_partial_file_with_wrong_content_is_detected(api: FakeApi, client: Client, job_id: str, tmp_path: Path) -> None:
    leave_part(tmp_path / "big.bin", etag_of(BIG), b"?" * 1_000_000)

    [path] = client.download(job_id, tmp_path)

    assert path.read_bytes() == BIG
    assert ["range" in request.headers for request in api.seen("GET", "/s3/.*")] == [True, False]
    assert parts_in(tmp_path) == []


@pytest.mark.parametrize(
    "headers",
    [
        {"etag": f'"{"0" * 32}-3"'},
        {"etag": f'"{"0" * 32}"', "x-amz-server-side-encryption": "aws:kms"},
        {"etag": f'"{"0" * 32}"', "x-amz-server-side-encryption": "aws:kms:dsse"},
        {"etag": f'"{"0" * 32}"', "x-amz-server-side-encryption-customer-algorithm": "AES256"},
        {"etag": '"something"'},
    ],
)
def test_etag_without_an_md5_is_not_compared(
    api: FakeApi, client: Client, job_id: str, tmp_path: Path, headers: dict[str, str]
) -> None:
    api.headers = headers
    api.faults.append(Fault("GET", "/s3/.*", drops_after=1_000_000))

    [path] = client.download(job_id, tmp_path)

    assert path.read_bytes() == BIG
    assert api.seen("GET", "/s3/.*")[1].headers["if-match"] == headers["etag"]
    assert files_in(tmp_path) == [MANIFEST_NAME, "big.bin"]


def test_an_empty_file(api: FakeApi, client: Client, tmp_path: Path) -> None:
    [path] = client.download(add_job(api, {"empty": ("files", b"")}), tmp_path)

    assert path.read_bytes() == b""
    assert files_in(tmp_path) == [MANIFEST_NAME, "empty"]


def test_server_that_never_stops_sending_is_disconnected(
    api: FakeApi, client: Client, job_id: str, tmp_path: Path
) -> None:
    api.faults.append(Fault("GET", "/s3/.*", instead=Response(200, BIG, is_endless=True)))

    [path] = client.download(job_id, tmp_path)

    assert path.read_bytes() == BIG
