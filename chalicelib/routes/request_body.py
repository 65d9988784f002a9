"""Parse request bodies, and check that requests are valid text."""

import json
from collections.abc import Mapping
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ValidationError

from chalicelib.errors import InvalidRequestError, TooLargeError

__all__ = ["check_text", "parse_body"]

_MAX_BODY_BYTES: Final = 256 * 1024
"""Largest request body. Its parameters must fit into a DynamoDB item of 400 KiB together with all other fields of a job."""

_TEXTS: Final = ("pathParameters", "multiValueQueryStringParameters", "headers", "body")
"""The keys of an event of API Gateway that contain text from the caller."""

_Model = TypeVar("_Model", bound=BaseModel)


def parse_body(model: type[_Model], raw_body: bytes | str) -> _Model:
    """Parse the JSON body of a request. Unknown fields are ignored, as in the stock scheduler.

    Raises
    ------
    TooLargeError
        If the body has more than 256 KiB.
    InvalidRequestError
        If it is not a JSON object, or a field is missing or has the wrong type. The message names the field.
    """
    if len(raw_body) > _MAX_BODY_BYTES:
        raise TooLargeError(f"The request has {len(raw_body):,} bytes; at most {_MAX_BODY_BYTES:,} are allowed.")
    try:
        return model.model_validate_json(raw_body or b"{}")
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        field = ".".join(str(part) for part in first["loc"] if not _is_type_name(str(part)))
        problem = first["msg"].removeprefix("Value error, ")
        raise InvalidRequestError.for_field(field or "body", f"{problem}.".replace("..", ".")) from None


def check_text(event: Mapping[str, Any]) -> None:
    """Check that a request contains no lone surrogates. JSON allows them, but no store accepts and no response can contain them.

    Raises
    ------
    InvalidRequestError
        If it contains one.
    """
    try:
        json.dumps([event.get(name) for name in _TEXTS], ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise InvalidRequestError(
            "The request contains a lone surrogate, which is not valid text. Send UTF-8."
        ) from None


def _is_type_name(location: str) -> bool:
    """Check whether a part of an error's location is pydantic's name of a type, which means nothing to callers."""
    return location in ("str", "int", "float", "bool") or location.startswith("function-")
