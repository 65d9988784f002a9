"""The functions that no request waits for, each with something to do: preparation, and its event as Lambda delivers it."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from chalicelib import events
from tests.support.definitions import Definitions
from tests.support.faults import Always
from tests.support.runs import Run
from tests.support.scheduler import notebook

__all__ = ["HANDLERS", "Handler", "dispatch"]

_CONTEXT: Any = SimpleNamespace(
    aws_request_id="r",
    function_name="f",
    memory_limit_in_mb=128,
    invoked_function_arn="a",
    get_remaining_time_in_millis=lambda: 60_000,
)

_DAILY: dict[str, Any] = {"schedule": "0 13 * * *"}


@dataclass(frozen=True)
class Handler:
    """One event of one function."""

    name: str
    prepare: Callable[[Definitions], Any]
    act: Callable[[Definitions, Any], bool]
    """Deliver the event. Return whether the function has succeeded; else AWS delivers the event again."""
    waiting_job_may_run: bool = False
    """Whether a waiting job that the event deletes may run if a call fails, as the second cleanup follows after 15 minutes."""


def _delivered(call: Callable[[], Any]) -> bool:
    with suppress(Exception):
        call()
        return True
    return False


def _due(made: Definitions) -> dict[str, Any]:
    """Make a definition whose due time has come; return the message of its tick."""
    definition_id = made.create(**_DAILY)
    due = made.set_clock("13:00", seconds=5).replace(second=0)
    ids = {"owner_id": made.local.owner_id(), "definition_id": definition_id}
    return {**ids, "revision": 1, "due": due.strftime("%Y-%m-%dT%H:%M:%SZ")}


def _overdue(made: Definitions, kind: str = "walk", **options: Any) -> dict[str, Any]:
    definition_id = made.create(**{**_DAILY, **options})
    made.set_clock("13:10")
    return {"kind": kind, "owner_id": made.local.owner_id(), "definition_id": definition_id}


def _unwritten(made: Definitions) -> dict[str, Any]:
    """Make a definition whose schedules AWS has not accepted."""
    refusal = Always("ThrottlingException", "scheduler:CreateSchedule")
    made.local.hub.listeners.append(refusal)
    definition_id = made.create(**_DAILY)
    made.local.hub.listeners.remove(refusal)
    made.local.clock.forward(minutes=2)
    return {"kind": "sync", "owner_id": made.local.owner_id(), "definition_id": definition_id}


def _work_for_the_sweep(made: Definitions) -> None:
    """Make an overdue definition, a silent run, a waiting job, and a task that no record names."""
    local = made.local
    orphan, _silent = local.start(), local.start()
    local.client("dynamodb").delete_item(
        TableName="jobs", Key={"owner_id": {"S": local.owner_id()}, "job_id": {"S": _job_id(orphan)}}
    )
    local.create()
    _overdue(made)


def _job_id(run: Run) -> str:
    return run.path.split("/")[3]


def _unrecorded(made: Definitions) -> dict[str, Any]:
    """Make a task that dispatch has not recorded; return the event that it runs."""
    run = made.local.launch()
    key = {"owner_id": {"S": made.local.owner_id()}, "job_id": {"S": _job_id(run)}}
    made.local.client("dynamodb").update_item(TableName="jobs", Key=key, UpdateExpression="REMOVE task_arn")
    return made.local.hub.ecs.move(run.task_arn, "RUNNING")


def _stopped(made: Definitions) -> dict[str, Any]:
    return made.local.hub.ecs.finish(made.local.start().task_arn, exit_code=1)


def _reported(made: Definitions) -> dict[str, Any]:
    run = made.local.start()
    assert run.report().status == 200
    return made.local.hub.ecs.finish(run.task_arn, exit_code=0)


def _deleted_job(made: Definitions) -> list[dict[str, Any]]:
    run = made.local.start()
    assert made.local.api.delete(f"/scheduler/jobs/{_job_id(run)}").status == 204
    return made.told()


def _deleted_definition(made: Definitions) -> list[dict[str, Any]]:
    definition_id = made.create(**_DAILY)
    made.run_now(definition_id)
    made.delete(definition_id)
    return made.told()


def _edited_definition(made: Definitions) -> list[dict[str, Any]]:
    definition_id = made.create(**_DAILY)
    made.told()
    made.patch(definition_id, input_uri=made.local.upload(notebook("new")))
    return made.told()[:1]


def _ended_run(made: Definitions) -> list[dict[str, Any]]:
    """Fail the only run of a definition, which pauses its schedule."""
    definition_id = made.create(**_DAILY, pause_after_failures=1)
    run = made.local.start(made.run_now(definition_id))
    assert run.report("notebook_error").status == 200
    made.local.finish(run, exit_code=10)
    return made.changes()


def _late(made: Definitions) -> dict[str, Any]:
    definition_id = made.create(**_DAILY, success_within_seconds=60, catch_up_seconds=0)
    made.set_clock("13:10")
    return {"kind": "late", "owner_id": made.local.owner_id(), "definition_id": definition_id}


def _second_cleanup(made: Definitions) -> list[dict[str, Any]]:
    records = _deleted_job(made)
    made.second_cleanups()
    assert made.deliver_records(*records) == []
    return made.second_cleanups()


def _ticks(made: Definitions, message: dict[str, Any]) -> bool:
    return made.deliver(message) == []


def _changes(made: Definitions, records: list[dict[str, Any]]) -> bool:
    return made.deliver_changes(*records) == []


def _records(made: Definitions, records: list[dict[str, Any]]) -> bool:
    return made.deliver_records(*records) == []


def _task_event(_: Definitions, detail: dict[str, Any]) -> bool:
    return _delivered(lambda: events.task_events({"detail": detail}, _CONTEXT))


def dispatch(*_: Any) -> bool:
    """Deliver a wake-up; return whether dispatch has succeeded."""
    record = {"attributes": {"ApproximateReceiveCount": "1"}}
    return _delivered(lambda: events.dispatch({"Records": [record]}, _CONTEXT))


def _sweep(*_: Any) -> bool:
    return _delivered(lambda: events.sweep({}, _CONTEXT))


def _waiting(made: Definitions) -> None:
    """Make a job whose launch was interrupted, and two that wait, one of them for Spot capacity."""
    claimed = made.local.launch()
    key = {"owner_id": {"S": made.local.owner_id()}, "job_id": {"S": _job_id(claimed)}}
    made.local.client("dynamodb").update_item(TableName="jobs", Key=key, UpdateExpression="REMOVE task_arn")
    made.local.create()
    made.local.create(compute_type="small-spot")
    made.local.clock.forward(milliseconds=1)


HANDLERS = (
    Handler("tick", _due, _ticks),
    Handler("walk", _overdue, _ticks),
    Handler("walk after a long outage", lambda made: _overdue(made, catch_up_seconds=60), _ticks),
    Handler("sync", _unwritten, _ticks),
    Handler("note that a definition is late", _late, _ticks),
    Handler("changes of an ended run", _ended_run, _changes),
    Handler("sweep", _work_for_the_sweep, _sweep),
    Handler("dispatch", _waiting, dispatch),
    Handler("event of a running task", _unrecorded, _task_event),
    Handler("event of a lost container", _stopped, _task_event),
    Handler("event of a container that has reported", _reported, _task_event),
    Handler("cleanup of a job", _deleted_job, _records),
    Handler("cleanup of a definition", _deleted_definition, _records, waiting_job_may_run=True),
    Handler("cleanup of a replaced snapshot", _edited_definition, _records),
    Handler("second cleanup", _second_cleanup, lambda made, messages: made.deliver_second_cleanups(*messages) == []),
)
