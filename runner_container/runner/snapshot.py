"""Download the input and unpack it as the notebook's working directory."""

import errno
import logging
import re
import shutil
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from runner.archive import unpack
from runner.errors import RunProblemError, TransferError
from runner.exit_codes import Code
from runner.presigned_transfers import download
from runner.retry import backoff_delays
from runner.scheduler_api import SchedulerApi
from runner.work_order import WorkOrder

__all__ = ["Snapshot", "download_snapshot", "find_name_problem"]

_LOG = logging.getLogger(__name__)
_PERMANENT: Final = (200, 404, 410)
"""The input does not exist, or it is complete but has another size: a retry cannot change that."""
_NOT_IN_NAMES: Final = re.compile(r"[/\\\x00-\x1f\x7f]")
_MAX_NAME_CHARACTERS: Final = 200
_MAX_NAME_BYTES: Final = 255
"""The longest name of a file on Linux (NAME_MAX)."""


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """The input, in the working directory."""

    folder: Path
    """The working directory."""
    notebook: Path
    checksums: dict[str, int]
    """CRC-32 of each file of the input, by its path relative to the folder."""


def download_snapshot(order: WorkOrder, api: SchedulerApi, base: Path, *, check: Callable[[], None]) -> Snapshot:
    """Download the input into a new folder.

    Parameters
    ----------
    order, api
        What to download; the API returns a new URL when one has expired.
    base
        An existing folder for this run.
    check
        Called from time to time; raises an error to cancel the download.

    Raises
    ------
    RunProblemError
        `input_problem` if the input is wrong, `environment_problem` if the disk is too small, `runner_error` if the store cannot
        be reached.
    """
    folder, packed = base / "work", base / "input"
    folder.mkdir()
    try:
        _download(order, api, packed, check)
        return _unpack(order, packed, folder)
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        size = shutil.disk_usage(base).total >> 20
        message = f"The input does not fit on the container's disk ({size} MiB): make it smaller, or ask for more ephemeral storage."
        raise RunProblemError(Code.ENVIRONMENT_PROBLEM, message) from error
    finally:
        packed.unlink(missing_ok=True)


def _download(order: WorkOrder, api: SchedulerApi, packed: Path, check: Callable[[], None]) -> None:
    url = order.input_url
    problem = TransferError("no attempt was made")
    for delay in backoff_delays(total_seconds=api.reach_seconds):
        check()
        try:
            download(url, packed, size_bytes=order.size_bytes, check=check)
        except TransferError as error:
            _LOG.warning("%s; next attempt in %.1f s", error, delay)
            problem = error
        else:
            return
        if problem.status in _PERMANENT:
            break
        time.sleep(delay)
        if problem.status is not None:
            url = api.work_order().input_url
    code = Code.INPUT_PROBLEM if problem.status in _PERMANENT else Code.RUNNER_ERROR
    raise RunProblemError(code, f"The input could not be downloaded: {problem}") from problem


def _unpack(order: WorkOrder, packed: Path, folder: Path) -> Snapshot:
    if problem := find_name_problem(order.filename):
        raise RunProblemError(Code.INPUT_PROBLEM, f"{order.filename!r} cannot run: the notebook's name {problem}")
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


def find_name_problem(name: str) -> str | None:
    """Return why a notebook cannot have this name; None if it can. The client and the service have the same rule."""
    try:
        size_bytes = len(name.encode())
    except UnicodeEncodeError:
        return "is not valid Unicode"
    if _NOT_IN_NAMES.search(name):
        return "has a slash, a backslash or a control character"
    if not name or name in (".", ".."):
        return "is no name of a file"
    if len(name) > _MAX_NAME_CHARACTERS or size_bytes > _MAX_NAME_BYTES:
        return f"has more than {_MAX_NAME_CHARACTERS} characters or {_MAX_NAME_BYTES} bytes"
    return None
