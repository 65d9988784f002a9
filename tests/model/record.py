"""The job's record in the model: the attributes that transitions depend on, with a boolean in place of each time."""

import json
from datetime import timedelta
from functools import cache
from typing import Any, Final, NamedTuple, cast

from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action, RemoveAction

from chalicelib.domain.job import Job, JobSpec, JobStatus
from chalicelib.domain.outcome import make_outcome
from tests.model.tape import START

__all__ = [
    "CODE",
    "JOB_ID",
    "OWNER",
    "RUN_TIME",
    "Record",
    "Update",
    "Writing",
    "make_job",
    "read_action",
    "read_condition",
    "write",
]

OWNER: Final = "ann-1"
RUN_TIME: Final = timedelta(hours=1)
CODE: Final = "code"
"""The launch code of every attempt. The model has no outsider who could guess one."""

JOB_ID: Final = "0199aaaa-0000-7000-8000-000000000000"

Update = tuple[str, Any]
"""An attribute and its new value; None removes it."""

Writing = tuple[tuple[Update, ...], tuple[Any, ...]]
"""The actions and the condition of one conditional write."""


_TERMINAL: Final = frozenset(status.value for status in JobStatus if status.is_terminal)
_LIVE: Final = frozenset(status.value for status in JobStatus if status.is_live)


class Record(NamedTuple):
    """The job's item."""

    status: str = "CREATED"
    attempt: int = 0
    launch: int = 0
    task_arn: str | None = None
    instance_id: str | None = None
    notebook_retries: int = 0
    infrastructure_retries: int = 0
    not_before: bool = True
    deadline: bool = False
    waiting: bool = True
    """Whether the index of waiting jobs contains it."""
    live_shard: bool = False
    """Whether the index of live jobs contains it, so that it is watched."""
    outcome: str | None = None

    @property
    def is_terminal(self) -> bool:
        return self.status in _TERMINAL

    @property
    def is_live(self) -> bool:
        return self.status in _LIVE


@cache
def make_job(record: Record, max_retries: int) -> Job:
    """Make the job that the services read."""
    return Job(
        OWNER,
        JOB_ID,
        "Report",
        "report.ipynb",
        JobStatus(record.status),
        JobSpec(
            runtime_environment_name="python",
            compute_type="small",
            output_formats=("ipynb",),
            timeout=RUN_TIME,
            max_retries=max_retries,
        ),
        START,
        START,
        attempt=record.attempt,
        launch=record.launch,
        start_time=START,
        outcome=make_outcome(record.outcome) if record.outcome else None,
        not_before=START if record.not_before else None,
        waiting_since=START,
        deadline=START if record.deadline else None,
        launch_code=CODE if record.attempt else None,
        task_arn=record.task_arn,
        instance_id=record.instance_id,
        notebook_retries=record.notebook_retries,
        infrastructure_retries=record.infrastructure_retries,
    )


_NUMBERS: Final = ("attempt", "launch", "notebook_retries", "infrastructure_retries")
_FLAGS: Final = ("not_before", "deadline", "waiting", "live_shard")


def read_action(action: Action) -> Update | None:
    """Parse an update of pynamodb. Return None for an attribute that is not in the model."""
    path, *values = cast("Any", action.values)
    name = path.path[0]
    if name not in Record._fields:
        return None
    raw = None if isinstance(action, RemoveAction) else values[0].value
    if name in _FLAGS:
        return name, raw is not None
    if raw is None:
        return name, None
    if name == "outcome":
        return name, json.loads(raw["S"])["code"]
    return name, int(raw["N"]) if name in _NUMBERS else raw["S"]


def read_condition(condition: Condition) -> tuple[Any, ...]:
    """Convert a condition to nested tuples."""
    if condition.operator == "AND":
        return ("AND", *(read_condition(operand) for operand in condition.values))
    path, *values = cast("Any", condition.values)
    found = (next(iter(value.value.values())) for value in values)
    return (condition.operator, path.path[0], *found)


def write(record: Record | None, updates: tuple[Update, ...], condition: tuple[Any, ...]) -> Record | None:
    """Update a record as DynamoDB does. Return the new record, or None if the condition does not hold."""
    if record is None or not _holds(record, condition):
        return None
    return record._replace(**dict(updates))


def _holds(record: Record, condition: tuple[Any, ...]) -> bool:
    operator, *rest = condition
    if operator == "AND":
        return all(_holds(record, each) for each in rest)
    name, *values = rest
    if operator == "attribute_exists" and name == "job_id":
        return True
    if operator in ("attribute_exists", "attribute_not_exists") and name == "live_shard":
        return bool(record.live_shard) is (operator == "attribute_exists")
    if operator == "attribute_not_exists" and name == "task_arn":
        return record.task_arn is None
    if operator not in ("=", "IN"):
        raise NotImplementedError(f"the model does not support the condition {operator} on {name}")
    return str(getattr(record, name)) in values
