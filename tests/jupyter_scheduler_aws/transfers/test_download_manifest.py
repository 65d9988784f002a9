"""The download manifest of a folder."""

import json
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from jupyter_scheduler_aws import Client
from jupyter_scheduler_aws.client import InputChoice
from jupyter_scheduler_aws.errors import DownloadError
from jupyter_scheduler_aws.transfers.download_manifest import (
    MANIFEST_NAME,
    DownloadedFile,
    FileState,
    ManifestEntry,
    downloaded_files,
    read_manifest,
    update_manifest,
)
from jupyter_scheduler_aws.transfers.partial_files import is_partial_file
from tests.jupyter_scheduler_aws.fake_api import FakeApi
from tests.jupyter_scheduler_aws.fake_server import Fault, Response
from tests.jupyter_scheduler_aws.transfers.downloading import add_job, files_in


def entry(*names: str, complete: bool = True) -> ManifestEntry:
    return ManifestEntry(
        complete=complete, files={name: DownloadedFile(format="files", size_bytes=1) for name in names}
    )


def test_manifest_lists_the_files_of_each_job(api: FakeApi, client: Client, tmp_path: Path) -> None:
    job_id = api.add_job()
    api.jobs[job_id].files["report.ipynb"] = ("input", b"{}")

    client.download(job_id, tmp_path, with_input=InputChoice.SNAPSHOT)

    document = json.loads((tmp_path / MANIFEST_NAME).read_text())
    assert set(document) == {"about", "jobs"}
    assert document["jobs"] == {
        job_id: {
            "complete": True,
            "files": {
                "report-2026.html": {"format": "html", "size_bytes": 13_000},
                "report-2026.ipynb": {"format": "ipynb", "size_bytes": 2},
                "report.ipynb": {"format": "input", "size_bytes": 2},
                "results/table.csv": {"format": "files", "size_bytes": 20},
            },
        }
    }
    assert read_manifest(tmp_path, "another") is None
    assert read_manifest(tmp_path / "nowhere", job_id) is None


def test_download_of_a_running_job_is_never_complete(api: FakeApi, client: Client, tmp_path: Path) -> None:
    job_id = add_job(api, {"a.ipynb": ("ipynb", b"1"), "in.ipynb": ("input", b"2")}, status="IN_PROGRESS")
    api.jobs[job_id].plan = [{}, {"status": "COMPLETED"}]

    client.download(job_id, tmp_path, with_input=InputChoice.SNAPSHOT)

    assert read_manifest(tmp_path, job_id) == ManifestEntry(
        complete=False,
        files={
            "a.ipynb": DownloadedFile(format="ipynb", size_bytes=1, state=FileState.PREVIEW),
            "in.ipynb": DownloadedFile(format="input", size_bytes=1),
        },
    )
    client.download(job_id, tmp_path)
    found = read_manifest(tmp_path, job_id)
    assert found
    assert found.complete
    assert {file.state for file in found.files.values()} == {FileState.FINAL}


def test_download_of_a_job_that_ends_during_the_listing_is_not_complete(
    api: FakeApi, client: Client, tmp_path: Path
) -> None:
    """The files that it created between the listing and its end are missing."""
    job_id = add_job(api, {"a.ipynb": ("ipynb", b"1")}, status="IN_PROGRESS")
    before = [vars(file) for file in client.files(job_id)]
    api.jobs[job_id].plan = [{}, {"status": "COMPLETED"}]
    api.faults.append(Fault("GET", ".*/download_files", instead=Response.of({"files": before})))
    api.jobs[job_id].files["b.html"] = ("html", b"2")

    client.download(job_id, tmp_path)

    found = read_manifest(tmp_path, job_id)
    assert found
    assert not found.complete


def test_manifest_after_a_failure_lists_the_downloaded_files(api: FakeApi, client: Client, tmp_path: Path) -> None:
    job_id = add_job(api, {"a.html": ("html", b"1"), "b.txt": ("files", b"2")})
    client.download(job_id, tmp_path, output_formats=["html"])
    found = read_manifest(tmp_path, job_id)
    assert found
    assert found.complete
    api.faults.append(Fault("GET", "/s3/.*b.txt", instead=Response(404)))

    with pytest.raises(DownloadError, match="404"):
        client.download(job_id, tmp_path, again=False)

    assert read_manifest(tmp_path, job_id) == ManifestEntry(complete=False, files=found.files)
    assert downloaded_files(tmp_path) == {tmp_path / "a.html"}


def test_jobs_share_a_folder(api: FakeApi, client: Client, tmp_path: Path) -> None:
    first = add_job(api, {"own.txt": ("files", b"1"), "report.html": ("html", b"1")})
    second = add_job(api, {"report.html": ("html", b"22")})

    client.download(first, tmp_path)
    client.download(second, tmp_path)

    assert read_manifest(tmp_path, first) == entry("own.txt", complete=False), (
        "one of its files is another job's by now"
    )
    assert read_manifest(tmp_path, second) == ManifestEntry(
        complete=True, files={"report.html": DownloadedFile(format="html", size_bytes=2)}
    )
    assert downloaded_files(tmp_path) == {tmp_path / "own.txt", tmp_path / "report.html"}
    client.download(first, tmp_path, again=False)
    assert (tmp_path / "report.html").read_bytes() == b"1"
    assert read_manifest(tmp_path, second) is None


def test_download_of_one_format_keeps_the_other_entries(api: FakeApi, client: Client, tmp_path: Path) -> None:
    job_id = add_job(api, {"a.txt": ("files", b"1"), "b.txt": ("files", b"1"), "c.html": ("html", b"1")})
    client.download(job_id, tmp_path)
    (tmp_path / "a.txt").unlink()

    client.download(job_id, tmp_path, output_formats=["html"])

    assert downloaded_files(tmp_path) == {tmp_path / "b.txt", tmp_path / "c.html"}


def test_manifest_among_the_outputs_is_not_downloaded(api: FakeApi, client: Client, tmp_path: Path) -> None:
    forged = json.dumps({"jobs": {"x": {"complete": True, "files": {"mine": {"format": "files", "size_bytes": 1}}}}})
    names = {
        MANIFEST_NAME: ("files", forged.encode()),
        f"sub/{MANIFEST_NAME.upper()}": ("files", b""),
        "a.txt": ("files", b"1"),
    }
    job_id = add_job(api, names)

    client.download(job_id, tmp_path)

    assert files_in(tmp_path) == [MANIFEST_NAME, "a.txt"]
    assert downloaded_files(tmp_path) == {tmp_path / "a.txt"}


def make_pipe(path: Path) -> None:
    os.mkfifo(path)


def write(text: str | bytes) -> Callable[[Path], None]:
    def plant(path: Path) -> None:
        path.write_bytes(text.encode() if isinstance(text, str) else text)

    return plant


@pytest.mark.parametrize(
    "plant",
    [
        write(""),
        write("{"),
        write(b'{"jobs": "\xff"}'),
        write("[]"),
        write("null"),
        write("[" * 100_000),
        write('{"about": "", "files": ["a.txt"]}'),
        write('{"jobs": []}'),
        write('{"jobs": {"j": null}}'),
        write('{"jobs": {"j": {"complete": true}}}'),
        write('{"jobs": {"j": {"complete": true, "files": ["a.txt"]}}}'),
        write('{"jobs": {"j": {"complete": true, "files": {"a.txt": {"format": "files"}}}}}'),
        write('{"jobs": {"j": {"complete": true, "files": {"a.txt": {"format": "files", "size_bytes": []}}}}}'),
        write('{"jobs": {"j": {"complete": true, "files": {"../a.txt": {"format": "files", "size_bytes": 1}}}}}'),
        write('{"jobs": {"j": {"complete": true, "files": {"/a.txt": {"format": "files", "size_bytes": 1}}}}}'),
        write(
            '{"jobs": {"j": {"complete": true, "files": {"a": {"format": "files", "size_bytes": 1, "state": "?"}}}}}'
        ),
        make_pipe,
    ],
)
def test_unreadable_manifest_counts_as_missing(
    api: FakeApi, client: Client, tmp_path: Path, plant: Callable[[Path], None]
) -> None:
    plant(tmp_path / MANIFEST_NAME)
    (tmp_path / "a.txt").write_text("mine")
    job_id = add_job(api, {"a.txt": ("files", b"1"), "b.txt": ("files", b"1")})

    assert read_manifest(tmp_path, "j") is None
    assert downloaded_files(tmp_path) == set()
    with pytest.raises(DownloadError, match=r"a\.txt would be replaced"):
        client.download(job_id, tmp_path)
    client.download(job_id, tmp_path, overwrite=True)
    assert read_manifest(tmp_path, job_id) == entry("b.txt")


def test_folder_at_the_path_of_the_manifest(api: FakeApi, client: Client, tmp_path: Path) -> None:
    (tmp_path / MANIFEST_NAME).mkdir()
    job_id = api.add_job()

    assert read_manifest(tmp_path, job_id) is None
    with pytest.raises(DownloadError, match=r"\.nbjobs\.json cannot be written"):
        client.download(job_id, tmp_path)
    assert files_in(tmp_path) == []
    assert api.seen("GET", "/s3/.*") == []


def test_threads_do_not_lose_manifest_entries(tmp_path: Path) -> None:
    def add(number: int) -> None:
        update_manifest(tmp_path, f"job-{number}", lambda _: entry(f"{number}.txt"))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(add, range(50)))

    assert [read_manifest(tmp_path, f"job-{n}") for n in range(50)] == [entry(f"{n}.txt") for n in range(50)]
    assert files_in(tmp_path) == [MANIFEST_NAME]


def test_manifest_is_removed_with_its_last_entry(tmp_path: Path) -> None:
    update_manifest(tmp_path, "j", lambda _: entry("a"))
    update_manifest(tmp_path, "j", lambda _: None)

    assert files_in(tmp_path) == []


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (".0123456789ab-d41d8cd98f00b204e9800998ecf8427e.part", True),
        (".0123456789ab-_0123456789abcdef.part", True),
        (f"{MANIFEST_NAME}.0123456789abcdef.part", True),
        (MANIFEST_NAME, False),
        ("own.part", False),
        (".0123456789ab-../../x.part", False),
    ],
)
def test_partial_files_are_recognized_by_name(name: str, *, expected: bool) -> None:
    assert is_partial_file(name) is expected
