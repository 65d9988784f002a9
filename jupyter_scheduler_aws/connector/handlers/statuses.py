"""The HTTP status of an error."""

from collections.abc import Mapping
from typing import Final

from jupyter_scheduler_aws.errors import (
    BadOptionError,
    ConfigurationError,
    DownloadError,
    NoPartialNotebookError,
    SchedulerApiError,
    SchedulerClientError,
    TooLateError,
    UnexpectedResponseError,
    UnreachableError,
)

__all__ = ["http_status"]

_STATUSES: Final[Mapping[type[SchedulerClientError], int]] = {
    BadOptionError: 400,
    NoPartialNotebookError: 409,
    TooLateError: 504,
    UnreachableError: 502,
    UnexpectedResponseError: 502,
    DownloadError: 502,
    ConfigurationError: 503,
}
"""The first class that fits decides."""


def http_status(error: SchedulerClientError) -> int:
    """Return the service's own status if it refused, else the one that says who failed: 502 and 504 the network, 503 the set-up."""
    if isinstance(error, SchedulerApiError):
        return error.status
    return next((status for kind, status in _STATUSES.items() if isinstance(error, kind)), 500)
