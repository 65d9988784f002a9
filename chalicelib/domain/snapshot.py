"""Snapshots: whether what was uploaded can be run at all."""

import json
import lzma
import struct
import zipfile
import zlib
from typing import IO, Final

from chalicelib.errors import TooLargeError, UnprocessableError

__all__ = ["check_notebook", "check_package"]

_OLDEST_NBFORMAT: Final = 4
"""papermill runs nbformat 4 (2015); older notebooks must be upgraded first."""

_UNREADABLE: Final = (
    zipfile.BadZipFile,
    NotImplementedError,
    RuntimeError,
    EOFError,
    OSError,
    ValueError,
    OverflowError,
    struct.error,
    zlib.error,
    lzma.LZMAError,
)
"""What `zipfile` and its decompressors raise of damaged, encrypted or forged files."""


def check_notebook(content: bytes, filename: str, *, kernel: str | None) -> None:
    """Check that bytes are a notebook that an environment can run.

    Parameters
    ----------
    content
        The file.
    filename
        Its name, for the message.
    kernel
        The environment's own kernel, which stands in where the notebook names none.

    Raises
    ------
    UnprocessableError
        If it is not a notebook, too old, or names no kernel and the environment has none.
    """
    try:
        notebook = json.loads(content)
    except (ValueError, RecursionError):
        raise UnprocessableError(
            f"{filename} is not a notebook: it is not JSON. Open it in JupyterLab, save it, and try again."
        ) from None
    if not isinstance(notebook, dict) or not isinstance(notebook.get("cells", notebook.get("worksheets")), list):
        raise UnprocessableError(f"{filename} is not a notebook: it has no cells.")
    if not isinstance(notebook.get("nbformat"), int) or notebook["nbformat"] < _OLDEST_NBFORMAT:
        raise UnprocessableError(
            f"{filename} has an old notebook format. Open it in JupyterLab and save it to bring it up to date."
        )
    metadata = notebook.get("metadata")
    kernelspec = metadata.get("kernelspec") if isinstance(metadata, dict) else None
    if not kernel and not (isinstance(kernelspec, dict) and kernelspec.get("name")):
        raise UnprocessableError(f"{filename} names no kernel. Open it in JupyterLab, choose a kernel and save it.")


def check_package(file: IO[bytes], filename: str, *, kernel: str | None, max_notebook_bytes: int) -> None:
    """Check that a zip of an input folder has its notebook at the root; the runner checks the rest when it unpacks it.

    Raises
    ------
    UnprocessableError
        If it is not a zip, or lacks the notebook, or the notebook cannot be run.
    TooLargeError
        If the notebook in it is larger than a notebook may be.
    """
    try:
        with zipfile.ZipFile(file) as package:
            info = package.getinfo(filename)
            if info.file_size > max_notebook_bytes:
                raise TooLargeError(
                    f"{filename} has {info.file_size:,} bytes; at most {max_notebook_bytes:,} are allowed."
                )
            with package.open(info) as member:
                content = member.read(max_notebook_bytes + 1)
    except KeyError:
        raise UnprocessableError(
            f"The folder's zip has no {filename} at its root; the notebook must be there."
        ) from None
    except _UNREADABLE:
        raise UnprocessableError(
            "The input folder is not a zip that can be read. Zip it again without encryption."
        ) from None
    check_notebook(content, filename, kernel=kernel)
