"""Error responses of API Gateway itself, in the format of the service's errors."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from aws_cdk.aws_apigateway import ResponseType, RestApi

__all__ = ["add_gateway_responses"]

_CORS_HEADERS: Final[Mapping[str, str]] = {
    "Access-Control-Allow-Origin": "'*'",
    "Access-Control-Allow-Headers": "'*'",
    "Access-Control-Expose-Headers": "'x-amzn-errortype,x-amzn-requestid'",
}
"""Without these headers a browser hides the error from a page, even its status."""


@dataclass(frozen=True, kw_only=True)
class _Response:
    kind: ResponseType
    code: str
    message: str | None = None
    """None keeps the gateway's own message."""
    status: str | None = None
    """None keeps the gateway's own status."""
    retry_after_seconds: int | None = None


_RESPONSES: Final = (
    _Response(kind=ResponseType.DEFAULT_4_XX, code="bad_request"),
    _Response(
        kind=ResponseType.DEFAULT_5_XX,
        code="unavailable",
        message="The service is unavailable. Try again; if the error persists, send this request id to the operator.",
    ),
    _Response(
        kind=ResponseType.MISSING_AUTHENTICATION_TOKEN,
        code="not_found_or_not_signed",
        message="There is no such route, or the request is not signed. Check path and method, and sign with AWS Signature Version 4.",
    ),
    _Response(
        kind=ResponseType.UNAUTHORIZED,
        code="not_authenticated",
        message="These credentials are not valid. Sign the request with valid AWS credentials.",
    ),
    _Response(kind=ResponseType.INVALID_SIGNATURE, code="not_authenticated"),
    _Response(
        kind=ResponseType.EXPIRED_TOKEN,
        code="not_authenticated",
        message="The AWS credentials have expired. Get new ones (for instance `aws sso login`) and try again.",
    ),
    _Response(kind=ResponseType.ACCESS_DENIED, code="not_allowed"),
    _Response(
        # The message of `chalicelib.errors.NotAllowedError.for_runner`: a missing API key reveals no more than a missing proof.
        kind=ResponseType.INVALID_API_KEY,
        code="not_allowed",
        message="Only the container of this run may call this route.",
    ),
    _Response(
        kind=ResponseType.THROTTLED,
        code="too_many_requests",
        message="This stack receives too many requests. Wait a moment and try again.",
        retry_after_seconds=2,
    ),
    _Response(
        kind=ResponseType.QUOTA_EXCEEDED,
        code="too_many_requests",
        message="This stack received too many requests. Wait and try again.",
    ),
    _Response(
        kind=ResponseType.REQUEST_TOO_LARGE,
        code="too_large",
        message="The request is larger than 10 MB. Upload notebooks and folders with POST /scheduler/uploads.",
    ),
    _Response(
        kind=ResponseType.UNSUPPORTED_MEDIA_TYPE,
        code="bad_request",
        message="Send JSON, with content-type application/json.",
    ),
    _Response(
        kind=ResponseType.INTEGRATION_TIMEOUT,
        code="timeout",
        message="The service took longer than 29 seconds. The request may have taken effect: check before you try again.",
    ),
    _Response(
        kind=ResponseType.INTEGRATION_FAILURE,
        code="unavailable",
        status="502",
        message="The service could not be reached. Try again; if the error persists, send this request id to the operator.",
    ),
)
"""The two defaults, and the cases with a more specific message."""


def add_gateway_responses(api: RestApi) -> None:
    """Add a body `{"message", "reason", "code", "request_id"}` and CORS headers to every error that does not reach the service."""
    for response in _RESPONSES:
        api.add_gateway_response(
            response.kind.response_type,
            type=response.kind,
            status_code=response.status,
            response_headers=_headers(response),
            templates={"application/json": _body(response)},
        )


def _headers(response: _Response) -> dict[str, str]:
    later = {"Retry-After": f"'{response.retry_after_seconds}'"} if response.retry_after_seconds else {}
    return {**_CORS_HEADERS, **later}


def _body(response: _Response) -> str:
    # The gateway adds the quotes to its own message.
    message = json.dumps(response.message) if response.message else "$context.error.messageString"
    return f'{{"message": {message}, "reason": null, "code": "{response.code}", "request_id": "$context.requestId"}}'
