"""Read a notebook, and check before the upload that it can run."""

import json
from pathlib import Path
from typing import Final

from jupyter_scheduler_aws.errors import SnapshotError

__all__ = ["read_notebook"]

_OLDEST_NBFORMAT: Final = 4
"""Oldest format that papermill runs; format 4 is from 2015."""


def read_notebook(path: Path) -> bytes:
    """Read a notebook and check it.

    Raises
    ------
    SnapshotError
        If it cannot be read, or is not a notebook that can run.
    """
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
        return f"has notebook format {notebook['nbformat']}, which is newer than the supported one (4)."
    # It takes a second to import, which would delay all other commands.
    from nbformat.validator import iter_validate  # noqa: PLC0415

    # Extra properties (cell ids in files of format 4.4) are common and harmless.
    error = next(iter(iter_validate(notebook, relax_add_props=True)), None)  # type: ignore[no-untyped-call]
    return f"is not a valid notebook: {error}" if error else None
