"""The real services, with stores that record each call on a tape."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple, cast

from chalicelib.config import ComputeType, Environment, Limits, Retention, SchedulerSettings
from chalicelib.domain.attempt_result import AttemptResult
from chalicelib.domain.authorization.ownership import Caller
from chalicelib.domain.authorization.principal import Principal, PrincipalKind
from chalicelib.domain.job import JobStatus, Phase, PhaseCode
from chalicelib.domain.outcome import make_outcome
from chalicelib.domain.retry_policy import CAPACITY_DEADLINE
from chalicelib.domain.runner_identity import CheckIn, Session, code_proof, key_proof
from chalicelib.errors import RequestError
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
from chalicelib.storage.job_table import JobTable
from tests.model.record import CODE, JOB_ID, OWNER, RUN_TIME
from tests.model.stores import SECRET, ModelItem, Stores, describe_task, run_of
from tests.model.tape import START, Call, Suspended, Tape
from tests.model.world import Operation, Task

__all__ = ["Options", "Result", "Scheduler"]

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
        item = type("ModelItem", (ModelItem,), {"tape": tape, "max_retries": options.max_retries})
        jobs = table(cast("type[JobItem]", item), MarkItem, cast("Any", None))
        stores: Any = Stores(tape)
        clock = lambda: tape.now  # noqa: E731 - the clock of all services
        completion = AttemptCompletionService(settings=settings, jobs=jobs)
        shared: dict[str, Any] = {"jobs": jobs, "completion": completion, "clock": clock}
        for_tasks: dict[str, Any] = {"launcher": stores, "wake_ups": stores, **shared}
        self._dispatch = DispatchService(
            settings=settings, lists=stores, owners=stores, sleep=lambda _: None, make_code=lambda: CODE, **for_tasks
        )
        shared["results"] = for_tasks["results"] = AttemptResultService(files=stores, marks=stores)
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
        run_id, launch = run_of(operation.subject)
        about = (run_id, launch, operation.subject)
        check_in = CheckIn(
            run_id=run_id,
            launch=launch,
            instance_id=operation.subject,
            key_proof=key_proof(SECRET, *about),
            code_proof=code_proof(CODE, *about),
        )
        return self._runs.check_in(check_in)

    def _do_heartbeat(self, operation: Operation) -> bool:
        run_id, _ = run_of(operation.subject)
        session = Session(run_id=run_id, instance_id=operation.subject)
        return self._runs.heartbeat(session, Phase(PhaseCode.RUNNING), connected_seconds=0)

    def _do_report(self, operation: Operation) -> JobStatus:
        run_id, _ = run_of(operation.subject)
        session = Session(run_id=run_id, instance_id=operation.subject)
        return self._runs.report(session, AttemptResult(make_outcome(operation.detail)))

    def _do_event(self, operation: Operation) -> None:
        self._events.handle(describe_task(Task(operation.subject, stopped=operation.detail)))

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


def _settings(options: Options) -> SchedulerSettings:
    return SchedulerSettings(
        environments={"python": Environment(compute_types=("small",))},
        compute_types={"small": ComputeType(vcpu=1, memory_gib=4, spot=options.spot)},
        limits=Limits(infrastructure_retries=options.infrastructure_retries),
        retention=Retention(jobs_days=0),
    )
