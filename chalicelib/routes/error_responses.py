"""Where errors become HTTP responses."""

import logging
from http import HTTPStatus
from typing import Final

from chalice.app import ChaliceViewError, Response
from typing_extensions import TypedDict

from chalicelib.errors import AwsThrottledError, CopyTimeoutError, RequestError, TooManyRequestsError

__all__ = ["ErrorResponse", "error_body", "error_response"]

_log = logging.getLogger(__name__)

_MAX_MESSAGE: Final = 4000
"""Longest message, in characters. Some messages quote the request, which may be a whole body; the ids of 100 jobs fit."""

_RETRY_LATER: Final = frozenset({TooManyRequestsError.status, CopyTimeoutError.status})
"""Statuses of responses with a `Retry-After` header."""


class ErrorResponse(TypedDict):
    """The body of every error."""

    message: str
    """What is wrong, and what to do."""
    reason: str | None
    """The name of the field that is wrong, if the error is about one."""
    code: str
    """The kind of error, for programs."""
    request_id: str | None
    """The id by which the operator finds the request in the logs."""


def error_response(error: Exception, request_id: str | None) -> Response:
    """Map an error to a response, and log it."""
    status, code, message, reason = _describe(error)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        _log.error("request failed", exc_info=error)
    else:
        _log.info("request rejected", extra={"status": status, "code": code, "error_message": message})
    headers: dict[str, str | list[str]] = {"Retry-After": "2"} if status in _RETRY_LATER else {}
    return Response(body=error_body(message, code, request_id, reason), status_code=status, headers=headers)


def error_body(message: str, code: str, request_id: str | None, reason: str | None = None) -> ErrorResponse:
    """Make the body of an error response."""
    return {"message": message, "reason": reason, "code": code, "request_id": request_id}


def _describe(error: Exception) -> tuple[int, str, str, str | None]:
    """Return status, code, message and reason of an error."""
    if isinstance(error, RequestError):
        return error.status, error.code, _truncate(error.message), error.reason
    if isinstance(error, ChaliceViewError):
        return error.STATUS_CODE, type(error).__name__, str(error), None
    if isinstance(error, AwsThrottledError):
        message = "AWS throttles the requests at the moment. Try again in a moment."
        return TooManyRequestsError.status, TooManyRequestsError.code, message, None
    message = (
        "Something failed inside the scheduler. Try again. If it keeps failing, send the request id to the operator."
    )
    return HTTPStatus.INTERNAL_SERVER_ERROR, "internal_error", message, None


def _truncate(message: str) -> str:
    return message if len(message) <= _MAX_MESSAGE else f"{message[:_MAX_MESSAGE]} …"
