"""Read a notebook, and check before the upload that it can run."""

import re
from pathlib import Path
from typing import Final

from jupyter_scheduler_aws.errors import SnapshotError
from jupyter_scheduler_aws.snapshots.notebook_rules import find_notebook_problem

__all__ = ["check_name", "find_name_problem", "read_notebook"]

_MAX_CHARACTERS: Final = 200
_MAX_BYTES: Final = 255
"""The longest name on Linux, where the notebook runs."""

_NOT_IN_NAMES: Final = re.compile(r"[/\\\x00-\x1f\x7f]")


def find_name_problem(name: str) -> str | None:
    """Return why a notebook cannot have this name; None if it can.

    The service (`chalicelib/routes/models/job_requests.py`) and the runner (`runner_container/runner/snapshot.py`) have the same rule;
    `tests/support/notebook_names.py` holds all three to one list of names.
    """
    try:
        size_bytes = len(name.encode())
    except UnicodeEncodeError:
        return "is not valid Unicode"
    if _NOT_IN_NAMES.search(name):
        return "has a slash, a backslash or a control character"
    if not name or name in (".", ".."):
        return "is no name of a file"
    if len(name) > _MAX_CHARACTERS or size_bytes > _MAX_BYTES:
        return f"has more than {_MAX_CHARACTERS} characters or {_MAX_BYTES} bytes"
    return None


def check_name(path: Path) -> None:
    """Check that a notebook has a name with which it can run.

    Raises
    ------
    SnapshotError
        If it has not.
    """
    if path.suffix.lower() != ".ipynb":
        raise SnapshotError(f"{path} is not a notebook: its name must end in .ipynb.")
    if name_problem := find_name_problem(path.name):
        raise SnapshotError(f"{path} cannot run: the notebook's name {name_problem}. Rename it, and submit it again.")


def read_notebook(path: Path) -> bytes:
    """Read a notebook and check it.

    Raises
    ------
    SnapshotError
        If it cannot be read, is not a notebook that can run, or has a name that the service refuses.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise SnapshotError(f"{path} cannot be read: {error.strerror or error}.") from error
    check_name(path)
    if problem := find_notebook_problem(content):
        raise SnapshotError(f"{path} {problem}. Open it in JupyterLab, save it, and submit it again.")
    return content
