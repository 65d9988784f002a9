"""What of a download is there already, what may be replaced, and what the folder's marker says of it."""

import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from jupyter_scheduler_aws.errors import DownloadError
from jupyter_scheduler_aws.transfers.download_manifest import (
    Downloaded,
    DownloadedFile,
    FileState,
    downloaded,
    marked_outputs,
    update_marker,
)
from jupyter_scheduler_aws.transfers.file_selection import INPUT, Item
from jupyter_scheduler_aws.transfers.local_paths import local_paths

__all__ = ["Plan"]

_NAMED: Final = 3
"""Files that an error message names."""


class Plan:
    """A download into a folder, before its first file and after its last.

    Parameters
    ----------
    folder
        Gets each file at its relative path; made by `begin`.
    job_id
        Whose files.
    items
        The files.
    is_ended
        Whether the job had ended before its files were listed, so that they are its last word.
    overwrite
        Whether files that no download brought here may be replaced.
    again
        Whether files that are here already are fetched again.

    Raises
    ------
    UnsafePathError
        If a file would be outside of the folder.
    DownloadError
        If a file would replace one that no download brought here.
    """

    def __init__(
        self, folder: Path, job_id: str, items: Iterable[Item], *, is_ended: bool, overwrite: bool, again: bool
    ) -> None:
        self._folder = folder
        self._job_id = job_id
        self._items = {item.path: item for item in items}
        self._is_ended = is_ended
        entry = downloaded(folder, job_id)
        self._before: Mapping[str, DownloadedFile] = entry.files if entry else {}
        self.places = local_paths(folder, self._items)
        """Where each file goes, by its path as the service has it."""
        self.missing = [item for name, item in self._items.items() if again or not self._is_here(name)]
        """What is to be fetched."""
        self._own = self._find_own(overwrite=overwrite)

    @property
    def renamed(self) -> dict[str, Path]:
        """What has another name here than the service gave it."""
        return {name: place for name, place in self.places.items() if place != self._folder / name}

    def begin(self) -> None:
        """Make the folder and write down what is about to come, so that it may be replaced however this ends.

        Raises
        ------
        DownloadError
            If that cannot be written.
        """
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise DownloadError(f"{self._folder} cannot be made: {error.strerror or error}.") from error
        coming = {self._key(item): self._expected(item) for item in self.missing if not self._is_own(item)}
        update_marker(
            self._folder,
            self._job_id,
            lambda now: Downloaded(complete=False, files={**(now.files if now else {}), **coming}),
        )

    def finish(self, sizes: Mapping[str, int]) -> None:
        """Write down that everything is here.

        Parameters
        ----------
        sizes
            Of each file that arrived, by its path as the service has it [B].

        Raises
        ------
        DownloadError
            If that cannot be written.
        """
        arrived = self._arrived(sizes)
        update_marker(
            self._folder,
            self._job_id,
            lambda now: Downloaded(complete=self._is_ended, files={**self._left(now, arrived), **arrived}),
        )

    def give_up(self, sizes: Mapping[str, int]) -> None:
        """Write down what arrived, and forget what did not; if that cannot be written, `begin` has said enough."""
        arrived = self._arrived(sizes)

        def change(now: Downloaded | None) -> Downloaded | None:
            files = {**self._left(now, arrived), **arrived}
            return Downloaded(complete=False, files=files) if files else None

        with suppress(DownloadError):
            update_marker(self._folder, self._job_id, change)

    def _is_here(self, name: str) -> bool:
        """Say whether a file need not be fetched: it is the job's last word, or the user has changed it since."""
        place = self.places[name]
        marked = self._before.get(place.relative_to(self._folder).as_posix())
        if marked is None or marked.state == FileState.EXPECTED:
            return False
        try:
            status = place.stat()
        except OSError:
            return False
        is_changed = status.st_size != marked.size_bytes
        listed = self._items[name].size_bytes
        return is_changed or (marked.state == FileState.FINAL and listed in (None, marked.size_bytes))

    def _find_own(self, *, overwrite: bool) -> set[Path]:
        """Find the user's own files that would be replaced; refuse if they may not be."""
        places = [self.places[item.path] for item in self.missing]
        own = {path for path in places if os.path.lexists(path)} - marked_outputs(self._folder)
        if own and not overwrite:
            names = sorted(str(path) for path in own)
            more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
            raise DownloadError(
                f"{', '.join(names[:_NAMED])}{more} would be replaced, and no download brought them here under this name. "
                "Rename them, or choose another folder; `nbjobs download --overwrite` replaces them."
            )
        return own

    def _is_own(self, item: Item) -> bool:
        return self.places[item.path] in self._own

    def _key(self, item: Item) -> str:
        return self.places[item.path].relative_to(self._folder).as_posix()

    def _expected(self, item: Item) -> DownloadedFile:
        """Describe a file before it comes.

        Files land whole. So where nothing stands, and the job's files do not change any more, whatever stands there
        later is the job's last word, even if nobody lives to write it down.
        """
        place, size = self.places[item.path], item.size_bytes
        before = self._before.get(self._key(item))
        is_same = before is not None and before.state == FileState.FINAL and before.size_bytes == size
        is_sure = (
            size is not None and self._state_of(item) == FileState.FINAL and (is_same or not os.path.lexists(place))
        )
        state = FileState.FINAL if is_sure else FileState.EXPECTED
        return DownloadedFile(format=item.file.file_format, size_bytes=size or 0, state=state)

    def _state_of(self, item: Item) -> FileState:
        """Say what a file is when it has come; the input never changes."""
        return FileState.FINAL if self._is_ended or item.file.file_format == INPUT else FileState.PREVIEW

    def _arrived(self, sizes: Mapping[str, int]) -> dict[str, DownloadedFile]:
        found = {}
        for name, size in sizes.items():
            item = self._items[name]
            if not self._is_own(item):
                file = DownloadedFile(format=item.file.file_format, size_bytes=size, state=self._state_of(item))
                found[self._key(item)] = file
        return found

    def _left(self, now: Downloaded | None, arrived: Mapping[str, object]) -> dict[str, DownloadedFile]:
        """Give what the marker has besides, but for what is gone."""
        files = now.files if now else {}
        return {name: file for name, file in files.items() if name in arrived or os.path.lexists(self._folder / name)}
