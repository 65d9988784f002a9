"""Store dataclasses as the attributes of items: which attributes an item has, and their values, follow from the fields of the dataclass."""

import json
from collections.abc import Callable, Mapping
from dataclasses import is_dataclass
from datetime import datetime
from typing import Any, Final, TypeVar

from pynamodb.attributes import (
    Attribute,
    BooleanAttribute,
    JSONAttribute,
    MapAttribute,
    NumberAttribute,
    UnicodeAttribute,
)
from pynamodb.constants import NUMBER
from pynamodb.models import Model

from chalicelib.domain.serialization import from_stored, record_fields, to_stored, write_value
from chalicelib.domain.timestamps import from_millis, to_millis

__all__ = ["EpochSecondsAttribute", "MillisAttribute", "attribute_values", "read_record", "stores"]

_Model = TypeVar("_Model", bound=Model)
_Record = TypeVar("_Record")


class MillisAttribute(Attribute[datetime]):
    """An instant, stored as milliseconds."""

    attr_type = NUMBER

    def serialize(self, value: datetime) -> str:
        """Return the number as DynamoDB expects it."""
        return str(to_millis(value))

    def deserialize(self, value: str) -> datetime:
        """Return an aware datetime in UTC."""
        return from_millis(int(value))


class EpochSecondsAttribute(Attribute[datetime]):
    """An instant, stored as whole seconds, as DynamoDB's time to live requires."""

    attr_type = NUMBER

    def serialize(self, value: datetime) -> str:
        """Return the number, rounded down."""
        return str(to_millis(value) // 1000)

    def deserialize(self, value: str) -> datetime:
        """Return an aware datetime in UTC."""
        return from_millis(int(value) * 1000)


class _CompactJsonAttribute(JSONAttribute):
    """A record inside of a record, as JSON.

    Characters outside of ASCII are written as they are: as escapes they take up to three times as many bytes, and an item has at most 400 KB.
    """

    def serialize(self, value: Any) -> str | None:
        return None if value is None else json.dumps(value, ensure_ascii=False, separators=(",", ":"))


_ATTRIBUTES: Final[Mapping[type, type[Attribute[Any]]]] = {
    str: UnicodeAttribute,
    int: NumberAttribute,
    bool: BooleanAttribute,
    datetime: MillisAttribute,
}


def stores(record: type) -> Callable[[type[_Model]], type[_Model]]:
    """Return a class decorator that adds an attribute for each field of a dataclass that the model does not declare itself.

    A model declares its keys, and the attributes that expressions name.
    """

    def add_attributes(model: type[_Model]) -> type[_Model]:
        attributes = {
            field.name: _attribute_type(field.kind)(null=field.is_optional)
            for field in record_fields(record)
            if not hasattr(model, field.name)
        }
        return type(model.__name__, (model,), {"__doc__": model.__doc__, "__module__": model.__module__, **attributes})

    return add_attributes


def attribute_values(record: object) -> dict[str, Any]:
    """Return the values of an item's attributes; None where the record has none. The attributes themselves write instants."""
    values = {field: getattr(record, field.name) for field in record_fields(type(record))}
    return {
        field.name: value if isinstance(value, datetime) else write_value(field, value, to_stored)
        for field, value in values.items()
    }


def read_record(record: type[_Record], item: Model) -> _Record:
    """Return the record of an item."""
    return from_stored(record, {name: _plain(value) for name, value in item.attribute_values.items()})


def _plain(value: Any) -> Any:
    return value.as_dict() if isinstance(value, MapAttribute) else value  # type: ignore[no-untyped-call] # pynamodb's


def _attribute_type(kind: type) -> type[Attribute[Any]]:
    return _CompactJsonAttribute if is_dataclass(kind) or kind is tuple else _ATTRIBUTES[kind]
