"""Simultaneous downloads of one job into one folder."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from jupyter_scheduler_aws import Client, RetryPolicy
from jupyter_scheduler_aws.transfers.download_manifest import MANIFEST_NAME, read_manifest
from tests.jupyter_scheduler_aws.fake_api import FakeApi
from tests.jupyter_scheduler_aws.transfers.downloading import BIG, OTHER, add_job, files_in, start_download


@pytest.fixture
def job_id(api: FakeApi) -> str:
    return add_job(api, {"big.bin": ("files", BIG)})


class Rival:
    """Another download of the same job, which runs when the first one has its first chunk."""

    def __init__(self, run: Callable[[], object]) -> None:
        self._run = run
        self.has_run = False

    def __call__(self, _done: int, _total: int) -> None:
        if not self.has_run:
            self.has_run = True
            self._run()


def test_another_download_finishes_first_with_the_same_partial_file(
    api: FakeApi, client: Client, job_id: str, tmp_path: Path
) -> None:
    with Client(api.url) as other:
        rival = Rival(lambda: other.download(job_id, tmp_path))
        [path] = client.download(job_id, tmp_path, on_progress=rival)

    assert rival.has_run
    assert path.read_bytes() == BIG
    assert ["range" in request.headers for request in api.seen("GET", "/s3/.*")] == [False, True]
    assert files_in(tmp_path) == [MANIFEST_NAME, "big.bin"]


def test_another_download_finishes_first_with_another_version(
    api: FakeApi, client: Client, job_id: str, tmp_path: Path
) -> None:
    def replace_and_download() -> None:
        api.jobs[job_id].files["big.bin"] = ("files", OTHER)
        with Client(api.url) as other:
            other.download(job_id, tmp_path)

    [path] = client.download(job_id, tmp_path, on_progress=Rival(replace_and_download))

    assert path.read_bytes() == OTHER
    assert files_in(tmp_path) == [MANIFEST_NAME, "big.bin"]


def test_two_processes_and_two_threads_download_at_once(
    api: FakeApi, retry_policy: RetryPolicy, tmp_path: Path
) -> None:
    files = {f"{n}.bin": ("files", BIG[n:]) for n in range(8)}
    job_id = add_job(api, files)

    def download(_: int) -> None:
        with Client(api.url, retry_policy=retry_policy) as client:
            client.download(job_id, tmp_path)

    with (
        start_download(api, job_id, tmp_path) as first,
        start_download(api, job_id, tmp_path) as second,
        ThreadPoolExecutor(2) as pool,
    ):
        list(pool.map(download, range(2)))
        errors = [process.communicate()[1] for process in (first, second)]

    assert [first.returncode, second.returncode] == [0, 0], errors
    assert {name: (tmp_path / name).read_bytes() for name in files} == {
        name: content for name, (_, content) in files.items()
    }
    assert files_in(tmp_path) == sorted([MANIFEST_NAME, *files])
    found = read_manifest(tmp_path, job_id)
    assert found
    assert (found.complete, set(found.files)) == (True, set(files))
