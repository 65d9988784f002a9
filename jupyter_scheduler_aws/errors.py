"""All errors that the client raises deliberately.

SchedulerClientError
├── ConfigurationError              something is not set up on this machine
│   ├── NoUrlError                      the URL of the stack is missing or not a URL
│   ├── NoRegionError                   the URL names no region, and nothing else does
│   └── NoCredentialsError              no AWS credentials, or they cannot be refreshed
├── UnreachableError                no response, even after retries
│   └── TooLateError                    no response in time
├── UnexpectedResponseError         the response is not the scheduler's
├── EmptyGroupError                 a group has no jobs
├── BadOptionError                  an option's name is unknown, or its text cannot be read
├── ParameterError                  a parameter's name or value cannot be passed to the notebook
├── SnapshotError                   the notebook or its folder cannot be packed
│   └── SnapshotTooLargeError           it is above a limit of the service; nothing was sent
├── UploadError                     the upload of the snapshot failed
├── DownloadError                   a file is incomplete or cannot be written
│   ├── NoPartialNotebookError          a running job has no notebook to look at
│   └── UnsafePathError                 a file would be outside of the folder, or two would be the same
└── SchedulerApiError               the service refused; has status, code and request id
    ├── InvalidRequestError             400, 422
    ├── NotAllowedError                 401, 403
    ├── NotFoundError                   404
    ├── ConflictError                   409
    ├── TooLargeError                   413
    ├── TooManyRequestsError            429
    └── ServiceError                    5xx
"""

from collections.abc import Mapping
from typing import Any, Final

from jupyter_scheduler_aws.gateway_messages import explain_gateway_message, explain_status
from jupyter_scheduler_aws.sanitize import sanitize_text

__all__ = [
    "URL_VARIABLE",
    "BadOptionError",
    "ConfigurationError",
    "ConflictError",
    "DownloadError",
    "EmptyGroupError",
    "InvalidRequestError",
    "NoCredentialsError",
    "NoPartialNotebookError",
    "NoRegionError",
    "NoUrlError",
    "NotAllowedError",
    "NotFoundError",
    "ParameterError",
    "SchedulerApiError",
    "SchedulerClientError",
    "ServiceError",
    "SnapshotError",
    "SnapshotTooLargeError",
    "TooLargeError",
    "TooLateError",
    "TooManyRequestsError",
    "UnexpectedResponseError",
    "UnreachableError",
    "UnsafePathError",
    "UploadError",
    "error_of_response",
    "is_limit_reached",
]

URL_VARIABLE: Final = "JUPYTER_SCHEDULER_AWS_URL"
"""Environment variable with the stage URL, the same for client, CLI and JupyterLab."""


class SchedulerClientError(Exception):
    """Base class. Its message explains what happened, to which thing, and what to do next.

    The message is sanitized, because it may quote the service or a notebook, and tracebacks print it unchanged.
    """

    def __init__(self, message: str) -> None:
        self.message = sanitize_text(message)
        super().__init__(self.message)


class ConfigurationError(SchedulerClientError):
    """Something is not set up on this machine.

    Parameters
    ----------
    message
        What to set up, and how to do it in the environment.
    option
        Option of a program that sets it as well: `url`, `region` or `profile`; None if there is none.
    """

    def __init__(self, message: str, *, option: str | None = None) -> None:
        super().__init__(message)
        self.option = option


class NoUrlError(ConfigurationError):
    """The URL of the stack is missing or not a URL."""


class NoRegionError(ConfigurationError):
    """The URL names no region, and nothing else does."""


class NoCredentialsError(ConfigurationError):
    """There are no AWS credentials, or they cannot be refreshed."""


class UnreachableError(SchedulerClientError):
    """There is no response, even after retries."""


class TooLateError(UnreachableError):
    """There is no response in time."""


class UnexpectedResponseError(SchedulerClientError):
    """The response is not the scheduler's."""


class EmptyGroupError(SchedulerClientError):
    """A group has no jobs: it never had any of yours, or they are deleted."""


class BadOptionError(SchedulerClientError):
    """An option has a name that is unknown, or a text that cannot be read; nothing was sent."""


class ParameterError(SchedulerClientError):
    """A parameter's name or value cannot be passed to the notebook; nothing was sent."""


class SnapshotError(SchedulerClientError):
    """The notebook or its folder cannot be packed."""


class SnapshotTooLargeError(SnapshotError):
    """The notebook or its folder is above a limit of the service; nothing was sent."""


class UploadError(SchedulerClientError):
    """The upload of the snapshot failed."""


class DownloadError(SchedulerClientError):
    """A file is incomplete or cannot be written."""


class NoPartialNotebookError(DownloadError):
    """The job has ended, or its runner has not saved the notebook yet."""


class UnsafePathError(DownloadError):
    """The service named a file that would be outside of the folder, or replace another one."""


class SchedulerApiError(SchedulerClientError):
    """The service refused a request.

    Parameters
    ----------
    message
        The service's message for a person, with a hint if the client knows more.
    status
        HTTP status of the response.
    code
        For programs to compare, such as `not_found`; None if the response has none.
    reason
        The field or thing that the message is about, if the service names one.
    request_id
        Identifies the request in the service's logs.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int,
        code: str | None = None,
        reason: str | None = None,
        request_id: str | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.reason = reason
        self.request_id = request_id


class InvalidRequestError(SchedulerApiError):
    """The request is invalid (400), or valid but cannot be run (422)."""


class NotAllowedError(SchedulerApiError):
    """The service does not know you (401), or you do not have the right (403)."""


class NotFoundError(SchedulerApiError):
    """It does not exist, or belongs to somebody else (404)."""


class ConflictError(SchedulerApiError):
    """Its state does not allow this (409)."""


def is_limit_reached(error: ConflictError) -> bool:
    """Check whether the service refused a job because too many of the owner's jobs are waiting: try again when some have started."""
    return error.code == "limit_reached"


class TooLargeError(SchedulerApiError):
    """The snapshot or the request is above a limit (413)."""


class TooManyRequestsError(SchedulerApiError):
    """The service is still throttling after all retries (429)."""


class ServiceError(SchedulerApiError):
    """The service failed (5xx)."""


_CLASSES: Final[Mapping[int, type[SchedulerApiError]]] = {
    400: InvalidRequestError,
    401: NotAllowedError,
    403: NotAllowedError,
    404: NotFoundError,
    409: ConflictError,
    413: TooLargeError,
    422: InvalidRequestError,
    429: TooManyRequestsError,
}


def error_of_response(
    status: int, document: object, *, request_id: str | None = None, what: str = "asking the service"
) -> SchedulerApiError:
    """Return the error for a response without success.

    Parameters
    ----------
    status
        HTTP status, 300 or more.
    document
        The decoded JSON body, or the text where it is not JSON.
    request_id
        From the headers of the response; one in the body takes precedence.
    what
        What the client was doing: see `describe_request`.
    """
    fields: Mapping[str, Any] = document if isinstance(document, Mapping) else {}
    message = fields.get("message") or fields.get("Message")
    kind = _CLASSES.get(status, ServiceError if status >= 500 else SchedulerApiError)  # noqa: PLR2004 - the first status of server errors
    return kind(
        explain_gateway_message(str(message), what=what) if message else explain_status(status, what=what),
        status=status,
        code=fields.get("code"),
        reason=fields.get("reason"),
        request_id=fields.get("request_id") or request_id,
    )
