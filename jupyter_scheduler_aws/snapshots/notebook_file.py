"""Read a notebook, and check before the upload that it can run."""

from pathlib import Path

from jupyter_scheduler_aws.errors import SnapshotError
from jupyter_scheduler_aws.snapshots.notebook_rules import find_notebook_problem

__all__ = ["read_notebook"]


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
    if path.suffix.lower() != ".ipynb":
        raise SnapshotError(f"{path} is not a notebook: its name must end in .ipynb.")
    if problem := find_notebook_problem(content):
        raise SnapshotError(f"{path} {problem}. Open it in JupyterLab, save it, and submit it again.")
    return content
