"""Records of the tables' streams, read as the jobs and definitions before and after a change."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

from chalicelib.domain.definitions.definition import Definition
from chalicelib.domain.job import Job
from chalicelib.storage.definition_codec import to_definition
from chalicelib.storage.items import DefinitionItem, JobItem
from chalicelib.storage.job_codec import to_job

__all__ = ["Change", "read_definition_change", "read_job_change"]

_Record = TypeVar("_Record")


@dataclass(frozen=True)
class Change(Generic[_Record]):
    """One change of one record."""

    old: _Record | None
    """None if the change created the record."""
    new: _Record | None
    """None if the change deleted the record."""
    time: datetime
    """When the change was written, to the second."""


def read_job_change(record: Mapping[str, Any]) -> Change[Job]:
    """Read a record of the stream of the jobs table."""
    old, new = (_image(JobItem, record, name) for name in ("OldImage", "NewImage"))
    return Change(old and to_job(old), new and to_job(new), _time(record))


def read_definition_change(record: Mapping[str, Any]) -> Change[Definition]:
    """Read a record of the stream of the definitions table."""
    old, new = (_image(DefinitionItem, record, name) for name in ("OldImage", "NewImage"))
    return Change(old and to_definition(old), new and to_definition(new), _time(record))


def _image(model: Any, record: Mapping[str, Any], name: str) -> Any:
    image = record["dynamodb"].get(name)
    return model.from_raw_data(dict(image)) if image else None


def _time(record: Mapping[str, Any]) -> datetime:
    return datetime.fromtimestamp(float(record["dynamodb"]["ApproximateCreationDateTime"]), UTC)
