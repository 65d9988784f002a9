"""The requests that faults are put into: what is there before, the request itself, and what must be true at the end."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from chalicelib.errors import AwsError
from tests.faults.schedules import hold_schedules
from tests.support.definitions import Definitions
from tests.support.runs import Run
from tests.support.scheduler import LocalScheduler, notebook

__all__ = ["REQUESTS", "Request"]


@dataclass(frozen=True)
class Request:
    """One request, which may be repeated."""

    name: str
    prepare: Callable[[LocalScheduler], Any]
    act: Callable[[LocalScheduler, Any], int]
    """Make it; give its HTTP status, 500 for a function that failed."""
    repeated: frozenset[int]
    """Statuses of a repetition, after the request has taken effect or not."""
    jobs: int = 1
    """How many jobs there are at the end."""
    is_idempotent: bool = True
    """Whether a repetition finds what the first has done; a create without a token cannot."""
    is_event: bool = False
    """Whether it is an event, which a function that fails leaves to be delivered again."""
    after: Callable[[LocalScheduler, Any], None] = lambda *_: None
    """What follows by itself, once the request was answered."""
    ends: frozenset[str] = field(default_factory=lambda: frozenset({"COMPLETED"}))
    """States that its job may end in."""
    holds: Callable[[LocalScheduler], None] = lambda _: None
    """Check what else must be true at the end."""


def _function(call: Callable[[], None]) -> int:
    """Run a function as Lambda does: what it raises has it called again."""
    try:
        call()
    except AwsError:
        return 500
    return 200


def _create(local: LocalScheduler, body: dict[str, Any]) -> int:
    return local.api.post("/scheduler/jobs", body).status


def _body(local: LocalScheduler, **fields: str) -> dict[str, Any]:
    return {
        "name": "Report",
        "input_uri": local.upload(notebook()),
        "input_filename": "report.ipynb",
        "runtime_environment_name": "python",
        **fields,
    }


def _definition(local: LocalScheduler) -> dict[str, Any]:
    return {**_body(local, idempotency_token="t"), "schedule": "0 13 1 * 1"}  # of two EventBridge schedules


def _create_definition(local: LocalScheduler, body: dict[str, Any]) -> int:
    return local.api.post("/scheduler/job_definitions", body).status


def _hold_definition(local: LocalScheduler) -> None:
    """There is one definition, whose schedules nothing but the request has written, and at most one copy of a create that failed."""
    [item] = local.items("definitions")
    hold_schedules(Definitions(local))
    stored = [key.split("/")[2] for key in local.objects("definitions/")]
    assert len([each for each in stored if each != item["definition_id"]["S"]]) <= 1


def _run_now(local: LocalScheduler, definition_id: str) -> int:
    return local.api.post(f"/scheduler/job_definitions/{definition_id}/jobs", {"idempotency_token": "t"}).status


def _stop(local: LocalScheduler, run: Run) -> int:
    return local.api.patch(f"/scheduler/jobs/{_job_id(run)}", {"status": "STOPPED"}).status


def _stop_waiting(local: LocalScheduler, job_id: str) -> int:
    return local.api.patch(f"/scheduler/jobs/{job_id}", {"status": "STOPPED"}).status


def _delete(local: LocalScheduler, run: Run) -> int:
    return local.api.delete(f"/scheduler/jobs/{_job_id(run)}").status


def _job_id(run: Run) -> str:
    return run.path.split("/")[3]


def _silent(local: LocalScheduler) -> Run:
    """A run whose runner is gone without a word, and whose deadline has passed."""
    run = local.start()
    local.clock.forward(minutes=16)
    return run


def _hanging(local: LocalScheduler) -> Run:
    """A runner that hangs after its report, whose time to exit has passed."""
    run = local.start()
    assert run.report().status == 200
    local.clock.forward(minutes=4)
    return run


def _retried(local: LocalScheduler) -> Run:
    """A run whose retry waits for its container."""
    run = local.start()
    assert run.report("terminated").status == 200
    return run


def _unrecorded(local: LocalScheduler) -> Run:
    """A runner that hangs after its report, and whose dispatch was cut off before it recorded the task."""
    run = _hanging(local)
    key = {"owner_id": {"S": local.owner_id()}, "job_id": {"S": _job_id(run)}}
    local.client("dynamodb").update_item(TableName="jobs", Key=key, UpdateExpression="REMOVE task_arn")
    return run


def _task_event(local: LocalScheduler, run: Run, status: str) -> int:
    return _function(lambda: local.ecs_event(local.hub.ecs.move(run.task_arn, status)))


def _stray(local: LocalScheduler) -> Run:
    """A task whose job was deleted, and cleaned up but for the task."""
    run = local.launch()
    _delete(local, run)
    local.factory.cleanup.run_again({"owner_id": local.owner_id(), "job_id": _job_id(run)})
    return run


_STOPPED = frozenset({"STOPPED"})

REQUESTS = (
    Request("create", _body, _create, frozenset({200}), is_idempotent=False),
    Request("create with a token", lambda local: _body(local, idempotency_token="t"), _create, frozenset({200})),
    Request(
        "create a definition with a token",
        _definition,
        _create_definition,
        frozenset({200}),
        jobs=0,
        holds=_hold_definition,
    ),
    Request(
        "create a job of a definition with a token",
        lambda local: Definitions(local).create(),
        _run_now,
        frozenset({200}),
        holds=_hold_definition,
    ),
    Request("stop while it waits", lambda local: local.create(), _stop_waiting, frozenset({204}), ends=_STOPPED),
    Request("stop while it is launched", lambda local: local.launch(), _stop, frozenset({204}), ends=_STOPPED),
    Request("stop while it runs", lambda local: local.start(), _stop, frozenset({204}), ends=_STOPPED),
    Request("delete", lambda local: local.start(), _delete, frozenset({204, 404}), jobs=0),
    Request("check-in", lambda local: local.launch(), lambda _, run: run.check_in().status, frozenset({200})),
    Request(
        "report",
        lambda local: local.start(),
        lambda _, run: run.report().status,
        frozenset({200}),
        after=lambda local, run: local.finish(run, exit_code=0),
    ),
    Request(
        "report of a failure that is tried again",
        lambda local: local.start(),
        lambda _, run: run.report("terminated").status,
        frozenset({200}),
        after=lambda local, run: local.finish(run, exit_code=17),
    ),
    Request(
        "dispatch",
        lambda local: local.create(),
        lambda local, _: _function(local.dispatch),
        frozenset({200}),
    ),
    Request(
        "dispatch on Spot",
        lambda local: local.create(compute_type="small-spot"),
        lambda local, _: _function(local.dispatch),
        frozenset({200}),
    ),
    Request("sweep", _silent, lambda local, _: _function(local.factory.sweep.run), frozenset({200})),
    Request(
        "sweep of a task that outlives its job",
        _hanging,
        lambda local, _: _function(local.factory.sweep.run),
        frozenset({200}),
    ),
    Request(
        "sweep of such a task that was not recorded",
        _unrecorded,
        lambda local, _: _function(local.factory.sweep.run),
        frozenset({200}),
    ),
    Request("stop while a retry waits for its container", _retried, _stop, frozenset({204}), ends=_STOPPED),
    Request("delete while a container outlives its job", _hanging, _delete, frozenset({204, 404}), jobs=0),
    Request(
        "event of a task that has stopped after its job",
        _hanging,
        lambda local, run: _function(lambda: local.finish(run, exit_code=0)),
        frozenset({200}),
        is_event=True,
    ),
    Request(
        "event of a task that has stopped before a retry",
        _retried,
        lambda local, run: _function(lambda: local.finish(run, exit_code=17)),
        frozenset({200}),
        is_event=True,
    ),
    Request(
        "event of a task whose job is gone",
        _stray,
        lambda local, run: _task_event(local, run, "RUNNING"),
        frozenset({200}),
        is_event=True,
        jobs=0,
    ),
)
