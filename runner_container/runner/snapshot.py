"""Fetching the input and laying it out as the notebook's working directory."""

import errno
import logging
import shutil
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from nbformat import NotebookNode
from papermill.iorw import load_notebook_node  # type: ignore[import-not-found,import-untyped,unused-ignore]

from runner.archive import unpack
from runner.errors import RunProblemError, TransferError
from runner.outcomes import Code, clean_text
from runner.scheduler_api import Service, pauses
from runner.transfer import download
from runner.work_order import WorkOrder

__all__ = ["Snapshot", "fetch_snapshot", "read_notebook"]

_LOG = logging.getLogger(__name__)
_LASTING: Final = (200, 404, 410)
"""The input is gone, or whole but of another size: no further try can change that."""


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """The input, in place."""

    folder: Path
    """The working directory."""
    notebook: Path
    checksums: dict[str, int]
    """CRC-32 of each file of the input, by its path relative to the folder."""


def fetch_snapshot(order: WorkOrder, service: Service, base: Path, *, check: Callable[[], None]) -> Snapshot:
    """Download the input and put it into a fresh folder.

    Parameters
    ----------
    order, service
        What to fetch; the service gives a new address when one has expired.
    base
        An existing folder for this run.
    check
        Called now and then; raises to break off.

    Raises
    ------
    RunProblemError
        `input_problem` where the input is wrong, `environment_problem` where the disk is too small, `runner_error` where the
        store cannot be reached.
    """
    folder, packed = base / "work", base / "input"
    folder.mkdir()
    try:
        _fetch(order, service, packed, check)
        return _lay_out(order, packed, folder)
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        size = shutil.disk_usage(base).total >> 20
        told = f"The input does not fit on the container's disk ({size} MiB): make it smaller, or ask for more ephemeral storage."
        raise RunProblemError(Code.ENVIRONMENT_PROBLEM, told) from error
    finally:
        packed.unlink(missing_ok=True)


def read_notebook(path: Path) -> NotebookNode:
    """Read a notebook of any version that Jupyter knows, as version 4.

    Raises
    ------
    RunProblemError
        `input_problem`, if it is not one.
    """
    try:
        notebook: NotebookNode = load_notebook_node(str(path))
        kinds = [cell.cell_type for cell in notebook.cells]
    except (
        Exception
    ) as error:  # nbformat raises whatever its parts raise on odd JSON: KeyError, TypeError, ValueError, its own
        told = clean_text(str(error), limit=300) or type(error).__name__
        raise RunProblemError(Code.INPUT_PROBLEM, f"{path.name} is not a Jupyter notebook: {told}") from error
    _LOG.info("%s: %d cells, %d with code", path.name, len(kinds), kinds.count("code"))
    return notebook


def _fetch(order: WorkOrder, service: Service, packed: Path, check: Callable[[], None]) -> None:
    url = order.input_url
    problem = TransferError("no try was made")
    for pause in pauses(for_seconds=service.reach_seconds):
        check()
        try:
            download(url, packed, size_bytes=order.size_bytes, check=check)
        except TransferError as error:
            _LOG.warning("%s; next try in %.1f s", error, pause)
            problem = error
        else:
            return
        if problem.status in _LASTING:
            break
        time.sleep(pause)
        if problem.status is not None:
            url = service.work_order().input_url
    code = Code.INPUT_PROBLEM if problem.status in _LASTING else Code.RUNNER_ERROR
    raise RunProblemError(code, f"The input could not be fetched: {problem}") from problem


def _lay_out(order: WorkOrder, packed: Path, folder: Path) -> Snapshot:
    if Path(order.filename).name != order.filename or order.filename in {"", ".", ".."}:
        raise RunProblemError(Code.INPUT_PROBLEM, f"{order.filename!r} is not the name of a notebook")
    notebook = folder / order.filename
    if order.packaged:
        checksums = unpack(packed, folder, order.limits)
    else:
        checksums = {order.filename: zlib.crc32(packed.read_bytes())}
        packed.rename(notebook)
    if not notebook.is_file():
        raise RunProblemError(
            Code.INPUT_PROBLEM, f"The input folder's zip has no notebook '{order.filename}' at its root"
        )
    return Snapshot(folder=folder, notebook=notebook, checksums=checksums)
