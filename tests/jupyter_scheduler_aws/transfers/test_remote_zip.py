"""Downloads of only the notebook from the zip of an input folder."""

import io
import random
import re
import zipfile
from pathlib import Path

import pytest

from jupyter_scheduler_aws import Client
from jupyter_scheduler_aws.client import InputChoice
from jupyter_scheduler_aws.errors import DownloadError
from jupyter_scheduler_aws.transfers.download_manifest import (
    MANIFEST_NAME,
    DownloadedFile,
    ManifestEntry,
    read_manifest,
)
from tests.jupyter_scheduler_aws.fake_api import FakeApi, etag_of
from tests.jupyter_scheduler_aws.fake_server import Fault, Response
from tests.jupyter_scheduler_aws.transfers.downloading import fetched, files_in
from tests.support.hostile_zips import directory_of, end_of, entry_of

NOTEBOOK = b'{"cells": []}' + b" " * 1000
DATA = random.Random(1).randbytes(3_000_000)
ZIP_PATH = "/s3/.*report.zip"


def package(members: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as target:
        for name, content in members.items():
            target.writestr(name, content)
    return file.getvalue()


SNAPSHOT = package({"report.ipynb": NOTEBOOK, "data.bin": DATA})


@pytest.fixture
def job_id(api: FakeApi) -> str:
    job_id = api.add_job(package_input_folder=True)
    api.jobs[job_id].files = {"report.zip": ("input", SNAPSHOT)}
    return job_id


def download(client: Client, job_id: str, folder: Path) -> list[Path]:
    return client.download(job_id, folder, with_input=InputChoice.NOTEBOOK)


def test_only_the_notebook_is_downloaded(api: FakeApi, client: Client, job_id: str, tmp_path: Path) -> None:
    [path] = download(client, job_id, tmp_path)

    assert path == tmp_path / "report.ipynb"
    assert path.read_bytes() == NOTEBOOK
    assert files_in(tmp_path) == [MANIFEST_NAME, "report.ipynb"]
    assert read_manifest(tmp_path, job_id) == ManifestEntry(
        complete=True, files={"report.ipynb": DownloadedFile(format="input", size_bytes=len(NOTEBOOK))}
    )
    ranges = [re.findall(r"\d+", request.headers["range"]) for request in api.seen("GET", ZIP_PATH)]
    assert sum(int(stop) - int(start) + 1 for start, stop in ranges) < 400_000
    assert len(ranges) == 2
    assert api.seen("GET", ZIP_PATH)[1].headers["if-match"] == etag_of(SNAPSHOT)


@pytest.mark.parametrize("name", ["./report.ipynb", ".//report.ipynb", "././report.ipynb"])
def test_notebook_that_another_tool_stored_below_a_dot_is_downloaded(
    api: FakeApi, client: Client, job_id: str, tmp_path: Path, name: str
) -> None:
    members = {"./": b"", "./data/report.ipynb": b"{}", name: NOTEBOOK, "./data.bin": DATA}
    api.jobs[job_id].files = {"report.zip": ("input", package(members))}

    [path] = download(client, job_id, tmp_path)

    assert (path, path.read_bytes()) == (tmp_path / "report.ipynb", NOTEBOOK)


@pytest.mark.parametrize("place", ["first", "last"])
def test_large_notebook_is_downloaded_in_ranges(
    api: FakeApi, client: Client, job_id: str, tmp_path: Path, place: str
) -> None:
    notebook = b'"' + random.Random(2).randbytes(1_000_000).hex().encode() + b'"'
    members = {"report.ipynb": notebook, "data.bin": DATA}
    ordered = members if place == "first" else dict(reversed(members.items()))
    api.jobs[job_id].files = {"report.zip": ("input", package(ordered))}
    api.faults += [Fault("GET", ZIP_PATH, drops_after=1000) for _ in range(3)]

    [path] = download(client, job_id, tmp_path)

    assert path.read_bytes() == notebook


def test_existing_notebook_is_not_downloaded_again(api: FakeApi, client: Client, job_id: str, tmp_path: Path) -> None:
    download(client, job_id, tmp_path)
    api.requests.clear()

    client.download(job_id, tmp_path, with_input=InputChoice.NOTEBOOK, again=False)

    assert fetched(api) == []


def test_single_notebook_is_downloaded_directly(api: FakeApi, client: Client, tmp_path: Path) -> None:
    job_id = api.add_job()
    api.jobs[job_id].files = {"report.ipynb": ("input", NOTEBOOK)}

    [path] = download(client, job_id, tmp_path)

    assert path.read_bytes() == NOTEBOOK


@pytest.mark.parametrize("packaged", [True, False])
def test_output_with_the_path_of_the_input_takes_precedence(
    api: FakeApi, client: Client, tmp_path: Path, *, packaged: bool
) -> None:
    job_id = api.add_job(package_input_folder=packaged)
    source = {"report.zip": ("input", SNAPSHOT)} if packaged else {}
    api.jobs[job_id].files = {**source, "report.ipynb": ("files", b"{}"), "x.html": ("html", b"")}

    download(client, job_id, tmp_path)

    assert (tmp_path / "report.ipynb").read_bytes() == b"{}"
    assert sorted(fetched(api)) == ["report.ipynb", "x.html"]


def test_whole_zip_is_downloaded_on_request(client: Client, job_id: str, tmp_path: Path) -> None:
    [path] = client.download(job_id, tmp_path, with_input=InputChoice.SNAPSHOT)

    assert (path.name, path.read_bytes()) == ("report.zip", SNAPSHOT)


@pytest.mark.parametrize("which", [0, 1])
def test_expired_presigned_url_is_renewed(
    api: FakeApi, client: Client, job_id: str, tmp_path: Path, which: int
) -> None:
    expired = Fault("GET", ZIP_PATH, instead=Response(403))
    api.faults += [*[Fault("GET", ZIP_PATH) for _ in range(which)], expired]

    [path] = download(client, job_id, tmp_path)

    assert path.read_bytes() == NOTEBOOK
    assert len(api.seen("GET", ".*/download_files")) == 2


def test_server_without_range_support(api: FakeApi, client: Client, job_id: str, tmp_path: Path) -> None:
    api.faults.append(Fault("GET", ZIP_PATH, instead=Response(200, SNAPSHOT, {"etag": etag_of(SNAPSHOT)})))

    [path] = download(client, job_id, tmp_path)

    assert path.read_bytes() == NOTEBOOK
    assert len(api.seen("GET", ZIP_PATH)) == 1


@pytest.mark.parametrize("start", [0, len(SNAPSHOT) - 65536])
def test_server_that_returns_another_range(
    api: FakeApi, client: Client, job_id: str, tmp_path: Path, start: int
) -> None:
    part = SNAPSHOT[start : start + 1000]
    response = Response(206, part, {"content-range": f"bytes {start}-{start + 999}/{len(SNAPSHOT)}"})
    api.faults.append(Fault("GET", ZIP_PATH, instead=response))

    [path] = download(client, job_id, tmp_path)

    assert path.read_bytes() == NOTEBOOK


def test_zip_that_changes_during_the_download(api: FakeApi, client: Client, job_id: str, tmp_path: Path) -> None:
    api.faults += [Fault("GET", ZIP_PATH), Fault("GET", ZIP_PATH, instead=Response(412))]

    [path] = download(client, job_id, tmp_path)

    assert path.read_bytes() == NOTEBOOK
    assert len(api.seen("GET", ZIP_PATH)) == 4, "from its beginning"


@pytest.mark.parametrize("status", [200, 206])
def test_server_that_never_stops_sending(
    api: FakeApi, client: Client, job_id: str, tmp_path: Path, status: int
) -> None:
    """It fails once; the next response is correct."""
    headers = {"content-range": f"bytes {len(SNAPSHOT) - 65536}-{len(SNAPSHOT) - 1}/{len(SNAPSHOT)}"}
    api.faults.append(Fault("GET", ZIP_PATH, instead=Response(status, b"x" * 65536, headers, is_endless=True)))

    if status == 206:
        [path] = download(client, job_id, tmp_path)
        assert path.read_bytes() == NOTEBOOK
    else:
        with pytest.raises(DownloadError, match="cannot be read"):
            download(client, job_id, tmp_path)


BROKEN_MEMBER = SNAPSHOT.replace(SNAPSHOT[42:62], bytes(20), 1)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"this is no zip", "cannot be read"),
        (b"", "cannot be read"),
        (SNAPSHOT[:-1000], "cannot be read"),
        (BROKEN_MEMBER, "cannot be read"),
        (package({"other.ipynb": NOTEBOOK}), "has no 'report.ipynb' in it"),
        (directory_of(lambda number: entry_of(b"%d" % number), 100_001), "it has more than 100,000 entries"),
        (bytes(65 << 20) + end_of(65 << 20), "its directory has 68,157,440 bytes"),
        (package({"report.ipynb": bytes(101 << 20)}), "'report.ipynb' has 105,906,176 bytes"),
    ],
)
def test_unusable_zip_is_explained(api: FakeApi, client: Client, tmp_path: Path, content: bytes, problem: str) -> None:
    job_id = api.add_job(package_input_folder=True)
    api.jobs[job_id].files = {"report.zip": ("input", content)}

    with pytest.raises(DownloadError, match=rf"report\.zip.*{problem}.*--with-input"):
        download(client, job_id, tmp_path)

    assert files_in(tmp_path) == []
