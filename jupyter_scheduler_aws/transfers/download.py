"""Brings a job's files to this machine: each whole or not at all, taken up again where an earlier download broke off."""

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from functools import partial
from pathlib import Path
from typing import Final

from jupyter_scheduler_aws.api.job_endpoints import Api
from jupyter_scheduler_aws.api.response_models import OutputFile
from jupyter_scheduler_aws.errors import DownloadError
from jupyter_scheduler_aws.transfers.download_file import fetch
from jupyter_scheduler_aws.transfers.download_plan import Plan
from jupyter_scheduler_aws.transfers.file_selection import InputChoice, Item, select
from jupyter_scheduler_aws.transfers.partial_files import Part, find_parts
from jupyter_scheduler_aws.transfers.presigned_source import Source
from jupyter_scheduler_aws.transfers.remote_zip import fetch_member
from jupyter_scheduler_aws.transfers.upload import Progress

__all__ = ["download_files", "ignore_renamed"]

_AT_ONCE: Final = 4
"""Files on their way at one time: hides the latency of many small ones, and leaves the line to others as well."""


def download_files(
    api: Api,
    job_id: str,
    folder: Path,
    *,
    output_formats: Sequence[str],
    with_input: InputChoice,
    overwrite: bool,
    again: bool,
    on_progress: Progress,
    on_renamed: Callable[[str, Path], None],
) -> list[Path]:
    """Download a job's files into a folder, which is made if need be; `Client.download` says the parameters.

    Raises
    ------
    DownloadError
        If there is no file, or one did not arrive whole, may not be written, or would replace one that no download
        brought here.
    """
    # In this order: a job that had ended before its files were listed makes no more of them. The other way round, files
    # that it made between the two would be missing from a download that is called complete.
    job = api.get_job(job_id)
    items = select(api.files(job_id), job, output_formats=output_formats, with_input=with_input)
    plan = Plan(folder, job_id, items, is_ended=job.is_ended, overwrite=overwrite, again=again)
    for name, path in plan.renamed.items():
        on_renamed(name, path)
    if plan.missing:
        plan.begin()
    batch = _Batch(api, plan.missing, list_again=lambda: api.files(job_id), on_progress=on_progress)
    try:
        batch.fetch_all(plan.places)
    except BaseException:
        plan.give_up(batch.sizes)
        raise
    plan.finish(batch.sizes)
    return list(plan.places.values())


def ignore_renamed(name: str, path: Path) -> None:
    """Take no notice of a file that has another name here."""


class _CancelledError(Exception):
    """Another file failed, or the user interrupted."""


class _Batch:
    """Files on their way, with their URLs of now."""

    def __init__(
        self,
        api: Api,
        items: Iterable[Item],
        *,
        list_again: Callable[[], Iterable[OutputFile]],
        on_progress: Progress,
    ) -> None:
        self._items = {item.path: item for item in items}
        self._links = {_identity(item.file): item.file for item in self._items.values()}
        self._http = api.transport.http
        self._pace = api.pace
        self._list_again = list_again
        self._on_progress = on_progress
        self._lock = threading.Lock()
        self._done = dict.fromkeys(self._items, 0)
        self._all_done = 0
        self._total = sum(item.size_bytes or 0 for item in self._items.values())
        self._is_cancelled = False
        self.sizes: dict[str, int] = {}
        """Of each file that has arrived [B]."""

    def fetch_all(self, places: Mapping[str, Path]) -> None:
        parts = find_parts(places[name] for name in self._items)
        with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="download") as pool:
            futures = [
                pool.submit(self._fetch, item, Part(places[name], parts[places[name]]))
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

    def _fetch(self, item: Item, part: Part) -> None:
        source = Source(partial(self._link, _identity(item.file)), http=self._http)
        on_bytes = partial(self._tell, item)
        try:
            part.target.parent.mkdir(parents=True, exist_ok=True)
            with part:
                if item.member is None:
                    size = fetch(part, source, pace=self._pace, on_bytes=on_bytes)
                else:
                    size = fetch_member(part, source, item.member, pace=self._pace, on_bytes=on_bytes)
        except OSError as error:
            raise DownloadError(
                f"{part.target} cannot be written: {error.strerror or error}. "
                "Check space and permissions, then download again: what has arrived is kept."
            ) from error
        self.sizes[item.path] = size

    def _link(self, which: tuple[str, str], failed: OutputFile | None) -> OutputFile:
        """Give a file's link; list the files again if it is still the one that failed."""
        with self._lock:
            if failed is not None and self._links[which] == failed:
                self._links |= {_identity(file): file for file in self._list_again() if _identity(file) in self._links}
            return self._links[which]

    def _tell(self, item: Item, done: int) -> None:
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
