"""Values for every field that a request can name. A field without a strategy here makes a test fail."""

from collections.abc import Mapping
from dataclasses import MISSING
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from hypothesis import strategies as st

from chalicelib.domain.background_work import BackgroundWork
from chalicelib.domain.serialization import RecordField, record_fields

__all__ = ["EXAMPLE", "INPUT", "OF_JOB", "OPTIONS", "SCHEDULE", "requests", "wire_records"]

_TEXT: Final = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S")), min_size=1, max_size=12)
_NAMES: Final = _TEXT.filter(lambda text: "/" not in text and "\\" not in text)
_IDENTIFIERS: Final = st.sampled_from(["a", "b_2", "größe"])
_VALUES: Final = _TEXT | st.booleans() | st.integers(-(10**12), 10**12) | st.floats(1e-6, 1e6)
_MILLIS: Final = st.integers(1_800_000_000_000, 1_900_000_000_000)

OPTIONS: Final[Mapping[str, st.SearchStrategy[Any]]] = {
    "name": _TEXT,
    "runtime_environment_name": st.sampled_from(["python", "second"]),
    "runtime_environment_parameters": st.dictionaries(st.sampled_from(["p", "q r"]), _VALUES, min_size=1),
    "compute_type": st.sampled_from(["small", "medium", "large"]),
    "output_formats": st.lists(st.sampled_from(["ipynb", "html", "script"]), min_size=1, unique=True),
    "parameters": st.dictionaries(_IDENTIFIERS, _TEXT, min_size=1),
    "tags": st.lists(_TEXT, min_size=1, max_size=3),
    "notify": st.lists(st.sampled_from(["a", "end:b", "always:a"]), min_size=1, max_size=3),
    "output_filename_template": _TEXT,
    "timeout_seconds": st.integers(1, 3600),
    "max_retries": st.integers(0, 3),
    "retry_on_timeout": st.booleans(),
    "min_retry_interval_millis": st.integers(0, 86_400_000),
}
"""What jobs and definitions share, by the name on the wire."""

INPUT: Final[Mapping[str, st.SearchStrategy[Any]]] = {
    "input_filename": _NAMES.map(lambda name: f"{name}.ipynb"),
    "input_path": _NAMES.filter(lambda name: name.strip(".")).map(lambda name: f"folder/{name}"),
    "package_input_folder": st.booleans(),
    "idempotency_token": _TEXT,
}
"""What a request says about its input and itself, besides `input_uri`."""

OF_JOB: Final[Mapping[str, st.SearchStrategy[Any]]] = {"scheduled_time": _MILLIS}
"""What only a job has."""

SCHEDULE: Final[Mapping[str, st.SearchStrategy[Any]]] = {
    "schedule": st.sampled_from(["0 9 * * *", "@daily", "*/30 1-5 * * MON"]),
    "timezone": st.sampled_from(["UTC", "Europe/Berlin", "Asia/Kolkata"]),
    "active": st.booleans(),
    "overlap_policy": st.sampled_from(["allow", "skip"]),
    "catch_up_seconds": st.integers(0, 86_400),
    "schedule_start": _MILLIS,
    "schedule_end": _MILLIS.map(lambda millis: millis + 10**11),
    "max_runs": st.integers(1, 100),
    "job_retention_days": st.integers(1, 100),
    "keep_last": st.integers(1, 10_000),
    "pause_after_failures": st.integers(0, 1000),
    "success_within_seconds": st.integers(60, 86_400),
}
"""What a definition has besides."""

EXAMPLE: Final[Mapping[str, Any]] = {
    "name": "Größe",
    "runtime_environment_name": "second",
    "runtime_environment_parameters": {"p": 1.5, "q": True},
    "compute_type": "large",
    "output_formats": ["script", "ipynb"],
    "parameters": {"a": "1"},
    "tags": ["t", "u"],
    "notify": ["a", "end:b"],
    "output_filename_template": "x-{{name}}",
    "timeout_seconds": 77,
    "max_retries": 2,
    "retry_on_timeout": True,
    "min_retry_interval_millis": 1500,
    "input_filename": "other.ipynb",
    "input_path": "folder/other.ipynb",
    "package_input_folder": True,
    "idempotency_token": "token",
    "schedule": "0 9 * * *",
    "timezone": "Europe/Berlin",
    "active": False,
    "overlap_policy": "skip",
    "catch_up_seconds": 0,
    "schedule_start": 1_800_000_000_001,
    "schedule_end": 1_900_000_000_002,
    "max_runs": 7,
    "job_retention_days": 9,
    "keep_last": 3,
    "pause_after_failures": 4,
    "success_within_seconds": 7200,
}
"""A value for each field, none of which is the default."""


def requests(*groups: Mapping[str, st.SearchStrategy[Any]], required: tuple[str, ...] = ()) -> st.SearchStrategy[Any]:
    """Return bodies that name any of the fields, and always the required ones."""
    fields = {name: strategy for group in groups for name, strategy in group.items()}
    optional = {name: strategy for name, strategy in fields.items() if name not in required}
    return st.fixed_dictionaries({name: fields[name] for name in required}, optional=optional)


_TIMES: Final = st.datetimes(datetime(2020, 1, 1), datetime(2100, 1, 1)).map(  # noqa: DTZ001 - the next line sets the zone
    lambda time: time.replace(microsecond=0, tzinfo=UTC)
)
_BY_KIND: Final[Mapping[Any, st.SearchStrategy[Any]]] = {
    str: _TEXT,
    int: st.integers(0, 10**6),
    bool: st.booleans(),
    datetime: _TIMES,
    Mapping: st.dictionaries(_TEXT, _TEXT, max_size=3),
    BackgroundWork: st.sampled_from([BackgroundWork.SCHEDULES, BackgroundWork.TICKS]),
}
_IDS: Final = st.uuids().map(str)


def wire_records(record: type) -> st.SearchStrategy[Any]:
    """Return instances of a dataclass with a value for each of its declared fields, whatever they are."""
    return st.builds(record, **{field.name: _field_values(field) for field in record_fields(record)})


def _field_values(field: RecordField) -> st.SearchStrategy[Any]:
    values: st.SearchStrategy[Any]
    if field.name in ("job_id", "definition_id"):
        return _IDS
    if field.name == "schedule":
        return st.sampled_from(["0 9 * * *", "@daily", None])
    if field.name == "timezone":
        return st.sampled_from(["UTC", "Europe/Berlin", None])
    if field.kind is timedelta:
        assert field.unit is not None
        unit = field.unit
        values = st.integers(1, 10**4).map(lambda number: number * unit)
    elif field.kind in _BY_KIND:
        values = _BY_KIND[field.kind]
    elif field.kind is tuple:
        items = wire_records(field.item_kind) if hasattr(field.item_kind, "__dataclass_fields__") else _TEXT
        values = st.lists(items, max_size=3).map(tuple)
    elif hasattr(field.kind, "__members__"):
        values = st.sampled_from(field.kind)
    else:
        values = wire_records(field.kind)
    return values if field.default is MISSING else values | st.just(field.default)
