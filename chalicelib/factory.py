"""The composition root: the only module that connects services and stores. Everything is made on first use."""

import os
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import cast

from chalicelib.config import SchedulerSettings, load_settings
from chalicelib.resources import Resources
from chalicelib.services.admission import AdmissionService
from chalicelib.services.attempt_completion import AttemptCompletionService
from chalicelib.services.cleanup import CleanupService
from chalicelib.services.clock import Clock, system_clock
from chalicelib.services.definition_cleanup import DefinitionCleanupService
from chalicelib.services.definition_problems import DefinitionProblemService
from chalicelib.services.definition_runs import DefinitionRunService
from chalicelib.services.definition_sweep import DefinitionSweepService
from chalicelib.services.definitions import DefinitionService
from chalicelib.services.dispatch import DispatchService
from chalicelib.services.idempotency import IdempotencyService
from chalicelib.services.jobs import JobService
from chalicelib.services.missed_ticks import MissedTickService
from chalicelib.services.output_budget import OutputBudgetService
from chalicelib.services.outputs import OutputService
from chalicelib.services.owners import OwnerService
from chalicelib.services.runs import RunService
from chalicelib.services.schedule_sync import ScheduleSync
from chalicelib.services.snapshots import SnapshotService
from chalicelib.services.sweep import SweepService
from chalicelib.services.take_over import TakeOverService
from chalicelib.services.task_events import TaskEventService
from chalicelib.services.ticks import TickService
from chalicelib.services.upload_and_log_cleanup import UploadAndLogCleanup
from chalicelib.services.uploads import UploadService
from chalicelib.stores import Stores

__all__ = ["Factory", "factory", "use"]


@dataclass(frozen=True, kw_only=True)
class Factory(Stores):
    """Makes the services of one process."""

    settings: SchedulerSettings
    clock: Clock = system_clock
    sleep: Callable[[float], None] = time.sleep

    @cached_property
    def jobs(self) -> JobService:
        """The service for users' jobs."""
        return JobService(
            settings=self.settings,
            jobs=self._job_table,
            lists=self._job_lists,
            marks=self._marks,
            snapshots=self._snapshots,
            tokens=self._tokens,
            wake_ups=self._wake_ups,
            owners=self.owners,
            admission=self._admission,
            clock=self.clock,
        )

    @cached_property
    def owners(self) -> OwnerService:
        """The service for owners."""
        return OwnerService(owners=self._owner_table, clock=self.clock)

    @cached_property
    def definitions(self) -> DefinitionService:
        """The service for users' definitions."""
        return DefinitionService(
            settings=self.settings,
            definitions=self._definition_table,
            snapshots=self._snapshots,
            tokens=self._tokens,
            sync=self.schedule_sync,
            owners=self.owners,
            admission=self._admission,
            clock=self.clock,
        )

    @cached_property
    def take_over(self) -> TakeOverService:
        """The service that takes definitions over."""
        return TakeOverService(
            settings=self.settings,
            definitions=self._definition_table,
            files=self._files,
            sync=self.schedule_sync,
            owners=self.owners,
            admission=self._admission,
            clock=self.clock,
        )

    @cached_property
    def definition_runs(self) -> DefinitionRunService:
        """The service that runs definitions on request."""
        return DefinitionRunService(
            settings=self.settings,
            definitions=self._definition_table,
            jobs=self._job_table,
            files=self._files,
            wake_ups=self._wake_ups,
            tokens=self._tokens,
            owners=self.owners,
            admission=self._admission,
            clock=self.clock,
        )

    @cached_property
    def ticks(self) -> TickService:
        """The service that handles ticks."""
        return TickService(
            settings=self.settings,
            definitions=self._definition_table,
            jobs=self._job_table,
            marks=self._marks,
            files=self._files,
            wake_ups=self._wake_ups,
            problems=self._definition_problems,
            admission=self._admission,
            clock=self.clock,
        )

    @cached_property
    def missed_ticks(self) -> MissedTickService:
        """The service that handles overdue ticks."""
        return MissedTickService(definitions=self._definition_table, ticks=self.ticks, clock=self.clock)

    @cached_property
    def schedule_sync(self) -> ScheduleSync:
        """The service that writes schedules."""
        return ScheduleSync(
            definitions=self._definition_table, schedules=self._schedules, problems=self._definition_problems
        )

    @cached_property
    def _definition_problems(self) -> DefinitionProblemService:
        return DefinitionProblemService(definitions=self._definition_table, clock=self.clock)

    @cached_property
    def definition_sweep(self) -> DefinitionSweepService:
        """The service that finds definitions that need work."""
        return DefinitionSweepService(definitions=self._definition_table, ticks=self._tick_queue, clock=self.clock)

    @cached_property
    def uploads(self) -> UploadService:
        """The service for uploads of snapshots."""
        return UploadService(files=self._files, limits=self.settings.limits, clock=self.clock)

    @cached_property
    def outputs(self) -> OutputService:
        """The service for files and logs of jobs."""
        return OutputService(files=self._files, logs=self._logs)

    @cached_property
    def runs(self) -> RunService:
        """The service for runners."""
        return RunService(
            settings=self.settings,
            jobs=self._job_table,
            marks=self._marks,
            files=self._files,
            runner_key=self._runner_key,
            budgets=OutputBudgetService(limits=self.settings.limits, marks=self._marks, clock=self.clock),
            completion=self._completion,
            clock=self.clock,
        )

    @cached_property
    def dispatch(self) -> DispatchService:
        """The dispatcher."""
        return DispatchService(
            settings=self.settings,
            jobs=self._job_table,
            lists=self._job_lists,
            launcher=self._launcher,
            wake_ups=self._wake_ups,
            completion=self._completion,
            owners=self._owner_table,
            clock=self.clock,
            sleep=self.sleep,
            make_code=lambda: secrets.token_hex(32),
        )

    @cached_property
    def task_events(self) -> TaskEventService:
        """The service that handles task events."""
        return TaskEventService(
            limits=self.settings.limits,
            jobs=self._job_table,
            launcher=self._launcher,
            wake_ups=self._wake_ups,
            completion=self._completion,
            clock=self.clock,
        )

    @cached_property
    def sweep(self) -> SweepService:
        """The service that handles overdue jobs."""
        return SweepService(
            jobs=self._job_table,
            lists=self._job_lists,
            marks=self._marks,
            launcher=self._launcher,
            wake_ups=self._wake_ups,
            completion=self._completion,
            clock=self.clock,
        )

    @cached_property
    def cleanup(self) -> CleanupService:
        """The service that cleans up after deleted jobs."""
        return CleanupService(
            files=self._files, launcher=self._launcher, wake_ups=self._wake_ups, second_cleanups=self._second_cleanups
        )

    @cached_property
    def definition_cleanup(self) -> DefinitionCleanupService:
        """The service that cleans up after deleted definitions."""
        return DefinitionCleanupService(
            files=self._files,
            jobs=self._job_table,
            lists=self._job_lists,
            second_cleanups=self._second_cleanups,
            sync=self.schedule_sync,
        )

    @cached_property
    def upload_and_log_cleanup(self) -> UploadAndLogCleanup:
        """The service that deletes their uploads and logs."""
        return UploadAndLogCleanup(files=self._files, logs=self._logs)

    @cached_property
    def _snapshots(self) -> SnapshotService:
        return SnapshotService(settings=self.settings, files=self._files)

    @cached_property
    def _admission(self) -> AdmissionService:
        return AdmissionService(
            limits=self.settings.limits,
            lists=self._job_lists,
            definitions=self._definition_table,
            owners=self._owner_table,
        )

    @cached_property
    def _tokens(self) -> IdempotencyService:
        return IdempotencyService(marks=self._marks, files=self._files)

    @cached_property
    def _completion(self) -> AttemptCompletionService:
        return AttemptCompletionService(settings=self.settings, jobs=self._job_table)


class _InUse:
    """The factory that this process uses."""

    factory: Factory | None = None


def use(chosen: Factory | None) -> None:
    """Use this factory from now on; None makes a new one from the environment."""
    _InUse.factory = chosen


def factory() -> Factory:
    """Return this process's factory, made on first use from the bundle's settings and the function's environment."""
    if _InUse.factory is None:
        use(Factory(settings=load_settings(), resources=Resources(os.environ)))
    return cast("Factory", _InUse.factory)
