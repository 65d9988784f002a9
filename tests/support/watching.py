"""Steps of tests about watched tasks: repeated sweeps, jobs in each state, unrecorded tasks."""

from collections.abc import Callable
from typing import Any

from tests.support.runs import Run
from tests.support.scheduler import LocalScheduler

__all__ = ["STATES", "calls", "event", "forget_task", "in_state", "is_asked_to_stop", "job_id_of", "sweep", "sweeps"]


def job_id_of(run: Run) -> str:
    return run.path.split("/")[3]


def sweep(local: LocalScheduler, **later: float) -> None:
    local.clock.forward(**later)
    local.factory.sweep.run()


def sweeps(local: LocalScheduler, minutes: int) -> None:
    """Sweep and dispatch every minute, as the stack does."""
    for _ in range(minutes):
        sweep(local, minutes=1)
        local.dispatch()


def calls(local: LocalScheduler, act: Callable[[], Any]) -> list[str]:
    local.calls.clear()
    act()
    return list(local.calls)


def is_asked_to_stop(run: Run) -> bool:
    return bool(run.task["desiredStatus"] == "STOPPED")


STATES = ["launched", "started", "stopping", "ended", "waiting for its container"]


def in_state(local: LocalScheduler, state: str) -> Run:
    run = local.launch(max_retries=1)
    if state != "launched":
        run.check_in()
    if state == "stopping":
        local.api.patch(f"/scheduler/jobs/{job_id_of(run)}", {"status": "STOPPED"})
    if state == "ended":
        run.report()
    if state == "waiting for its container":
        run.report("notebook_error")
    return run


def forget_task(local: LocalScheduler, run: Run) -> None:
    """Reset the record to before dispatch recorded the task."""
    key = {"owner_id": {"S": local.owner_id()}, "job_id": {"S": job_id_of(run)}}
    local.client("dynamodb").update_item(TableName="jobs", Key=key, UpdateExpression="REMOVE task_arn")


def event(run: Run, status: str, **changes: Any) -> dict[str, Any]:
    return {**run.task, "lastStatus": status, "desiredStatus": "RUNNING", **changes}
