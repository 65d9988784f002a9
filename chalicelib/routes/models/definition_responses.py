"""Responses about definitions: models, and the functions that build them."""

from collections.abc import Sequence
from datetime import datetime
from typing import NotRequired, cast

from typing_extensions import TypedDict

from chalicelib.domain.background_work import BackgroundWork
from chalicelib.domain.crontab.explanation import CrontabQuery
from chalicelib.domain.definitions.definition import Definition, OverlapPolicy
from chalicelib.domain.definitions.problem import Problem, Reason
from chalicelib.domain.definitions.tick import expected_run
from chalicelib.domain.timestamps import to_millis
from chalicelib.routes.models.job_response_builders import output_filename_template
from chalicelib.routes.models.job_responses import ActorResponse, Row, SpecResponse
from chalicelib.routes.models.responses import build_response, without_nulls
from chalicelib.services.definitions import CreatedDefinition
from chalicelib.storage.definition_table import DefinitionPage

__all__ = [
    "CrontabResponse",
    "DefinitionIdResponse",
    "DefinitionPageResponse",
    "DefinitionResponse",
    "DefinitionRow",
    "EndedRunResponse",
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
    """The due time that the job was created for [ms UTC]."""


class EndedRunResponse(TypedDict):
    """A run of a definition that has succeeded or failed."""

    job_id: str
    """UUID of the job."""
    scheduled_time: int
    """The time that the run was for [ms UTC]."""
    end_time: int
    """When it ended [ms UTC]."""


class ProblemResponse(TypedDict):
    """Background work for a definition that fails. The service retries it until it succeeds."""

    work: BackgroundWork
    """What fails: `schedules` (writing the EventBridge schedules) or `ticks` (creating the jobs of due times)."""
    code: Reason
    """Why AWS refuses it; `not_allowed`: the environment is gone, or the owner may not use it; `failing`: too many runs failed in a row,
    so the schedule was paused until somebody resumes it."""
    title: str
    """What fails, in a few words."""
    message: str
    """What fails, why, and what to do."""
    since: int
    """First failure [ms UTC]."""
    attempts: int
    """Number of failures since then."""


class TakenOverResponse(ActorResponse):
    """The admin who took over a definition, and the definition that replaces it."""

    job_definition_id: str
    """UUID of the admin's definition."""


class DefinitionResponse(SpecResponse):
    """A definition: the stock DescribeJobDefinition, with additional fields."""

    job_definition_id: str
    """UUID; ids sort by creation time."""
    name: str
    """Name of the definition and of its jobs."""
    input_filename: str
    """Name of the notebook."""
    schedule: str | None
    """The crontab, exactly as it was typed."""
    timezone: str | None
    """The time zone of the crontab; null means UTC."""
    active: bool
    """Whether the schedule is active."""
    create_time: int
    """When the definition was created [ms UTC]."""
    update_time: int
    """When the definition last changed [ms UTC]."""
    packaged_files: list[str]
    """Always empty in this service."""
    owner_id: str
    """The owner of the definition."""
    next_run_time: int | None
    """The next due time [ms UTC]; null while the definition is paused, if there are no more due times, and while a problem keeps it from running."""
    last_run: LastRunResponse | None
    """The last scheduled job."""
    run_count: int
    """Number of jobs that the schedule has created."""
    missed_count: int
    """Number of due times that passed without a job."""
    skipped_count: int
    """Number of due times that were skipped because the previous scheduled job had not ended."""
    last_skipped: int | None
    """The last of them [ms UTC]."""
    consecutive_failures: int
    """Number of runs that have failed since the last success, or since the schedule was resumed. Stopped runs do not count."""
    failing_since: int | None
    """When the first of them ended [ms UTC]."""
    late_since: int | None
    """Since when a run should have succeeded, by `success_within_seconds` [ms UTC]; null unless none has."""
    last_failure: EndedRunResponse | None
    """The newest run that failed."""
    last_success: EndedRunResponse | None
    """The newest run that succeeded."""
    overlap_policy: OverlapPolicy
    """What happens at a due time while the last scheduled job is still in progress."""
    catch_up_seconds: int
    """How late a missed due time can still run [s]."""
    schedule_start: int | None
    """The schedule does not run before this time [ms UTC]."""
    schedule_end: int | None
    """The schedule does not run after this time [ms UTC]."""
    max_runs: int | None
    """The schedule stops after this number of jobs."""
    job_retention_days: int | None
    """How long jobs are kept after they end [days]; null means the operator's default."""
    keep_last: int | None
    """How many ended jobs are kept; older ones are deleted, but for the newest success. Null keeps all for the retention."""
    pause_after_failures: int | None
    """How many failed runs in a row pause the schedule; 0 never pauses it, and null means the operator's default."""
    success_within_seconds: int | None
    """How long after a due time a run must have succeeded [s]: whoever is notified of failures is told if none has. Null means that nobody is."""
    problems: list[ProblemResponse]
    """Background work that fails; empty if everything works."""
    taken_over_by: TakenOverResponse | None
    """The admin who took the definition over; null if no admin did, or once the definition is resumed."""


class DefinitionRow(DefinitionResponse, Row):
    """A definition in a list. Fields that would be null are left out."""


class DefinitionPageResponse(TypedDict):
    """A page of definitions: the stock ListJobDefinitionsResponse."""

    job_definitions: list[DefinitionRow]
    """The definitions, in the requested order."""
    total_count: int
    """Number of all matching definitions; -1 (unknown) if counting them would cost too much; known on the last page."""
    next_token: NotRequired[str]
    """Token for the next page, with the same order and filters; absent on the last page."""


class DefinitionIdResponse(TypedDict):
    """The definition that was created."""

    job_definition_id: str
    """UUID of the definition."""
    problems: NotRequired[list[ProblemResponse]]
    """Why the schedule could not be written; absent if it was. The definition is stored, and the service retries."""


class CrontabResponse(TypedDict):
    """An explanation of a crontab."""

    schedule: str
    """The crontab."""
    timezone: str
    """The time zone of the crontab."""
    eventbridge_expressions: list[str]
    """The expressions of EventBridge Scheduler that together are equivalent to the crontab."""
    next_run_times: list[int]
    """The next five due times, or with `to` those of the period, at most 1,000 [ms UTC]; fewer if there are no more."""


def describe_definition(definition: Definition) -> DefinitionResponse:
    """Return the stock scheduler's description of a definition, with additional fields. Absent values are null.

    The schedule is the user's own text, because the panel cannot show anything else.
    """
    next_run = expected_run(definition)
    return build_response(
        DefinitionResponse,
        definition,
        definition.spec,
        definition.options,
        definition.health,
        output_filename_template=output_filename_template(definition.spec),
        packaged_files=[],
        next_run_time=to_millis(next_run) if next_run else None,
        problems=[_describe_problem(problem) for problem in definition.problems],
    )


def created_definition(created: CreatedDefinition) -> DefinitionIdResponse:
    """Return the id of a new definition, and why its schedule could not be written."""
    response: DefinitionIdResponse = {"job_definition_id": created.definition_id}
    if created.problem:
        response["problems"] = [_describe_problem(created.problem)]
    return response


def definition_page(page: DefinitionPage) -> DefinitionPageResponse:
    """Return a page of definitions. In a row, the panel fails on a `schedule` that is null."""
    rows = [cast("DefinitionRow", without_nulls(describe_definition(definition))) for definition in page.definitions]
    response: DefinitionPageResponse = {
        "job_definitions": rows,
        "total_count": -1 if page.total is None else page.total,
    }
    if page.next_token:
        response["next_token"] = page.next_token
    return response


def describe_explanation(query: CrontabQuery, expressions: Sequence[str], ticks: Sequence[datetime]) -> CrontabResponse:
    """Return the explanation of a crontab."""
    return {
        "schedule": query.schedule,
        "timezone": query.timezone,
        "eventbridge_expressions": list(expressions),
        "next_run_times": [to_millis(tick) for tick in ticks],
    }


def _describe_problem(problem: Problem) -> ProblemResponse:
    return build_response(ProblemResponse, problem, title=problem.title)
