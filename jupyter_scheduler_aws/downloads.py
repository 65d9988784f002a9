"""Brings a job's files to this machine: each whole or not at all, resumed where the line drops."""

import secrets
import threading
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from functools import partial
from pathlib import Path
from typing import IO, Final

import httpx

from jupyter_scheduler_aws.answers import OutputFile
from jupyter_scheduler_aws.errors import DownloadError
from jupyter_scheduler_aws.fetching import Fetch
from jupyter_scheduler_aws.marker import marked_outputs, update_marker
from jupyter_scheduler_aws.pace import Pace
from jupyter_scheduler_aws.paths import local_paths
from jupyter_scheduler_aws.uploads import Progress

__all__ = ["download_files"]

_AT_ONCE: Final = 4
"""Files on their way at one time: hides the latency of many small ones, and leaves the line to others as well."""

_NAMED: Final = 3
"""Files that an error message names."""


def download_files(
    files: Iterable[OutputFile],
    folder: Path,
    *,
    http: httpx.Client,
    pace: Pace,
    list_again: Callable[[], Iterable[OutputFile]],
    overwrite: bool,
    on_progress: Progress,
) -> list[Path]:
    """Download files into a folder, which is made if need be.

    Parameters
    ----------
    files
        What to download.
    folder
        Gets each file at its relative path.
    http
        Sends no signatures.
    pace
        How often to repeat.
    list_again
        Gives the files with new URLs, for when the old ones have expired.
    overwrite
        Whether files that no download brought here may be replaced.
    on_progress
        Called with bytes done and bytes in all; from several threads, one at a time.

    Raises
    ------
    DownloadError
        If a file did not arrive whole, may not be written, or would replace one that no download brought here.
    """
    wanted = {file.path: file for file in files}
    places = local_paths(folder, wanted)
    own = _check_places(folder, places, overwrite=overwrite)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DownloadError(f"{folder} cannot be made: {error.strerror or error}.") from error
    _Batch(wanted, http=http, pace=pace, list_again=list_again, on_progress=on_progress).fetch_all(places)
    update_marker(folder, add=set(places.values()) - own, remove=own)
    return list(places.values())


def _check_places(folder: Path, places: Mapping[str, Path], *, overwrite: bool) -> set[Path]:
    """Give the places where files stand that no download brought; refuse if they may not be replaced."""
    own = {path for path in places.values() if path.exists()} - marked_outputs(folder)
    if own and not overwrite:
        names = sorted(str(path) for path in own)
        more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        raise DownloadError(
            f"{', '.join(names[:_NAMED])}{more} would be replaced, and no download brought them here. "
            "Choose another folder, or say --overwrite."
        )
    return own


class _CancelledError(Exception):
    """Another file failed, or the user interrupted."""


class _Batch:
    """Files on their way, with their URLs of now."""

    def __init__(
        self,
        files: dict[str, OutputFile],
        *,
        http: httpx.Client,
        pace: Pace,
        list_again: Callable[[], Iterable[OutputFile]],
        on_progress: Progress,
    ) -> None:
        self._files = files
        self._http = http
        self._pace = pace
        self._list_again = list_again
        self._on_progress = on_progress
        self._lock = threading.Lock()
        self._done = dict.fromkeys(files, 0)
        self._all_done = 0
        self._total = sum(file.size_bytes for file in files.values())
        self._is_cancelled = False

    def fetch_all(self, places: Mapping[str, Path]) -> None:
        with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="download") as pool:
            futures = [pool.submit(self._fetch, name, path) for name, path in places.items()]
            try:
                wait(futures, return_when=FIRST_EXCEPTION)
            finally:
                self._is_cancelled = True
                pool.shutdown(wait=True, cancel_futures=True)
        errors = [error for future in futures if not future.cancelled() and (error := future.exception())]
        for error in sorted(errors, key=lambda error: isinstance(error, _CancelledError)):
            raise error

    def _fetch(self, name: str, path: Path) -> None:
        temporary = path.with_name(f".{secrets.token_hex(8)}.part")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                with temporary.open("xb") as file:
                    self._start(name, file).run()
                temporary.replace(path)
            finally:
                temporary.unlink(missing_ok=True)
        except OSError as error:
            raise DownloadError(f"{path} cannot be written: {error.strerror or error}.") from error

    def _start(self, name: str, file: IO[bytes]) -> Fetch:
        return Fetch(
            file,
            link=partial(self._link, name),
            http=self._http,
            pace=self._pace,
            on_bytes=partial(self._tell, name),
        )

    def _link(self, name: str, failed: OutputFile | None) -> OutputFile:
        """Give a file's link; list the files again if it is still the one that failed."""
        with self._lock:
            if failed is not None and self._files[name] == failed:
                self._files.update({file.path: file for file in self._list_again() if file.path in self._files})
            return self._files[name]

    def _tell(self, name: str, done: int) -> None:
        if self._is_cancelled:
            raise _CancelledError
        with self._lock:
            self._all_done += done - self._done[name]
            self._done[name] = done
            self._on_progress(self._all_done, self._total)
