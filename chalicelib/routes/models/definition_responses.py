"""Answers about definitions: their models, and what makes them."""

from collections.abc import Sequence
from datetime import datetime
from typing import NotRequired, cast

from typing_extensions import TypedDict

from chalicelib.domain.background_work import BackgroundWork
from chalicelib.domain.definitions.definition import Definition, OverlapPolicy, TakenOver
from chalicelib.domain.definitions.problem import Problem, Reason
from chalicelib.domain.definitions.tick import expected_run
from chalicelib.domain.timestamps import to_millis
from chalicelib.routes.models.job_response_builders import describe_actor, describe_spec, without_nulls
from chalicelib.routes.models.job_responses import ActorResponse, Row, SpecResponse
from chalicelib.services.definitions import CreatedDefinition
from chalicelib.storage.definition_table import DefinitionPage

__all__ = [
    "CrontabResponse",
    "DefinitionIdResponse",
    "DefinitionPageResponse",
    "DefinitionResponse",
    "DefinitionRow",
    "LastRunResponse",
    "ProblemResponse",
    "TakenOverResponse",
    "created_definition",
    "definition_page",
    "describe_definition",
    "describe_explanation",
]


class LastRunResponse(TypedDict):
    """The last scheduled job of a definition."""

    job_id: str
    """UUID of the job."""
    due_time: int
    """The due minute that it was made for [ms UTC]."""


class ProblemResponse(TypedDict):
    """Background work for a definition that fails, and is tried again until it succeeds."""

    work: BackgroundWork
    """What fails: `schedules` (writing its EventBridge schedules) or `ticks` (making the jobs of its due minutes)."""
    code: Reason
    """Why AWS does not do it; `not_allowed`: the environment is gone, or not open to the owner."""
    title: str
    """What fails, in a few words."""
    message: str
    """What fails, why, and what to do."""
    since: int
    """First failure [ms UTC]."""
    attempts: int
    """Number of failures since then."""


class TakenOverResponse(ActorResponse):
    """That an admin has made a definition of their own of this one."""

    job_definition_id: str
    """UUID of the admin's definition."""


class DefinitionResponse(SpecResponse):
    """A definition: the stock DescribeJobDefinition, and what it cannot say beside it."""

    job_definition_id: str
    """UUID; ids sort by creation time."""
    name: str
    """The definition's name, and that of its jobs."""
    input_filename: str
    """The notebook's name."""
    schedule: str | None
    """The crontab, as it was typed."""
    timezone: str | None
    """The zone that the crontab is read in; UTC if there is none."""
    active: bool
    """Whether its schedule is followed."""
    create_time: int
    """When it was created [ms UTC]."""
    update_time: int
    """When it last changed [ms UTC]."""
    packaged_files: list[str]
    """Always empty here."""
    owner_id: str
    """Whose definition it is."""
    next_run_time: int | None
    """The next due minute [ms UTC]; null while paused, when none will come, and while a problem keeps it from running."""
    last_run: LastRunResponse | None
    """Its last scheduled job."""
    run_count: int
    """Number of jobs that its schedule has made."""
    missed_count: int
    """Number of due minutes that passed without a job."""
    overlap_policy: OverlapPolicy
    """What happens when it is due while its last scheduled job has not ended."""
    catch_up_seconds: int
    """How late a due minute may still run [s]."""
    schedule_start: int | None
    """No due minute before this [ms UTC]."""
    schedule_end: int | None
    """No due minute after this [ms UTC]."""
    max_runs: int | None
    """No due minute after so many jobs."""
    job_retention_days: int | None
    """How long its jobs are kept after they end [days]; null: as the operator says."""
    problems: list[ProblemResponse]
    """Background work for it that fails; empty while all is well."""
    taken_over_by: TakenOverResponse | None
    """The admin who has taken it over, and as what; null if nobody has, or once it is resumed."""


class DefinitionRow(DefinitionResponse, Row):
    """A definition in a list: fields that would be null are left out."""


class DefinitionPageResponse(TypedDict):
    """A page of definitions: the stock ListJobDefinitionsResponse."""

    job_definitions: list[DefinitionRow]
    """The definitions, in the order that was asked for."""
    total_count: int
    """Number of all definitions that match; -1 (unknown) until the last page."""
    next_token: NotRequired[str]
    """Asks for the next page, with the same sorting and filters; absent on the last."""


class DefinitionIdResponse(TypedDict):
    """Which definition was made."""

    job_definition_id: str
    """UUID of the definition."""
    problems: NotRequired[list[ProblemResponse]]
    """What keeps its schedule from being written; absent while all is well. The definition is stored, and it is tried again."""


class CrontabResponse(TypedDict):
    """What becomes of a crontab."""

    schedule: str
    """The crontab."""
    timezone: str
    """The zone that it is read in."""
    eventbridge_expressions: list[str]
    """The schedule expressions of EventBridge Scheduler that together say the same."""
    next_run_times: list[int]
    """The next five due minutes [ms UTC]; fewer if there are no more."""


def describe_definition(definition: Definition) -> DefinitionResponse:
    """Describe a definition as the stock DescribeJobDefinition does, with what it cannot say beside it. Absent values are null.

    The schedule is the user's own text: the panel cannot show anything else.
    """
    last, options = definition.last_run, definition.options
    return {
        "job_definition_id": definition.definition_id,
        "name": definition.name,
        "input_filename": definition.input_filename,
        "schedule": definition.schedule,
        "timezone": definition.timezone,
        "active": definition.active,
        "create_time": to_millis(definition.create_time),
        "update_time": to_millis(definition.update_time),
        **describe_spec(definition.spec),
        "packaged_files": [],
        "owner_id": definition.owner_id,
        "next_run_time": _millis(expected_run(definition)),
        "last_run": {"job_id": last.job_id, "due_time": to_millis(last.due)} if last else None,
        "run_count": definition.run_count,
        "missed_count": definition.missed_count,
        "overlap_policy": options.overlap_policy,
        "catch_up_seconds": int(options.catch_up.total_seconds()),
        "schedule_start": _millis(options.start),
        "schedule_end": _millis(options.end),
        "max_runs": options.max_runs,
        "job_retention_days": options.job_retention.days if options.job_retention else None,
        "problems": [_describe_problem(each) for each in definition.problems],
        "taken_over_by": _describe_taken_over(taken) if (taken := definition.taken_over) else None,
    }


def created_definition(created: CreatedDefinition) -> DefinitionIdResponse:
    """Say which definition was made, and what keeps its schedule from being written."""
    response: DefinitionIdResponse = {"job_definition_id": created.definition_id}
    if created.problem:
        response["problems"] = [_describe_problem(created.problem)]
    return response


def definition_page(page: DefinitionPage) -> DefinitionPageResponse:
    """Describe a page of definitions; in a row the panel cannot bear a null `schedule`."""
    rows = [cast("DefinitionRow", without_nulls(describe_definition(each))) for each in page.definitions]
    response: DefinitionPageResponse = {
        "job_definitions": rows,
        "total_count": -1 if page.total is None else page.total,
    }
    if page.next_token:
        response["next_token"] = page.next_token
    return response


def describe_explanation(
    schedule: str, timezone: str, expressions: Sequence[str], ticks: Sequence[datetime]
) -> CrontabResponse:
    """Describe what becomes of a crontab."""
    return {
        "schedule": schedule,
        "timezone": timezone,
        "eventbridge_expressions": list(expressions),
        "next_run_times": [to_millis(each) for each in ticks],
    }


def _describe_problem(problem: Problem) -> ProblemResponse:
    return {
        "work": problem.work,
        "code": problem.reason,
        "title": problem.title,
        "message": problem.message,
        "since": to_millis(problem.since),
        "attempts": problem.attempts,
    }


def _describe_taken_over(taken_over: TakenOver) -> TakenOverResponse:
    return {**describe_actor(taken_over.by), "job_definition_id": taken_over.definition_id}


def _millis(instant: datetime | None) -> int | None:
    return to_millis(instant) if instant else None
