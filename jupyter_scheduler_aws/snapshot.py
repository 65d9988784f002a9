"""Packs a notebook, or a notebook's folder, into the snapshot that a job runs."""

import json
import os
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from shutil import copyfileobj
from types import TracebackType
from typing import IO, Final, Self

from jupyter_scheduler_aws.errors import SnapshotError
from jupyter_scheduler_aws.marker import MARKER, marked_outputs

__all__ = ["IGNORED", "Snapshot", "pack_folder", "pack_notebook"]

IGNORED: Final = frozenset({".git", ".ipynb_checkpoints", "__pycache__", ".venv", "node_modules"})
"""Folders that never go into a snapshot: they are large, and made again from what is there."""

_EPOCH: Final = (1980, 1, 1, 0, 0, 0)
"""Earliest time that a zip can say. All members have it, so that the same files give the same bytes: an idempotent
create compares them."""

_KEPT_IN_MEMORY_BYTES: Final = 32 * 1024 * 1024
"""A larger zip goes to a temporary file."""

_OLDEST_NBFORMAT: Final = 4
"""What papermill runs; format 4 is from 2015."""


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """An immutable copy of the input, ready to be uploaded; close it, or use it as a context manager."""

    file: IO[bytes]
    """The bytes, from their beginning."""
    upload_filename: str
    input_filename: str
    """Name of the notebook; in a zip it stands at the root."""
    is_packaged: bool
    """Whether it is a zip of the folder."""
    size_bytes: int
    """What will be uploaded [B]."""
    files: int
    """Number of files, with the notebook."""
    left_out: tuple[str, ...] = ()
    """Links and special files that are not in the zip, each with the reason."""

    def close(self) -> None:
        """Let go of the bytes."""
        self.file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def pack_notebook(notebook: Path) -> Snapshot:
    """Check a notebook and copy it.

    Raises
    ------
    SnapshotError
        If it cannot be read, or is not a notebook that can be run.
    """
    content = _read_notebook(notebook)
    file = tempfile.SpooledTemporaryFile(max_size=_KEPT_IN_MEMORY_BYTES)  # noqa: SIM115 - the snapshot closes it
    file.write(content)
    file.seek(0)
    return Snapshot(
        file=file,
        upload_filename=notebook.name,
        input_filename=notebook.name,
        is_packaged=False,
        size_bytes=len(content),
        files=1,
    )


def pack_folder(notebook: Path) -> Snapshot:
    """Check a notebook and zip its folder, with the notebook at the root of the zip.

    Left out are the folders of `IGNORED`, outputs of earlier jobs, and links that are folders or lead outside. The same
    files give the same bytes.

    Raises
    ------
    SnapshotError
        If a file cannot be read, or the notebook is not one that can be run.
    """
    content = _read_notebook(notebook)
    file = tempfile.SpooledTemporaryFile(max_size=_KEPT_IN_MEMORY_BYTES)  # noqa: SIM115 - the snapshot closes it
    try:
        listing = _Listing(notebook.absolute())
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as package:
            package.writestr(_member(notebook.name), content)
            files = 1 + sum(_add(package, path, name) for path, name in listing.members())
    except BaseException:
        file.close()
        raise
    size = file.tell()
    file.seek(0)
    return Snapshot(
        file=file,
        upload_filename=f"{notebook.stem}.zip",
        input_filename=notebook.name,
        is_packaged=True,
        size_bytes=size,
        files=files,
        left_out=tuple(listing.left_out),
    )


def _read_notebook(path: Path) -> bytes:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise SnapshotError(f"{path} cannot be read: {error.strerror or error}.") from error
    if path.suffix != ".ipynb":
        raise SnapshotError(f"{path} is not a notebook: its name must end in .ipynb.")
    try:
        notebook = json.loads(content)
    except ValueError:
        raise SnapshotError(
            f"{path} is not a notebook: it is not JSON. Open it in JupyterLab, save it, and try again."
        ) from None
    if problem := _problem_of(notebook):
        raise SnapshotError(f"{path} {problem}")
    return content


def _problem_of(notebook: object) -> str | None:
    if not isinstance(notebook, dict) or not isinstance(notebook.get("nbformat"), int):
        return "is not a notebook: it states no nbformat."
    if notebook["nbformat"] < _OLDEST_NBFORMAT:
        return "has an old notebook format. Open it in JupyterLab and save it to bring it up to date."
    if notebook["nbformat"] > _OLDEST_NBFORMAT:
        return f"has notebook format {notebook['nbformat']}, which is newer than what can be run (4)."
    # It takes a second to load, which the other commands need not wait for.
    from nbformat.validator import iter_validate  # noqa: PLC0415

    # Extra properties (cell ids in files of format 4.4) are common and harmless.
    error = next(iter(iter_validate(notebook, relax_add_props=True)), None)  # type: ignore[no-untyped-call]
    return f"is not a valid notebook: {error}" if error else None


class _Listing:
    """What goes into the zip of a notebook's folder, besides the notebook, in an order that is the same everywhere."""

    def __init__(self, notebook: Path) -> None:
        self._notebook = notebook
        self._root = notebook.parent
        self._outputs: set[Path] = set()
        self.left_out: list[str] = []

    def members(self) -> Iterator[tuple[Path, str]]:
        """Give files, and empty folders, with their names in the zip."""
        for path in self._walk(self._root):
            yield path, path.relative_to(self._root).as_posix()

    def _walk(self, folder: Path) -> Iterator[Path]:
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError as error:
            raise SnapshotError(f"The folder {folder} cannot be read: {error.strerror or error}.") from error
        if not entries:
            yield folder
        if outputs := marked_outputs(folder):
            self._outputs |= outputs
            self._leave_out(folder, "outputs of earlier jobs")
        for entry in entries:
            path = Path(entry.path)
            if entry.is_dir(follow_symlinks=False):
                if entry.name not in IGNORED:
                    yield from self._walk(path)
            elif self._is_wanted(path):
                yield path

    def _is_wanted(self, path: Path) -> bool:
        if path == self._notebook or path.name == MARKER or path in self._outputs:
            return False
        if path.is_symlink() and not Path(os.path.realpath(path)).is_relative_to(self._root.resolve()):
            return self._leave_out(path, "a link that leads out of the folder")
        if path.is_dir():
            return self._leave_out(path, "a link to a folder")
        if not path.is_file():
            return self._leave_out(path, "a broken link" if path.is_symlink() else "not a file")
        return True

    def _leave_out(self, path: Path, reason: str) -> bool:
        self.left_out.append(f"{path.relative_to(self._root).as_posix()}: {reason}")
        return False


def _member(name: str, *, is_executable: bool = False) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, date_time=_EPOCH)
    info.create_system = 3  # Unix, on every machine, for the permissions below
    info.compress_type = zipfile.ZIP_DEFLATED
    info.external_attr = (0o100755 if is_executable else 0o100644) << 16
    return info


def _add(package: zipfile.ZipFile, path: Path, name: str) -> int:
    """Put a file, or an empty folder, into the zip; give the number of files that were added."""
    try:
        if path.is_dir():
            package.writestr(_folder_member(name), b"")
            return 0
        info = _member(name, is_executable=os.access(path, os.X_OK))
        with path.open("rb") as source, package.open(info, "w", force_zip64=True) as target:
            copyfileobj(source, target, 1024 * 1024)
    except OSError as error:
        raise SnapshotError(f"{path} cannot be read: {error.strerror or error}.") from error
    except UnicodeEncodeError:
        raise SnapshotError(f"{name!r} has a name that is not text; rename it, or move it out of the folder.") from None
    return 1


def _folder_member(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(f"{name}/", date_time=_EPOCH)
    info.create_system = 3
    info.external_attr = (0o40755 << 16) | 0x10
    return info
