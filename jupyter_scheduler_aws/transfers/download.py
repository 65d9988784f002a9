"""Download a job's files in parallel: each whole or not at all, resuming earlier downloads."""

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from functools import partial
from pathlib import Path
from typing import Final

from jupyter_scheduler_aws.api.job_endpoints import Api
from jupyter_scheduler_aws.api.response_models import OutputFile
from jupyter_scheduler_aws.enums import InputChoice
from jupyter_scheduler_aws.errors import DownloadError
from jupyter_scheduler_aws.transfers.callbacks import Progress
from jupyter_scheduler_aws.transfers.download_file import download_file
from jupyter_scheduler_aws.transfers.download_plan import DownloadPlan
from jupyter_scheduler_aws.transfers.file_selection import DownloadItem, select_files
from jupyter_scheduler_aws.transfers.partial_files import PartialFile, find_partial_files
from jupyter_scheduler_aws.transfers.presigned_source import PresignedSource
from jupyter_scheduler_aws.transfers.remote_zip import download_member

__all__ = ["download_files"]

_MAX_PARALLEL: Final = 4
"""Files downloaded at the same time: enough to hide the latency of many small ones, without taking the whole bandwidth."""


def download_files(
    api: Api,
    job_id: str,
    folder: Path,
    *,
    attempt: int | None,
    output_formats: Sequence[str],
    with_input: InputChoice,
    overwrite: bool,
    again: bool,
    on_progress: Progress,
    on_renamed: Callable[[str, Path], None],
    on_earlier_attempt: Callable[[int], None],
) -> list[Path]:
    """Download a job's files into a folder. `Client.download` describes the parameters.

    Raises
    ------
    DownloadError
        If there is no file, or if a file is incomplete, cannot be written, or would replace one that no download wrote.
    """
    # The order matters: a job that ended before its files are listed creates no more of them. In the other order, files
    # that it creates between the two requests would be missing from a download that counts as complete.
    job = api.get_job(job_id)
    made_by, files = api.attempt_files(job_id, attempt=attempt)
    items = select_files(files, job, output_formats=output_formats, with_input=with_input, attempt=attempt)
    plan = DownloadPlan(folder, job_id, items, is_ended=job.is_ended, overwrite=overwrite, again=again)
    for name, path in plan.renamed.items():
        on_renamed(name, path)
    if attempt is None and 0 < made_by < job.attempt:
        on_earlier_attempt(made_by)
    if plan.missing:
        plan.start()
    list_again = partial(api.files, job_id, attempt=made_by or None)
    batch = _Batch(api, plan.missing, list_again=list_again, on_progress=on_progress)
    try:
        batch.download_all(plan.paths)
    except BaseException:
        plan.abort(batch.sizes)
        raise
    plan.finish(batch.sizes)
    return list(plan.paths.values())


class _CancelledError(Exception):
    """Another file failed, or the user interrupted the download."""


class _Batch:
    """The files to download, with their current URLs."""

    def __init__(
        self,
        api: Api,
        items: Iterable[DownloadItem],
        *,
        list_again: Callable[[], Iterable[OutputFile]],
        on_progress: Progress,
    ) -> None:
        self._items = {item.path: item for item in items}
        self._links = {_identity(item.file): item.file for item in self._items.values()}
        self._http = api.transport.http
        self._retry_policy = api.retry_policy
        self._list_again = list_again
        self._on_progress = on_progress
        self._lock = threading.Lock()
        self._done = dict.fromkeys(self._items, 0)
        self._all_done = 0
        self._total = sum(item.size_bytes or 0 for item in self._items.values())
        self._is_cancelled = False
        self.sizes: dict[str, int] = {}
        """Size of each file that is complete [B]."""

    def download_all(self, paths: Mapping[str, Path]) -> None:
        partial_files = find_partial_files(paths[name] for name in self._items)
        with ThreadPoolExecutor(_MAX_PARALLEL, thread_name_prefix="download") as pool:
            futures = [
                pool.submit(self._download, item, PartialFile(paths[name], partial_files[paths[name]]))
                for name, item in self._items.items()
            ]
            try:
                wait(futures, return_when=FIRST_EXCEPTION)
            finally:
                self._is_cancelled = True
                pool.shutdown(wait=True, cancel_futures=True)
        errors = [error for future in futures if not future.cancelled() and (error := future.exception())]
        for error in sorted(errors, key=lambda error: isinstance(error, _CancelledError)):
            raise error

    def _download(self, item: DownloadItem, part: PartialFile) -> None:
        source = PresignedSource(partial(self._get_link, _identity(item.file)), http=self._http)
        on_bytes = partial(self._report_progress, item)
        try:
            part.target.parent.mkdir(parents=True, exist_ok=True)
            with part:
                if item.member is None:
                    size = download_file(part, source, retry_policy=self._retry_policy, on_bytes=on_bytes)
                else:
                    size = download_member(
                        part, source, item.member, retry_policy=self._retry_policy, on_bytes=on_bytes
                    )
        except OSError as error:
            raise DownloadError(
                f"{part.target} cannot be written: {error.strerror or error}. "
                "Check space and permissions, then download again; the download resumes."
            ) from error
        self.sizes[item.path] = size

    def _get_link(self, which: tuple[str, str], failed: OutputFile | None) -> OutputFile:
        """Return a file with its URL. List the files again if the URL is still the one that failed."""
        with self._lock:
            if failed is not None and self._links[which] == failed:
                self._links |= {_identity(file): file for file in self._list_again() if _identity(file) in self._links}
            return self._links[which]

    def _report_progress(self, item: DownloadItem, done: int) -> None:
        if self._is_cancelled:
            raise _CancelledError
        if item.size_bytes is None:
            return
        with self._lock:
            self._all_done += done - self._done[item.path]
            self._done[item.path] = done
            self._on_progress(self._all_done, self._total)


def _identity(file: OutputFile) -> tuple[str, str]:
    return file.file_format, file.path
