"""Serialize dataclasses for the tables and for the wire, and read them back.

A field is declared once, in its dataclass. Its annotation decides how its value is written: an instant as milliseconds, a tuple as a
list, an enumeration as its value, a dataclass as a mapping, also inside a tuple. Its metadata names the unit of a duration, and the wire name where it
differs from the field's name.
"""

from collections.abc import Callable, Collection, Hashable, Mapping
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass
from datetime import datetime, timedelta
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Any, Final, TypeVar, cast, get_args, get_origin, get_type_hints

from chalicelib.domain.timestamps import from_millis, to_millis

__all__ = [
    "DAYS",
    "MILLIS",
    "SECONDS",
    "RecordField",
    "from_stored",
    "from_wire",
    "record_fields",
    "to_stored",
    "to_wire",
    "wire_name",
    "write_value",
]

SECONDS: Final[Mapping[str, Any]] = {"unit": ("seconds", timedelta(seconds=1))}
MILLIS: Final[Mapping[str, Any]] = {"unit": ("millis", timedelta(milliseconds=1))}
DAYS: Final[Mapping[str, Any]] = {"unit": ("days", timedelta(days=1))}
"""Metadata of a duration: its unit, which is also the end of its name in the table and on the wire."""

_ATOMS: Final = (str, int, bool, float, NoneType)

_T = TypeVar("_T")


def wire_name(name: str) -> Mapping[str, Any]:
    """Return the metadata of a field that has another name on the wire."""
    return {"wire_name": name}


@dataclass(frozen=True)
class RecordField:
    """How a field of a dataclass is written and read."""

    name: str
    stored_name: str
    wire_name: str
    kind: Any
    """Its type, without None and without what a container holds."""
    item_kind: Any
    """The type of the items, if it is a tuple; else None."""
    is_optional: bool
    """Whether it may be None."""
    unit: timedelta | None
    """Unit of a duration."""
    default: Any
    """`MISSING` if it has none."""


def record_fields(record: type) -> tuple[RecordField, ...]:
    """Return the fields of a dataclass, in their order."""
    return _cached_fields(cast("Hashable", record))


def to_stored(record: object) -> dict[str, Any]:
    """Write a record for a table. A field with an empty default is left out while it has that value, so that items stay small."""
    stored = {}
    for field in record_fields(type(record)):
        value = getattr(record, field.name)
        written = write_value(field, value, to_stored)
        if written or value != field.default:
            stored[field.stored_name] = written
    return stored


def from_stored(record: type[_T], stored: Mapping[str, Any]) -> _T:
    """Read a record from a table; a field that is not there gets its default."""
    found = [field for field in record_fields(record) if stored.get(field.stored_name) is not None]
    return record(**{field.name: _read_value(field, stored[field.stored_name]) for field in found})


def to_wire(record: object, only: Collection[str] | None = None) -> dict[str, Any]:
    """Write a record for the wire: all of its fields, or only those with these wire names."""
    return {
        field.wire_name: write_value(field, getattr(record, field.name), to_wire)
        for field in record_fields(type(record))
        if only is None or field.wire_name in only
    }


def from_wire(record: type, values: Mapping[str, Any]) -> dict[str, Any]:
    """Read values from the wire, as arguments for the constructor of a dataclass.

    Raises
    ------
    KeyError
        If the dataclass has no field with such a wire name.
    """
    known = {field.wire_name: field for field in record_fields(record)}
    return {known[name].name: _read_value(known[name], value) for name, value in values.items()}


def write_value(field: RecordField, value: Any, write_record: Callable[[object], Any]) -> Any:
    """Write the value of a field; `write_record` writes a dataclass."""
    if value.__class__ in _ATOMS:
        return value
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return to_millis(value)
    if isinstance(value, timedelta):
        return value // field.unit if field.unit else value
    if isinstance(value, tuple):
        return [write_record(item) if is_dataclass(item) else item for item in value]
    return write_record(value) if is_dataclass(value) else dict(value)


def _read_value(field: RecordField, value: Any) -> Any:
    kind = field.kind
    if value is None:
        return None
    if kind is datetime:
        return value if isinstance(value, datetime) else from_millis(value)
    if field.unit is not None:
        return value * field.unit
    if isinstance(kind, type) and is_dataclass(kind):
        return from_stored(kind, value)
    if kind is tuple and is_dataclass(field.item_kind):
        return tuple(from_stored(field.item_kind, item) for item in value)  # type: ignore[arg-type] # a dataclass, not an instance
    return dict(value) if kind is Mapping else kind(value)


@cache
def _cached_fields(record: Any) -> tuple[RecordField, ...]:
    hints = get_type_hints(record)
    return tuple(_record_field(field, hints[field.name]) for field in fields(record))


def _record_field(field: Field[Any], annotation: Any) -> RecordField:
    kinds = get_args(annotation) if isinstance(annotation, UnionType) else (annotation,)
    (declared,) = (each for each in kinds if each is not NoneType)
    kind = get_origin(declared) or declared
    suffix, unit = field.metadata.get("unit", (None, None))
    stored_name = f"{field.name}_{suffix}" if suffix else field.name
    if kind is timedelta and unit is None:
        raise TypeError(f"{field.name}: a duration needs a unit in its metadata.")
    default = field.default if field.default_factory is MISSING else field.default_factory()
    return RecordField(
        field.name,
        stored_name,
        field.metadata.get("wire_name", stored_name),
        kind,
        get_args(declared)[0] if kind is tuple else None,
        is_optional=NoneType in kinds,
        unit=unit,
        default=default,
    )
