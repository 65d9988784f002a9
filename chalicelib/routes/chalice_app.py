"""From views to answers: the one place where errors become statuses."""

import json
import logging
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, Final, TypeVar

from chalice.app import Blueprint, Chalice, ChaliceViewError, Response
from pydantic import BaseModel, ValidationError
from typing_extensions import TypedDict

from chalicelib.domain.authorization.access import ROUTES
from chalicelib.domain.identifiers import is_id
from chalicelib.errors import (
    AwsThrottledError,
    ConfigurationError,
    CopyTimeoutError,
    InvalidRequestError,
    NotFoundError,
    RequestError,
    TooLargeError,
    TooManyRequestsError,
)
from chalicelib.factory import factory
from chalicelib.observability import observed
from chalicelib.routes.audit import record_request
from chalicelib.routes.authorization import authorize

__all__ = ["ApiBlueprint", "ErrorResponse", "SchedulerApp", "View", "parse_body"]

_log = logging.getLogger(__name__)

_MAX_BODY_BYTES: Final = 256 * 1024
"""A request's body: its parameters must fit into a DynamoDB item of 400 KB with all else that a job has."""

_MAX_MESSAGE: Final = 4000
"""Characters of a message: some quote what was sent, which may be a whole body; the ids of 100 jobs fit in."""

_TEXTS: Final = ("pathParameters", "multiValueQueryStringParameters", "headers", "body")
"""Where an event of API Gateway has what its caller wrote."""

_LATER: Final = frozenset({TooManyRequestsError.status, CopyTimeoutError.status})
"""Refusals that come with `Retry-After`."""

_Model = TypeVar("_Model", bound=BaseModel)
View = Callable[..., Any]


class ErrorResponse(TypedDict):
    """The body of every error."""

    message: str
    """What is wrong, which, and what next."""
    reason: str | None
    """The field that is wrong, if it is one."""
    code: str
    """The kind of error, for programs."""
    request_id: str | None
    """What the operator finds the request by in the logs."""


def parse_body(model: type[_Model], raw_body: bytes | str) -> _Model:
    """Read a request's JSON body as a wire model; unknown fields are ignored, as the stock scheduler does.

    Raises
    ------
    TooLargeError
        If it has more than 256 KiB.
    InvalidRequestError
        If it is no JSON object, or a field is missing or of the wrong type; the message names the field.
    """
    if len(raw_body) > _MAX_BODY_BYTES:
        raise TooLargeError(f"The request has {len(raw_body):,} bytes; at most {_MAX_BODY_BYTES:,} are allowed.")
    try:
        return model.model_validate_json(raw_body or b"{}")
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        field = ".".join(str(each) for each in first["loc"] if not _is_type(str(each)))
        problem = first["msg"].removeprefix("Value error, ")
        raise InvalidRequestError.for_field(field or "body", f"{problem}.".replace("..", ".")) from None


def _check_texts(event: Mapping[str, Any]) -> None:
    """Refuse text that is not Unicode: JSON can say half of a surrogate pair, which no store takes and no answer can hold.

    Raises
    ------
    InvalidRequestError
        If there is any.
    """
    try:
        json.dumps([event.get(name) for name in _TEXTS], ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise InvalidRequestError(
            "The request has half of a surrogate pair in it, which is not text. Send UTF-8."
        ) from None


def _no_such_id() -> RequestError:
    return NotFoundError("There is nothing here: an id has 1 to 200 letters, digits and hyphens.")


def _is_type(location: str) -> bool:
    """Whether a part of an error's location is pydantic's name of a type, of which callers know nothing."""
    return location in ("str", "int", "float", "bool") or location.startswith("function-")


class ApiBlueprint(Blueprint):
    """A blueprint whose views raise the errors of `errors.py`; a view that gives None answers 204.

    Each request that changes something or makes a URL leaves one audit line, whatever its status.

    Parameters
    ----------
    unknown_id
        Makes what is raised if an id in a path cannot be one.
    """

    def __init__(self, import_name: str, *, unknown_id: Callable[[], RequestError] = _no_such_id) -> None:
        super().__init__(import_name)
        self._unknown_id = unknown_id
        self.views: dict[tuple[str, str], View] = {}
        """Each view, by path and method."""

    def route(self, path: str, *, audited: bool | None = None, **options: Any) -> Callable[[View], View]:
        """Register a view, with its errors mapped and its caller checked.

        Parameters
        ----------
        path
            Where it is.
        audited
            Whether a request leaves an audit line; if nothing is said, every request below `/scheduler` but a GET does.
        **options
            Chalice's own.

        Raises
        ------
        ConfigurationError
            If `domain.access.ROUTES` does not say who may call it.
        """
        if unruled := [method for method in options["methods"] if f"{method} {path}" not in ROUTES]:
            raise ConfigurationError(
                f"domain/access.py has no row for {', '.join(unruled)} {path}: say who may call it."
            )
        register = super().route(path, **options)
        if audited is None:
            audited = path.startswith("/scheduler/") and options["methods"] != ["GET"]

        def decorate(view: View) -> View:
            register(self._answering(view, path, audited=audited))
            self.views.update({(path, method): view for method in options["methods"]})
            return view

        return decorate

    def _check_ids(self, *ids: str) -> None:
        if not all(is_id(each) for each in ids):
            raise self._unknown_id()

    def _answering(self, view: View, path: str, *, audited: bool) -> View:
        @wraps(view)
        def response(*args: Any, **kwargs: Any) -> Response:
            try:
                request = self.current_request
                authorize(request, ROUTES[f"{request.method} {path}"].audience, factory().settings.ownership)
                self._check_ids(*args, *kwargs.values())
                _check_texts(request.to_original_event())
                body = view(*args, **kwargs)
                response = Response(body=body if body is not None else "", status_code=204 if body is None else 200)
            except Exception as error:  # noqa: BLE001 - the boundary: whatever it is, it becomes an answer here
                response = _error_response(error, self.current_request.context.get("requestId"))
            if audited:
                record_request(view.__name__, self.current_request, kwargs, response)
            return response

        return response


class SchedulerApp(Chalice):
    """A Chalice app whose own errors (no such route, method or media type) have the API's shape too."""

    def __call__(self, event: Mapping[str, Any], context: Any) -> Any:
        """Serve one request of API Gateway."""
        return observed(self._serve, name="api")(event, context)

    def _serve(self, event: Mapping[str, Any], context: Any) -> Any:
        response = super().__call__(event, context)
        # Preflights decide which origins may ask; a signature, which no browser adds by itself, opens the API.
        response.setdefault("headers", {})["Access-Control-Allow-Origin"] = "*"
        if response.get("statusCode", 200) >= 400 and '"Code"' in response.get("body", ""):  # noqa: PLR2004
            said = json.loads(response["body"])
            request_id = (event.get("requestContext") or {}).get("requestId")
            response["body"] = json.dumps(_body(said.get("Message", ""), "".join(said.get("Code", "")), request_id))
        return response


def _error_response(error: Exception, request_id: str | None) -> Response:
    status, code, message, reason = _describe(error)
    if status >= 500:  # noqa: PLR2004
        _log.error("request failed", exc_info=error)
    else:
        _log.info("request refused", extra={"status": status, "code": code, "refusal": message})
    headers: dict[str, str | list[str]] = {"Retry-After": "2"} if status in _LATER else {}
    return Response(body=_body(message, code, request_id, reason), status_code=status, headers=headers)


def _describe(error: Exception) -> tuple[int, str, str, str | None]:
    if isinstance(error, RequestError):
        return error.status, error.code, _shortened(error.message), error.reason
    if isinstance(error, ChaliceViewError):
        return error.STATUS_CODE, type(error).__name__, str(error), None
    if isinstance(error, AwsThrottledError):
        return (
            TooManyRequestsError.status,
            TooManyRequestsError.code,
            "AWS is asked too often just now. Try again in a moment.",
            None,
        )
    return (
        500,
        "internal_error",
        "Something failed inside the scheduler. Try again; if it stays, give the operator the request id.",
        None,
    )


def _shortened(message: str) -> str:
    return message if len(message) <= _MAX_MESSAGE else f"{message[:_MAX_MESSAGE]} …"


def _body(message: str, code: str, request_id: str | None, reason: str | None = None) -> ErrorResponse:
    return {"message": message, "reason": reason, "code": code, "request_id": request_id}
