"""Build responses from the records that they describe."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from functools import cache
from types import NoneType
from typing import Any, TypeVar, cast, get_args, get_type_hints

from chalicelib.domain.serialization import to_wire

__all__ = ["Redirect", "build_response", "without_nulls"]


@dataclass(frozen=True)
class Redirect:
    """A response without a body that sends the client elsewhere, with status 302."""

    url: str


_Response = TypeVar("_Response")


def build_response(model: type[_Response], *records: object, **computed: object) -> _Response:
    """Return a response with exactly the fields of its model.

    Parameters
    ----------
    model
        A TypedDict. Only the fields that it names leave the service.
    records
        Dataclasses; a field of the model is the field with that wire name of one of them.
        An empty list or mapping becomes null where the model allows null.
    computed
        Fields that no record has, or whose values differ from the record's.

    Raises
    ------
    KeyError
        If a field of the model is in no record and not computed.
    """
    nullable = _nullable_fields(cast("Hashable", model))
    values: dict[str, Any] = {}
    for record in records:
        values |= to_wire(record, only=nullable)
    values |= computed
    response = {
        name: None if is_nullable and values[name] in ([], {}) else values[name]
        for name, is_nullable in nullable.items()
    }
    return cast("_Response", response)


def without_nulls(response: Mapping[str, object]) -> dict[str, Any]:
    """Return a response without its null fields, as the panel needs the rows of a list."""
    return {name: value for name, value in response.items() if value is not None}


@cache
def _nullable_fields(model: Any) -> Mapping[str, bool]:
    """Return the fields of a model, each with whether it can be null."""
    return {name: NoneType in get_args(hint) for name, hint in get_type_hints(model).items()}
