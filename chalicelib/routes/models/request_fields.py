"""The base of request models, and how their fields become arguments of dataclasses."""

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from chalicelib.domain.serialization import from_wire, record_fields

__all__ = ["Body", "read_changes", "read_fields", "read_options"]


class Body(BaseModel):
    """Base of all request bodies: unknown fields are ignored, and types are not converted. Pydantic builds a model when it is first used."""

    model_config = ConfigDict(extra="ignore", strict=True, defer_build=True)


def read_fields(body: BaseModel, names: Iterable[str], record: type) -> dict[str, Any]:
    """Return the fields that a body names, as arguments for the constructor of a dataclass; null counts as not named."""
    return from_wire(record, {name: value for name in names if (value := getattr(body, name)) is not None})


def read_changes(body: BaseModel, names: Iterable[str], record: type, *, removable: Iterable[str]) -> dict[str, Any]:
    """Return the fields that a body changes, as arguments for the constructor of a dataclass.

    Parameters
    ----------
    body
        The request.
    names
        The fields that it may name.
    record
        The dataclass.
    removable
        Fields whose null stands for the default; null in another field counts as not named.
    """
    nulls = {name for name in body.model_fields_set.intersection(removable, names) if getattr(body, name) is None}
    defaults = {field.name: field.default for field in record_fields(record) if field.wire_name in nulls}
    return defaults | read_fields(body, names, record)


def read_options(model: type[BaseModel], parameters: Mapping[str, Any] | None, record: type) -> dict[str, Any]:
    """Return the options that an environment's parameters contain, as arguments for the constructor of a dataclass.

    Raises
    ------
    ValueError
        If one is invalid. The message names it.
    """
    try:
        return read_fields(model.model_validate(parameters or {}), model.model_fields, record)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise ValueError(f"{first['loc'][0]}: {first['msg']}") from None
