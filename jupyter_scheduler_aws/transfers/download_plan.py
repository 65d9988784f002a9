"""Plan a download: which files to download, which may be replaced, and what to write into the manifest."""

import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from jupyter_scheduler_aws.errors import DownloadError
from jupyter_scheduler_aws.transfers.download_manifest import (
    DownloadedFile,
    FileState,
    ManifestEntry,
    downloaded_files,
    read_manifest,
    update_manifest,
)
from jupyter_scheduler_aws.transfers.file_selection import INPUT, DownloadItem
from jupyter_scheduler_aws.transfers.local_paths import local_paths

__all__ = ["DownloadPlan"]

_MAX_NAMES: Final = 3
"""Number of files that an error message names."""


class DownloadPlan:
    """A download into a folder: what happens before its first file and after its last.

    Parameters
    ----------
    folder
        Where the files go, each at its relative path. `start` creates it.
    job_id
        The job.
    items
        The files to download.
    is_ended
        Whether the job had ended before its files were listed, so that they are final.
    overwrite
        Whether to replace files that no download wrote.
    again
        Whether to download files again that are already there.

    Raises
    ------
    UnsafePathError
        If a file would be outside of the folder.
    DownloadError
        If a file would replace one that no download wrote.
    """

    def __init__(
        self, folder: Path, job_id: str, items: Iterable[DownloadItem], *, is_ended: bool, overwrite: bool, again: bool
    ) -> None:
        self._folder = folder
        self._job_id = job_id
        self._items = {item.path: item for item in items}
        self._is_ended = is_ended
        entry = read_manifest(folder, job_id)
        self._before: Mapping[str, DownloadedFile] = entry.files if entry else {}
        self.paths = local_paths(folder, self._items)
        """The local path of each file, by its path at the service."""
        self.missing = [item for name, item in self._items.items() if again or not self._is_present(name)]
        """The files to download."""
        self._user_files = self._find_user_files(overwrite=overwrite)

    @property
    def renamed(self) -> dict[str, Path]:
        """Files whose local path differs from their path at the service."""
        return {name: path for name, path in self.paths.items() if path != self._folder / name}

    def start(self) -> None:
        """Create the folder, and add the expected files to the manifest, so that a later download can replace them."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise DownloadError(f"{self._folder} cannot be created: {error.strerror or error}.") from error
        expected = {self._key(item): self._expected(item) for item in self.missing if not self._is_user_file(item)}
        update_manifest(
            self._folder,
            self._job_id,
            lambda now: ManifestEntry(complete=False, files={**(now.files if now else {}), **expected}),
        )

    def finish(self, sizes: Mapping[str, int]) -> None:
        """Record in the manifest that the download is complete, with the size of each downloaded file [B]."""
        received = self._received(sizes)
        update_manifest(
            self._folder,
            self._job_id,
            lambda now: ManifestEntry(complete=self._is_ended, files={**self._remaining(now, received), **received}),
        )

    def abort(self, sizes: Mapping[str, int]) -> None:
        """Record in the manifest which files were downloaded. If it cannot be written, the entry from `start` is enough."""
        received = self._received(sizes)

        def change(now: ManifestEntry | None) -> ManifestEntry | None:
            files = {**self._remaining(now, received), **received}
            return ManifestEntry(complete=False, files=files) if files else None

        with suppress(DownloadError):
            update_manifest(self._folder, self._job_id, change)

    def _is_present(self, name: str) -> bool:
        """Check whether a file need not be downloaded: it is final, or the user has changed it since."""
        path = self.paths[name]
        known = self._before.get(path.relative_to(self._folder).as_posix())
        if known is None or known.state == FileState.EXPECTED:
            return False
        try:
            status = path.stat()
        except OSError:
            return False
        is_changed = status.st_size != known.size_bytes
        listed = self._items[name].size_bytes
        return is_changed or (known.state == FileState.FINAL and listed in (None, known.size_bytes))

    def _find_user_files(self, *, overwrite: bool) -> set[Path]:
        """Find the user's own files that would be replaced, and raise if they must not be."""
        paths = [self.paths[item.path] for item in self.missing]
        user_files = {path for path in paths if os.path.lexists(path)} - downloaded_files(self._folder)
        if user_files and not overwrite:
            names = sorted(str(path) for path in user_files)
            more = f" and {len(names) - _MAX_NAMES} more" if len(names) > _MAX_NAMES else ""
            raise DownloadError(
                f"{', '.join(names[:_MAX_NAMES])}{more} would be replaced, although no download wrote them. "
                "Rename them, or choose another folder; `nbjobs download --overwrite` replaces them."
            )
        return user_files

    def _is_user_file(self, item: DownloadItem) -> bool:
        return self.paths[item.path] in self._user_files

    def _key(self, item: DownloadItem) -> str:
        return self.paths[item.path].relative_to(self._folder).as_posix()

    def _expected(self, item: DownloadItem) -> DownloadedFile:
        """Describe a file before its download.

        Files are moved to their paths when they are complete. So if the path is free now and the job's files no longer
        change, a file that exists there later is final, even if this process is killed before it can record that.
        """
        path, size = self.paths[item.path], item.size_bytes
        before = self._before.get(self._key(item))
        is_same = before is not None and before.state == FileState.FINAL and before.size_bytes == size
        is_sure = (
            size is not None and self._state_of(item) == FileState.FINAL and (is_same or not os.path.lexists(path))
        )
        state = FileState.FINAL if is_sure else FileState.EXPECTED
        return DownloadedFile(format=item.file.file_format, size_bytes=size or 0, state=state)

    def _state_of(self, item: DownloadItem) -> FileState:
        """Return the state of a file after its download. The input never changes."""
        return FileState.FINAL if self._is_ended or item.file.file_format == INPUT else FileState.PREVIEW

    def _received(self, sizes: Mapping[str, int]) -> dict[str, DownloadedFile]:
        files = {}
        for name, size in sizes.items():
            item = self._items[name]
            if not self._is_user_file(item):
                file = DownloadedFile(format=item.file.file_format, size_bytes=size, state=self._state_of(item))
                files[self._key(item)] = file
        return files

    def _remaining(self, now: ManifestEntry | None, received: Mapping[str, object]) -> dict[str, DownloadedFile]:
        """Return the other files of the entry that still exist."""
        files = now.files if now else {}
        return {name: file for name, file in files.items() if name in received or os.path.lexists(self._folder / name)}
