"""Check whether an uploaded snapshot can run."""

from pathlib import PurePosixPath
from typing import IO

from chalicelib.domain.snapshots.zip_directory import ZIP_ERRORS, ZipDirectory
from chalicelib.domain.snapshots.zip_rules import EntryRules, PackageLimits
from chalicelib.errors import TooLargeError, UnprocessableError

__all__ = ["check_notebook", "check_package"]


def check_notebook(content: bytes, filename: str, *, kernel: str | None) -> str:
    """Check whether a file is a notebook that an environment can run, and return the name of the kernel that it asks for.

    Parameters
    ----------
    content
        The content of the file.
    filename
        Its name, for the message.
    kernel
        The environment's own kernel, which is used if the notebook names none.

    Raises
    ------
    UnprocessableError
        If it is not a notebook, has parts that the runner cannot repair, or names no kernel and the environment has none.
    """
    # msgspec is loaded only where a notebook is read.
    from chalicelib.domain.snapshots.notebook import read_kernel  # noqa: PLC0415

    try:
        own_kernel = read_kernel(content)
    except ValueError as error:
        raise UnprocessableError(f"{filename} {error}. Open it in JupyterLab, save it, and submit it again.") from None
    if not kernel and not own_kernel:
        raise UnprocessableError(f"{filename} names no kernel. Open it in JupyterLab, choose a kernel and save it.")
    return own_kernel or kernel or ""


def check_package(file: IO[bytes], filename: str, *, kernel: str | None, limits: PackageLimits) -> str:
    """Check whether the runner can unpack the zip of an input folder, and whether the notebook at its root can run.

    Return the name of the kernel that the notebook asks for.

    The runner checks the zip again, and also what only unpacking shows: whether the other members are intact.

    Raises
    ------
    UnprocessableError
        If it is not a zip, contains an entry that the runner does not unpack, lacks the notebook, or the notebook cannot run.
    TooLargeError
        If it contains more files, or larger ones, than allowed.
    """
    try:
        content = _read_notebook(file, filename, limits)
    except ZIP_ERRORS:
        raise UnprocessableError(
            "The input folder is not a readable zip. Zip it again, with the method stored or deflated, and without encryption."
        ) from None
    return check_notebook(content, filename, kernel=kernel)


def _read_notebook(file: IO[bytes], filename: str, limits: PackageLimits) -> bytes:
    directory = ZipDirectory(file, max_files=limits.max_unpacked_files)
    rules, notebook = EntryRules(limits), None
    for entry in directory.entries():
        rules.check(entry)
        if not entry.is_dir() and str(PurePosixPath(entry.filename)) == filename:
            notebook = entry
    if notebook is None:
        raise UnprocessableError(f"The folder's zip has no {filename} at its root; the notebook must be there.")
    max_bytes = limits.max_notebook_bytes
    if notebook.file_size > max_bytes:
        raise TooLargeError(f"{filename} has {notebook.file_size:,} bytes; at most {max_bytes:,} are allowed.")
    return directory.read(notebook, max_bytes=max_bytes)
