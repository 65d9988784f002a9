"""The real services, with stores that record each call on a tape."""

import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple, Self, cast

from botocore.exceptions import ClientError, ReadTimeoutError
from pynamodb.exceptions import UpdateError
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from chalicelib.config import ComputeType, Environment, Limits, Retention, SchedulerSettings
from chalicelib.domain.attempt_result import AttemptResult
from chalicelib.domain.authorization.owner import Disabling
from chalicelib.domain.authorization.ownership import Caller
from chalicelib.domain.authorization.principal import Principal, PrincipalKind
from chalicelib.domain.identifiers import RunId
from chalicelib.domain.job import Heartbeat, JobStatus, LiveJob, Phase, PhaseCode, WaitingJob, WaitingQueue
from chalicelib.domain.outcome import make_outcome
from chalicelib.domain.retry_policy import CAPACITY_DEADLINE
from chalicelib.domain.runner_identity import CheckIn, Session, code_proof, key_proof
from chalicelib.domain.task_state import TaskState
from chalicelib.errors import LaunchError, RequestError
from chalicelib.services.attempt_completion import AttemptCompletionService
from chalicelib.services.attempt_results import AttemptResultService
from chalicelib.services.cleanup import CleanupService
from chalicelib.services.clock import NEVER
from chalicelib.services.connectivity import ConnectivityService
from chalicelib.services.dispatch import DispatchService
from chalicelib.services.jobs import JobService
from chalicelib.services.orphaned_tasks import OrphanedTaskService
from chalicelib.services.runs import RunService
from chalicelib.services.sweep import SweepService
from chalicelib.services.task_events import TaskEventService
from chalicelib.storage.items import JobItem, MarkItem
from chalicelib.storage.job_codec import job_attributes
from chalicelib.storage.job_table import JobTable
from tests.model.record import CODE, JOB_ID, OWNER, RUN_TIME, Record, make_job, read_action, read_condition
from tests.model.tape import NO_RESPONSE, START, Call, Refused, Suspended, Tape
from tests.model.world import Operation, Task

__all__ = ["Options", "Result", "Scheduler"]

_SECRET: Final = "secret"
_OTHER_JOB: Final = "0199bbbb-0000-7000-8000-000000000000"
"""A job that runs beside the one that the model explores."""

_CALLER: Final = Caller(OWNER, Principal(PrincipalKind.ROLE, "AROA", "role", ()), "arn", is_admin=False)
_AFTER_HEARTBEAT_TIMEOUT: Final = START + timedelta(minutes=20)
_IN_OUTAGE: Final = START + timedelta(minutes=75)
_OVERTIME: Final = START + RUN_TIME + timedelta(minutes=20)


class Options(NamedTuple):
    """The options of the operator and the job's owner."""

    spot: bool = False
    max_retries: int = 0
    infrastructure_retries: int = 1


class Result(NamedTuple):
    """The progress of an operation: it waits for a call, or has ended with a value or an error."""

    call: Call | None
    value: Any = None
    refused: bool = False


class Scheduler:
    """Runs operations of the services."""

    def __init__(self, options: Options, table: type[JobTable] = JobTable) -> None:
        self._tape = tape = Tape()
        self._known: dict[Operation, Result] = {}
        settings = _settings(options)
        item = type("ModelItem", (_ModelItem,), {"tape": tape, "max_retries": options.max_retries})
        jobs = table(cast("type[JobItem]", item), MarkItem, cast("Any", None))
        stores: Any = _Stores(tape)
        clock = lambda: tape.now  # noqa: E731 - the clock of all services
        completion = AttemptCompletionService(settings=settings, jobs=jobs)
        shared: dict[str, Any] = {"jobs": jobs, "completion": completion, "clock": clock}
        for_tasks: dict[str, Any] = {"launcher": stores, "wake_ups": stores, **shared}
        self._dispatch = DispatchService(
            settings=settings, lists=stores, owners=stores, sleep=lambda _: None, make_code=lambda: CODE, **for_tasks
        )
        shared["results"] = for_tasks["results"] = AttemptResultService(files=stores)
        self._runs = RunService(
            settings=settings, marks=stores, files=stores, runner_key=stores, budgets=stores, **shared
        )
        connectivity = ConnectivityService(lists=stores, marks=stores)
        self._sweep = SweepService(lists=stores, marks=stores, connectivity=connectivity, **for_tasks)
        self._events = TaskEventService(limits=settings.limits, **for_tasks)
        self._orphans = OrphanedTaskService(lists=stores, launcher=stores, task_events=self._events, clock=clock)
        store_names = ("lists", "marks", "snapshots", "tokens", "wake_ups", "owners", "admission", "copies")
        self._jobs = JobService(settings=settings, jobs=jobs, clock=clock, **dict.fromkeys(store_names, stores))
        self._cleanup = CleanupService(files=stores, launcher=stores, wake_ups=stores, second_cleanups=stores)

    def run(self, operation: Operation) -> Result:
        """Run an operation to its next call, or to its end."""
        if operation not in self._known:
            self._known[operation] = self._run(operation)
        return self._known[operation]

    def _run(self, operation: Operation) -> Result:
        now, heartbeat = _TIMES.get(operation.subject, (START, None))
        others = None if operation.subject == "outage" else now
        self._tape.rewind(operation.responses, now=now, heartbeat=heartbeat, others=others)
        act = cast("Callable[[Operation], Any]", getattr(self, f"_do_{operation.kind}"))
        try:
            return Result(None, act(operation))
        except Suspended as suspended:
            return Result(suspended.call)
        except RequestError:
            return Result(None, refused=True)

    def _do_dispatch(self, _: Operation) -> None:
        self._dispatch.run(until=self._tape.now + timedelta(hours=1))

    def _do_sweep(self, _: Operation) -> None:
        self._sweep.run()

    def _do_search(self, _: Operation) -> None:
        self._orphans.run(NEVER)

    def _do_check_in(self, operation: Operation) -> str:
        run_id, launch = _run_of(operation.subject)
        about = (run_id, launch, operation.subject)
        check_in = CheckIn(
            run_id=run_id,
            launch=launch,
            instance_id=operation.subject,
            key_proof=key_proof(_SECRET, *about),
            code_proof=code_proof(CODE, *about),
        )
        return self._runs.check_in(check_in)

    def _do_heartbeat(self, operation: Operation) -> bool:
        run_id, _ = _run_of(operation.subject)
        session = Session(run_id=run_id, instance_id=operation.subject)
        return self._runs.heartbeat(session, Phase(PhaseCode.RUNNING), connected_seconds=0)

    def _do_report(self, operation: Operation) -> JobStatus:
        run_id, _ = _run_of(operation.subject)
        session = Session(run_id=run_id, instance_id=operation.subject)
        return self._runs.report(session, AttemptResult(make_outcome(operation.detail)))

    def _do_event(self, operation: Operation) -> None:
        self._events.handle(_describe(Task(operation.subject, stopped=operation.detail)))

    def _do_stop(self, _: Operation) -> None:
        self._jobs.stop(OWNER, JOB_ID, by=_CALLER)

    def _do_delete(self, _: Operation) -> None:
        self._jobs.delete(OWNER, JOB_ID)

    def _do_cleanup(self, operation: Operation) -> None:
        attempt = operation.detail
        old = {"owner_id": OWNER, "job_id": JOB_ID, "task_arn": operation.subject, "live_shard": "0" if attempt else ""}
        image = {name: {"S": value} for name, value in old.items() if value}
        self._cleanup.handle({"eventName": "REMOVE", "dynamodb": {"OldImage": {**image, "attempt": {"N": attempt}}}})

    def _do_second_cleanup(self, operation: Operation) -> None:
        left: dict[str, str | int] = {"owner_id": OWNER, "job_id": JOB_ID}
        if operation.detail:
            left["attempt"] = int(operation.detail)
        if operation.subject:
            left["task_arn"] = operation.subject
        self._cleanup.run_again(left)


_TIMES: Final[dict[str, tuple[datetime, datetime | None]]] = {
    "heartbeat_timeout": (_AFTER_HEARTBEAT_TIMEOUT, None),
    "outage": (_IN_OUTAGE, None),
    "overtime": (_OVERTIME, _OVERTIME),
    "hours later": (START + CAPACITY_DEADLINE, None),
}
"""For each mode, when the operation runs and when the last heartbeat arrived."""


class _ModelItem(JobItem):
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


class _Stores:
    """All other stores that the services use."""

    value = _SECRET

    def __init__(self, tape: Tape) -> None:
        self._tape = tape

    def live(self) -> list[LiveJob]:
        record, other = self._tape.ask("index"), LiveJob(OWNER, _OTHER_JOB, JobStatus.IN_PROGRESS, None, "arn")
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
        return None if task is None else _describe(task)

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
        assert job_id == _OTHER_JOB
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


def _run_of(arn: str) -> tuple[RunId, int]:
    attempt, launch, _ = arn.split(".")
    return RunId(OWNER, JOB_ID, int(attempt)), int(launch)


def _describe(task: Task) -> TaskState:
    """Describe a task as ECS does."""
    run_id, launch = _run_of(task.arn)
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


def _settings(options: Options) -> SchedulerSettings:
    return SchedulerSettings(
        environments={"python": Environment(compute_types=("small",))},
        compute_types={"small": ComputeType(vcpu=1, memory_gib=4, spot=options.spot)},
        limits=Limits(infrastructure_retries=options.infrastructure_retries),
        retention=Retention(jobs_days=0),
    )
