"""Exit codes: each class of failure has its own, decided here and nowhere else."""

from enum import IntEnum
from typing import Final

from jupyter_scheduler_aws.errors import (
    ConfigurationError,
    DownloadError,
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
    """What `nbjobs` ends with."""

    DONE = 0
    JOB_NOT_COMPLETED = 1
    USAGE = 2
    NO_SERVICE = 3
    REFUSED = 4
    TRANSFER = 5
    INTERRUPTED = 130
    """As shells report SIGINT."""


EXIT_CODES_HELP: Final = """Exit codes:
0 done, and with --wait the job is COMPLETED;
1 the job FAILED or was STOPPED;
2 wrong usage, or not a notebook that can be run;
3 not set up, or the service cannot be reached;
4 the service refused: not found, not allowed, conflict;
5 files could not be transferred;
130 interrupted."""

_CODES: Final[tuple[tuple[type[SchedulerClientError], ExitCode], ...]] = (
    (SnapshotError, ExitCode.USAGE),
    (ConfigurationError, ExitCode.NO_SERVICE),
    (UnreachableError, ExitCode.NO_SERVICE),
    (UnexpectedResponseError, ExitCode.NO_SERVICE),
    (ServiceError, ExitCode.NO_SERVICE),
    (TooManyRequestsError, ExitCode.NO_SERVICE),
    (SchedulerApiError, ExitCode.REFUSED),
    (UploadError, ExitCode.TRANSFER),
    (DownloadError, ExitCode.TRANSFER),
)
"""The first that fits counts."""


def exit_code_of(error: SchedulerClientError) -> ExitCode:
    """Give the exit code of an error."""
    return next(code for kind, code in _CODES if isinstance(error, kind))
