"""The exit codes of `nbjobs`: one for each class of failure."""

from enum import IntEnum
from typing import Final

from jupyter_scheduler_aws.errors import (
    ConfigurationError,
    DownloadError,
    EmptyGroupError,
    SchedulerApiError,
    SchedulerClientError,
    ServiceError,
    SnapshotError,
    TooManyRequestsError,
    UnexpectedResponseError,
    UnreachableError,
    UploadError,
)

__all__ = ["EXIT_CODES_HELP", "ExitCode", "exit_code_of"]


class ExitCode(IntEnum):
    """How `nbjobs` ends."""

    SUCCESS = 0
    JOB_NOT_COMPLETED = 1
    USAGE = 2
    UNAVAILABLE = 3
    REFUSED = 4
    TRANSFER_FAILED = 5
    INTERRUPTED = 130
    """The code by which shells report SIGINT."""


EXIT_CODES_HELP: Final = """\b
Exit codes:
  0    success; with --wait, the job is COMPLETED
  1    the job FAILED or was STOPPED
  2    wrong usage, or the notebook cannot be run
  3    not set up, or the service is not reachable
  4    the service refused: not found, not allowed, conflict
  5    a file transfer failed
  130  interrupted"""

_CODES: Final[tuple[tuple[type[SchedulerClientError], ExitCode], ...]] = (
    (SnapshotError, ExitCode.USAGE),
    (ConfigurationError, ExitCode.UNAVAILABLE),
    (UnreachableError, ExitCode.UNAVAILABLE),
    (UnexpectedResponseError, ExitCode.UNAVAILABLE),
    (ServiceError, ExitCode.UNAVAILABLE),
    (TooManyRequestsError, ExitCode.UNAVAILABLE),
    (SchedulerApiError, ExitCode.REFUSED),
    (EmptyGroupError, ExitCode.REFUSED),
    (UploadError, ExitCode.TRANSFER_FAILED),
    (DownloadError, ExitCode.TRANSFER_FAILED),
    (SchedulerClientError, ExitCode.USAGE),
)
"""The first class that matches counts."""


def exit_code_of(error: SchedulerClientError) -> ExitCode:
    """Return the exit code of an error."""
    return next(code for kind, code in _CODES if isinstance(error, kind))
