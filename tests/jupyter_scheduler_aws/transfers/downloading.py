"""Helpers for tests of downloads: contents, folder listings, and downloads in other processes."""

import subprocess
import sys
from pathlib import Path

from jupyter_scheduler_aws.transfers.partial_files import PartialFile
from tests.jupyter_scheduler_aws.fake_api import FakeApi

__all__ = ["BIG", "OTHER", "add_job", "fetched", "files_in", "leave_part", "parts_in", "start_download"]

BIG = bytes(range(256)) * 8000
"""2 MB: several chunks."""

OTHER = BIG[::-1]
"""As large as `BIG`."""

_ROOT = Path(__file__).parents[3]

_SCRIPT = """
import resource, sys
from jupyter_scheduler_aws import Client, RetryPolicy

url, job_id, folder, most_bytes = sys.argv[1:]
if int(most_bytes):
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(most_bytes), int(most_bytes)))
with Client(url, retry_policy=RetryPolicy(sleep=lambda seconds: None)) as client:
    client.download(job_id, folder, on_progress=lambda done, total: print(done, flush=True))
"""


def add_job(api: FakeApi, files: dict[str, tuple[str, bytes]], *, status: str = "COMPLETED") -> str:
    job_id = api.add_job(status=status)
    api.jobs[job_id].files = files
    return job_id


def files_in(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def parts_in(folder: Path) -> list[Path]:
    return list(folder.rglob("*.part"))


def fetched(api: FakeApi) -> list[str]:
    """Return the name of each downloaded file, request by request."""
    return [request.path.rpartition("/")[2] for request in api.seen("GET", "/s3/.*")]


def leave_part(target: Path, etag: str, content: bytes) -> Path:
    """Leave a partial file, as a killed download does."""
    with PartialFile(target) as part:
        part.start(etag)
        part.write(content)
    [path] = parts_in(target.parent)
    return path


def start_download(api: FakeApi, job_id: str, folder: Path, *, most_bytes: int = 0) -> subprocess.Popen[str]:
    """Download in another process, which prints the number of bytes so far after each chunk.

    `most_bytes` is how large a file may become, as on a disk that is full; 0: as large as it likes.
    """
    return subprocess.Popen(
        [sys.executable, "-c", _SCRIPT, api.url, job_id, str(folder), str(most_bytes)],
        cwd=_ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
