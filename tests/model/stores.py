"""Stores that record each call on a tape and return the world's responses."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final, Self, cast

from botocore.exceptions import ClientError, ReadTimeoutError
from pynamodb.exceptions import UpdateError
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from chalicelib.domain.authorization.owner import Disabling
from chalicelib.domain.identifiers import RunId
from chalicelib.domain.job import Heartbeat, JobStatus, LiveJob, Phase, PhaseCode, WaitingJob, WaitingQueue
from chalicelib.domain.task_state import TaskState
from chalicelib.errors import LaunchError
from chalicelib.storage.items import JobItem
from chalicelib.storage.job_codec import job_attributes
from tests.model.record import JOB_ID, OWNER, Record, make_job, read_action, read_condition
from tests.model.tape import NO_RESPONSE, START, Refused, Tape
from tests.model.world import Task

__all__ = ["OTHER_JOB", "SECRET", "ModelItem", "Stores", "describe_task", "run_of"]

SECRET: Final = "secret"
OTHER_JOB: Final = "0199bbbb-0000-7000-8000-000000000000"
"""A job that runs beside the one that the model explores."""


class ModelItem(JobItem):
    """The pynamodb model of a job, with the tape in place of DynamoDB."""

    tape: Tape
    max_retries: int

    @classmethod
    def get(cls, *_key: Any, **_: Any) -> Self:
        record = cls.tape.ask("get")
        if record is None:
            raise cls.DoesNotExist
        return cls()._filled(record)

    def update(self, actions: list[Action], condition: Condition | None = None, **_: Any) -> Any:
        assert condition is not None, "every write of a job is conditional"
        updates = tuple(each for each in map(read_action, actions) if each)
        record = self.tape.ask("update", updates, read_condition(condition))
        if record is None:
            response = {"Error": {"Code": "ConditionalCheckFailedException", "Message": ""}}
            raise UpdateError("the condition does not hold", ClientError(cast("Any", response), "UpdateItem"))
        self._filled(record)

    def delete(self, condition: Condition | None = None, **_: Any) -> Any:
        assert condition is not None, "every write of a job is conditional"
        self.tape.ask("delete")

    def _filled(self, record: Record) -> Self:
        for name, value in job_attributes(make_job(record, self.max_retries)).items():
            setattr(self, name, value)
        return self


class Stores:
    """All other stores that the services use."""

    value = SECRET

    def __init__(self, tape: Tape) -> None:
        self._tape = tape

    def live(self) -> list[LiveJob]:
        record, other = self._tape.ask("index"), LiveJob(OWNER, OTHER_JOB, JobStatus.IN_PROGRESS, None, "arn")
        if record is None or not record.live_shard:
            return [other]
        return [LiveJob(OWNER, JOB_ID, JobStatus(record.status), None, record.task_arn), other]

    def waiting(self, _now: datetime) -> Iterator[WaitingQueue]:
        record = self._tape.ask("index")
        if record is not None and record.waiting:
            yield WaitingQueue(OWNER, None, iter([WaitingJob(OWNER, JOB_ID, START, None)]))

    def overdue(self, _now: datetime) -> Iterator[LiveJob]:
        record = self._tape.ask("index")
        if record is not None and record.live_shard:
            yield LiveJob(OWNER, JOB_ID, JobStatus(record.status), None, record.task_arn)

    def run(self, run_id: RunId, launch: int, *, on_spot: bool, **_: Any) -> str:
        response = self._tape.ask("run task", run_id.attempt, launch, on_spot)
        if response == NO_RESPONSE:
            raise ReadTimeoutError(endpoint_url="ecs")
        if isinstance(response, Refused):
            raise LaunchError(response.outcome_code, "refused")
        return str(response)

    def describe(self, arn: str) -> TaskState | None:
        task = self._tape.ask("describe", arn)
        return None if task is None else describe_task(task)

    def running(self) -> list[str]:
        return list(self._tape.ask("list cluster"))

    def describe_all(self, arns: list[str]) -> Iterator[TaskState]:
        yield from filter(None, map(self.describe, arns))

    def find(self, run_id: RunId) -> list[str]:
        return list(self._tape.ask("list tasks", run_id.attempt))

    def stop(self, arn: str, _reason: str) -> None:
        self._tape.ask("stop task", arn)

    def disabled(self) -> dict[str, Disabling]:
        """Return no owner. Disabled owners make no difference to the properties that the model checks."""
        return {}

    def last_heartbeat(self, run_id: RunId) -> Heartbeat | None:
        time = self._tape.heartbeat
        return None if time is None else Heartbeat(run_id.attempt, time, Phase(PhaseCode.RUNNING))

    def last_heartbeat_of_job(self, _owner_id: str, job_id: str) -> Heartbeat | None:
        """Return the heartbeat of another job's runner, which has been connected for an hour unless there is an outage."""
        assert job_id == OTHER_JOB
        time = self._tape.others
        return None if time is None else Heartbeat(1, time, Phase(PhaseCode.RUNNING), time - timedelta(hours=1))

    def read(self, key: str, _max_bytes: int) -> bytes | None:
        """Read the result object of an attempt."""
        code = self._tape.ask("read result", int(key.rpartition("/")[2].removesuffix(".json")))
        return json.dumps({"outcome": {"code": code}}).encode() if code else None

    def put_heartbeat(self, *_: Any) -> None:
        """Ignore heartbeats. The operation that reads the last heartbeat chooses its time."""

    def send(self, *_: Any, **_ids: str) -> None:
        """Ignore wake-ups. Dispatch may run at any time, and a wake-up may be lost."""

    def delete_prefix(self, *_: Any) -> None:
        """Ignore files."""


def run_of(arn: str) -> tuple[RunId, int]:
    attempt, launch, _ = arn.split(".")
    return RunId(OWNER, JOB_ID, int(attempt)), int(launch)


def describe_task(task: Task) -> TaskState:
    """Describe a task as ECS does."""
    run_id, launch = run_of(task.arn)
    how, _, exit_code = task.stopped.partition(" ")
    stop_code = {"exit": "EssentialContainerExited", "killed": "UserInitiated", "no": "TaskFailedToStart", "": ""}[how]
    return TaskState(
        task_arn=task.arn,
        last_status="STOPPED" if task.stopped else "RUNNING",
        desired_status="STOPPED" if task.stopped or task.stopping else "RUNNING",
        run_id=run_id,
        launch=launch,
        stop_code=stop_code,
        stopped_reason="Capacity is unavailable at this time." if how == "no" else "",
        exit_code=int(exit_code) if how == "exit" else 137 if how == "killed" else None,
        container_reason="",
    )
