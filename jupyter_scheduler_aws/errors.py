"""Every error that the client raises on purpose.

SchedulerClientError
├── ConfigurationError              something to set up on this side
│   ├── NoUrlError                      the URL of the stack is missing or not a URL
│   ├── NoRegionError                   the URL names no region, and nothing else does
│   └── NoCredentialsError              no AWS credentials, or they cannot be refreshed
├── UnreachableError                no answer came, however often it was asked
├── UnexpectedAnswerError           an answer came that is not the scheduler's
├── SnapshotError                   the notebook or its folder cannot be packed
│   └── SnapshotTooLargeError           it is over a limit of the service; nothing was sent
├── UploadError                     the snapshot did not arrive
├── DownloadError                   a file did not arrive whole, or may not be written
│   └── UnsafePathError                 the service named a file outside of the folder, or two that would be one
└── SchedulerApiError               the service refused; carries status, code and request id
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

from jupyter_scheduler_aws.sanitize import sanitize_text

__all__ = [
    "URL_VARIABLE",
    "ConfigurationError",
    "ConflictError",
    "DownloadError",
    "InvalidRequestError",
    "NoCredentialsError",
    "NoRegionError",
    "NoUrlError",
    "NotAllowedError",
    "NotFoundError",
    "SchedulerApiError",
    "SchedulerClientError",
    "ServiceError",
    "SnapshotError",
    "SnapshotTooLargeError",
    "TooLargeError",
    "TooManyRequestsError",
    "UnexpectedResponseError",
    "UnreachableError",
    "UnsafePathError",
    "UploadError",
    "error_of_response",
]

URL_VARIABLE: Final = "JUPYTER_SCHEDULER_AWS_URL"
"""Environment variable with the stage URL, the same for client, CLI and JupyterLab."""


class SchedulerClientError(Exception):
    """Root of the tree; its message says what happened, to which thing, and what to do next.

    The message is made plain: it may quote the service or a notebook, and tracebacks print it as it is.
    """

    def __init__(self, message: str) -> None:
        self.message = sanitize_text(message)
        super().__init__(self.message)


class ConfigurationError(SchedulerClientError):
    """Something must be set up on this side.

    Parameters
    ----------
    message
        What, and how it is said in the environment.
    option
        Which option of a program says it as well: `url`, `region` or `profile`; None if none does.
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
    """No answer came, however often it was asked."""


class UnexpectedResponseError(SchedulerClientError):
    """An answer came that is not the scheduler's."""


class SnapshotError(SchedulerClientError):
    """The notebook or its folder cannot be packed."""


class SnapshotTooLargeError(SnapshotError):
    """The notebook or its folder is over a limit of the service; it was seen before anything was sent."""


class UploadError(SchedulerClientError):
    """The snapshot did not arrive."""


class DownloadError(SchedulerClientError):
    """A file did not arrive whole, or may not be written."""


class UnsafePathError(DownloadError):
    """The service named a file that would be written outside of the folder, or over another one."""


class SchedulerApiError(SchedulerClientError):
    """The service refused a request.

    Parameters
    ----------
    message
        What the service said, for a person, with a hint where this side knows more.
    status
        HTTP status of the answer.
    code
        What a program can compare, such as `not_found`; None where the answer had none.
    reason
        The field or thing that the message is about, if the service named one.
    request_id
        Finds the request in the service's logs.
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
    """The request is not what it must be (400), or well-formed but cannot be run (422)."""


class NotAllowedError(SchedulerApiError):
    """The service does not know who asks (401), or does not let them (403)."""


class NotFoundError(SchedulerApiError):
    """There is no such thing, or it is somebody else's (404)."""


class ConflictError(SchedulerApiError):
    """It exists, but in a state that does not allow this (409)."""


class TooLargeError(SchedulerApiError):
    """The snapshot or the request is over a limit (413)."""


class TooManyRequestsError(SchedulerApiError):
    """The service asked to slow down, for longer than was waited (429)."""


class ServiceError(SchedulerApiError):
    """A fault of the service (5xx)."""


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

_HINTS: Final[Mapping[str, str]] = {
    "Missing Authentication Token": (
        "There is nothing at this address: compare JUPYTER_SCHEDULER_AWS_URL with the stack's output ApiUrl."
    ),
    "Forbidden": (
        "There is nothing at this address that you may use: compare JUPYTER_SCHEDULER_AWS_URL with the stack's output ApiUrl."
    ),
    "Signature expired": "This machine's clock is wrong: set it and try again.",
    "Signature not yet current": "This machine's clock is wrong: set it and try again.",
    "security token included in the request is expired": "Log in again, for example with `aws sso login`.",
    "security token included in the request is invalid": (
        "AWS does not know these credentials: check AWS_PROFILE, or the keys in the environment."
    ),
    "request signature we calculated does not match": (
        "The secret key is not the one of this access key: check AWS_PROFILE, or the keys in the environment."
    ),
    "not authorized to perform": "Ask the operator for the policy that the stack's output UserPolicyArn names.",
}
"""What API Gateway's own refusals mean to a person; it words them for programmers."""


def error_of_response(status: int, document: object, *, request_id: str | None = None) -> SchedulerApiError:
    """Make the error of an answer that is not a success.

    Parameters
    ----------
    status
        HTTP status, 300 or more.
    document
        The decoded JSON body, or the text where it is not JSON.
    request_id
        From the answer's headers; a body that has its own wins.
    """
    fields: Mapping[str, Any] = document if isinstance(document, Mapping) else {}
    message = str(fields.get("message") or fields.get("Message") or f"The service answered {status} without a message.")
    hint = next((hint for words, hint in _HINTS.items() if words in message), None)
    kind = _CLASSES.get(status, ServiceError if status >= 500 else SchedulerApiError)  # noqa: PLR2004 - server errors begin there
    return kind(
        f"{message.removesuffix('.')}. {hint}" if hint else message,
        status=status,
        code=fields.get("code"),
        reason=fields.get("reason"),
        request_id=fields.get("request_id") or request_id,
    )
