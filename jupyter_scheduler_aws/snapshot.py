"""Packs a notebook, or a notebook's folder, into the snapshot that a job runs."""

import json
import os
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
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
    folder = notebook.absolute().parent
    left_out: list[str] = []
    file = tempfile.SpooledTemporaryFile(max_size=_KEPT_IN_MEMORY_BYTES)  # noqa: SIM115 - the snapshot closes it
    files = 1
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr(_member(notebook.name), content)
        for path in _members(folder, folder, left_out):
            if path != folder / notebook.name:
                _add(package, path, path.relative_to(folder).as_posix())
                files += path.is_file()
    size = file.tell()
    file.seek(0)
    return Snapshot(
        file=file,
        upload_filename=f"{notebook.stem}.zip",
        input_filename=notebook.name,
        is_packaged=True,
        size_bytes=size,
        files=files,
        left_out=tuple(left_out),
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


def _members(folder: Path, root: Path, left_out: list[str]) -> Iterator[Path]:
    """Give the files below a folder, and the empty folders, in an order that is the same on every machine."""
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        raise SnapshotError(f"The folder {folder} cannot be read: {error.strerror or error}.") from error
    if not entries:
        yield folder
    outputs = marked_outputs(folder)
    if outputs:
        left_out.append(f"{folder.relative_to(root).as_posix()}: outputs of earlier jobs")
    for entry in entries:
        path = Path(entry.path)
        if entry.is_dir(follow_symlinks=False):
            if entry.name not in IGNORED:
                yield from _members(path, root, left_out)
        elif entry.name != MARKER and path not in outputs and not _is_left_out(path, root, left_out):
            yield path


def _is_left_out(path: Path, root: Path, left_out: list[str]) -> bool:
    """Say whether something that is not a folder must stay out, and note why."""
    reason = None
    if path.is_symlink() and not path.resolve().is_relative_to(root.resolve()):
        reason = "a link that leads out of the folder"
    elif path.is_dir():
        reason = "a link to a folder"
    elif not path.is_file():
        reason = "a broken link" if path.is_symlink() else "not a file"
    if reason:
        left_out.append(f"{path.relative_to(root).as_posix()}: {reason}")
    return reason is not None


def _member(name: str, *, is_executable: bool = False) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, date_time=_EPOCH)
    info.create_system = 3  # Unix, on every machine, for the permissions below
    info.compress_type = zipfile.ZIP_DEFLATED
    info.external_attr = (0o100755 if is_executable else 0o100644) << 16
    return info


def _add(package: zipfile.ZipFile, path: Path, name: str) -> None:
    try:
        if path.is_dir():
            if PurePosixPath(name) != PurePosixPath():
                package.writestr(_folder_member(name), b"")
            return
        info = _member(name, is_executable=os.access(path, os.X_OK))
        with path.open("rb") as source, package.open(info, "w", force_zip64=True) as target:
            copyfileobj(source, target, 1024 * 1024)
    except OSError as error:
        raise SnapshotError(f"{path} cannot be read: {error.strerror or error}.") from error
    except UnicodeEncodeError:
        raise SnapshotError(f"{path!r} has a name that is not text; rename it, or move it out of the folder.") from None


def _folder_member(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(f"{name}/", date_time=_EPOCH)
    info.create_system = 3
    info.external_attr = (0o40755 << 16) | 0x10
    return info
