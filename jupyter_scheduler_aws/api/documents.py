"""Read the service's JSON documents into dataclasses.

A model declares each field once. Its type determines how the value is read: `datetime` from milliseconds, `timedelta` from seconds.
`Wire` adds what the type cannot express. Fields that the model does not know are ignored, so a newer service can add some.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from types import UnionType
from typing import Annotated, Any, Final, Self, TypeVar, Union, get_args, get_origin, get_type_hints

from jupyter_scheduler_aws.errors import UnexpectedResponseError
from jupyter_scheduler_aws.versions import package_version

__all__ = ["WHOLE", "Document", "Model", "Wire", "read_response"]

T = TypeVar("T")


@dataclass(frozen=True)
class Wire:
    """How a field is represented in a document, where name and type do not determine it."""

    name: str | None = None
    """Its name there, if it differs from the field's."""
    read: Callable[[Any], Any] | None = None
    """Converts its value."""
    is_whole: bool = False
    """Whether the field is read from the whole document instead of one of its values."""


WHOLE: Final = Wire(is_whole=True)
"""Read the field from the whole document."""

Document = Annotated[Mapping[str, Any], WHOLE]
"""A JSON object, kept as the service sent it."""


class Model:
    """Base of the dataclasses that are read from a document."""

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Self:
        """Read a model from a document; null is the same as missing.

        Raises
        ------
        TypeError
            If a required field is missing.
        """
        values = {}
        for field, wire, read in _fields_of(cls):  # type: ignore[arg-type] # mypy looks at the instances' __hash__
            value = document if wire.is_whole else document.get(wire.name or field)
            if value is not None:
                values[field] = read(value)
        return cls(**values)


@cache
def _fields_of(model: type[Model]) -> list[tuple[str, Wire, Callable[[Any], Any]]]:
    """List the fields of a model, each with its representation and its reader."""
    found = []
    for name, hint in get_type_hints(model, include_extras=True).items():
        inner, *extras = get_args(hint) if get_origin(hint) is Annotated else (hint,)
        wire = next((extra for extra in extras if isinstance(extra, Wire)), Wire())
        found.append((name, wire, wire.read or _reader_of(inner)))
    return found


def _reader_of(hint: Any) -> Callable[[Any], Any]:
    """Choose how to read a value of a type."""
    if get_origin(hint) in {Union, UnionType}:
        [hint] = [option for option in get_args(hint) if option is not type(None)]
    if get_origin(hint) is tuple:
        read = _reader_of(get_args(hint)[0])
        return lambda values: tuple(read(value) for value in values)
    if isinstance(hint, type) and issubclass(hint, Model):
        return hint.from_document
    return _READERS.get(hint, lambda value: value)


_READERS: Final[Mapping[Any, Callable[[Any], Any]]] = {
    bool: bool,
    int: int,
    datetime: lambda millis: datetime.fromtimestamp(millis / 1000, UTC),
    timedelta: lambda seconds: timedelta(seconds=seconds),
}


def read_response(read: Callable[[Any], T], document: Any) -> T:
    """Read a response.

    Raises
    ------
    UnexpectedResponseError
        If `read` cannot read it.
    """
    try:
        return read(document)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UnexpectedResponseError(
            f"This version of jupyter-scheduler-aws, {package_version()}, cannot read the service's response "
            f"({type(error).__name__}: {error}). Upgrade the older of the two, package or stack; `nbjobs doctor` compares "
            "their versions."
        ) from error
