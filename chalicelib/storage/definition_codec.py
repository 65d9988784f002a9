"""Definitions as attributes of an item, and back: also the keys of the indexes, which follow from the definition."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from chalicelib.domain.background_work import BackgroundWork
from chalicelib.domain.definitions.definition import Definition, LastRun, OverlapPolicy, ScheduleOptions, TakenOver
from chalicelib.domain.definitions.problem import Problem, Reason
from chalicelib.domain.identifiers import live_shard
from chalicelib.domain.timestamps import from_millis, to_millis
from chalicelib.storage.actor_codec import actor_from_json, actor_to_json
from chalicelib.storage.items import DefinitionItem
from chalicelib.storage.job_codec import spec_from_map, spec_to_map, text_key

__all__ = ["UNSYNCED", "definition_attributes", "due_key", "to_definition"]

UNSYNCED: Final = "unsynced"
"""The one partition of the index of definitions whose schedules lag behind: it holds a definition for seconds."""

_PLAIN: Final = (
    "owner_id",
    "definition_id",
    "name",
    "input_filename",
    "snapshot_id",
    "create_time",
    "update_time",
    "effective_from",
    "schedule",
    "timezone",
    "active",
    "input_size_bytes",
    "upload_id",
    "revision",
    "synced_revision",
    "schedule_slots",
    "next_due",
    "run_count",
    "missed_count",
)
_COUNTS: Final = ("input_size_bytes", "revision", "synced_revision", "schedule_slots", "run_count", "missed_count")


def due_key(due_millis: int, owner_id: str = "", definition_id: str = "") -> str:
    """Make the range key of the due index: by next due minute."""
    return f"{due_millis:015d}#{owner_id}#{definition_id}"


def definition_attributes(definition: Definition) -> dict[str, Any]:
    """Give every attribute of a definition's item; None where it has none."""
    ids = definition.owner_id, definition.definition_id
    due = definition.next_due if definition.active else None
    return {
        **{name: getattr(definition, name) for name in _PLAIN},
        "spec": spec_to_map(definition.spec),
        "options": _options_to_json(definition.options),
        "last_run": last_run_to_json(definition.last_run),
        "schedule_problem": _problem_to_json(definition.schedule_problem),
        "tick_problem": _problem_to_json(definition.tick_problem),
        "taken_over": _taken_over_to_json(definition.taken_over),
        "name_key": text_key(definition.name, definition.definition_id),
        "input_filename_key": text_key(definition.input_filename, definition.definition_id),
        "due_shard": live_shard(definition.definition_id) if due else None,
        "due_key": due_key(to_millis(due), *ids) if due else None,
        "unsynced": None if definition.is_synced else UNSYNCED,
        "unsynced_key": None if definition.is_synced else due_key(to_millis(definition.update_time), *ids),
    }


def to_definition(item: DefinitionItem) -> Definition:
    """Read an item, of the table or of a list's index."""
    values = item.attribute_values
    plain = {name: values[name] for name in _PLAIN if values.get(name) is not None}
    plain |= {name: int(plain.get(name, 0)) for name in _COUNTS}
    last = values.get("last_run")
    return Definition(
        **plain,
        spec=spec_from_map(values["spec"].as_dict()),
        options=_options_from_json(values["options"]),
        last_run=LastRun(last["job_id"], from_millis(last["due"])) if last else None,
        schedule_problem=_problem_from_json(BackgroundWork.SCHEDULES, values.get("schedule_problem")),
        tick_problem=_problem_from_json(BackgroundWork.TICKS, values.get("tick_problem")),
        taken_over=_taken_over_from_json(values.get("taken_over")),
    )


def last_run_to_json(last_run: LastRun | None) -> dict[str, Any] | None:
    """Write the last scheduled job."""
    return {"job_id": last_run.job_id, "due": to_millis(last_run.due)} if last_run else None


def _taken_over_to_json(taken_over: TakenOver | None) -> dict[str, Any] | None:
    return {**actor_to_json(taken_over.by), "definition_id": taken_over.definition_id} if taken_over else None


def _taken_over_from_json(stored: Mapping[str, Any] | None) -> TakenOver | None:
    return TakenOver(actor_from_json(stored), stored["definition_id"]) if stored else None


def _problem_to_json(problem: Problem | None) -> dict[str, Any] | None:
    if problem is None:
        return None
    return {
        "reason": problem.reason.value,
        "message": problem.message,
        "since": to_millis(problem.since),
        "last": to_millis(problem.last),
        "attempts": problem.attempts,
    }


def _problem_from_json(work: BackgroundWork, stored: Mapping[str, Any] | None) -> Problem | None:
    if not stored:
        return None
    since, last = from_millis(stored["since"]), from_millis(stored["last"])
    return Problem(work, Reason(stored["reason"]), stored["message"], since, last, stored["attempts"])


def _options_to_json(options: ScheduleOptions) -> dict[str, Any]:
    return {
        "overlap_policy": options.overlap_policy.value,
        "catch_up_seconds": int(options.catch_up.total_seconds()),
        "start": _millis(options.start),
        "end": _millis(options.end),
        "max_runs": options.max_runs,
        "job_retention_days": options.job_retention.days if options.job_retention else None,
    }


def _options_from_json(stored: Mapping[str, Any]) -> ScheduleOptions:
    days = stored["job_retention_days"]
    return ScheduleOptions(
        overlap_policy=OverlapPolicy(stored["overlap_policy"]),
        catch_up=timedelta(seconds=stored["catch_up_seconds"]),
        start=_instant(stored["start"]),
        end=_instant(stored["end"]),
        max_runs=stored["max_runs"],
        job_retention=timedelta(days=days) if days else None,
    )


def _millis(instant: datetime | None) -> int | None:
    return to_millis(instant) if instant else None


def _instant(millis: int | None) -> datetime | None:
    return None if millis is None else from_millis(millis)
