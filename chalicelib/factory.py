"""The composition root: the only module that names services and stores together. Everything is made on first use.

A service's class is imported where it is made, so that each function loads only the services that it uses.
"""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, cast

from chalicelib.config import load_settings
from chalicelib.resources import Resources
from chalicelib.shared_services import SharedServices

if TYPE_CHECKING:
    from chalicelib.services.cleanup import CleanupService
    from chalicelib.services.definition_cleanup import DefinitionCleanupService
    from chalicelib.services.definition_runs import DefinitionRunService
    from chalicelib.services.definition_sweep import DefinitionSweepService
    from chalicelib.services.definitions import DefinitionService
    from chalicelib.services.dispatch import DispatchService
    from chalicelib.services.jobs import JobService
    from chalicelib.services.missed_ticks import MissedTickService
    from chalicelib.services.outputs import OutputService
    from chalicelib.services.owners import OwnerService
    from chalicelib.services.runs import RunService
    from chalicelib.services.sweep import SweepService
    from chalicelib.services.take_over import TakeOverService
    from chalicelib.services.task_events import TaskEventService
    from chalicelib.services.ticks import TickService
    from chalicelib.services.upload_and_log_cleanup import UploadAndLogCleanup
    from chalicelib.services.uploads import UploadService

__all__ = ["Factory", "factory", "use"]


@dataclass(frozen=True, kw_only=True)
class Factory(SharedServices):
    """Makes the services of one process."""

    sleep: Callable[[float], None] = time.sleep

    @cached_property
    def jobs(self) -> JobService:
        """Jobs, as people handle them."""
        from chalicelib.services.jobs import JobService

        return JobService(
            self.settings,
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
        """Owners, as admins handle them."""
        from chalicelib.services.owners import OwnerService

        return OwnerService(owners=self._owner_table, clock=self.clock)

    @cached_property
    def definitions(self) -> DefinitionService:
        """Definitions, as people handle them."""
        from chalicelib.services.definitions import DefinitionService

        return DefinitionService(
            self.settings,
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
        """What takes definitions over."""
        from chalicelib.services.take_over import TakeOverService

        return TakeOverService(
            self.settings,
            definitions=self._definition_table,
            files=self._files,
            sync=self.schedule_sync,
            owners=self.owners,
            admission=self._admission,
            clock=self.clock,
        )

    @cached_property
    def definition_runs(self) -> DefinitionRunService:
        """What runs definitions when people ask for it."""
        from chalicelib.services.definition_runs import DefinitionRunService

        return DefinitionRunService(
            self.settings,
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
        """What takes ticks."""
        from chalicelib.services.ticks import TickService

        return TickService(
            self.settings,
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
        """What takes overdue ticks."""
        from chalicelib.services.missed_ticks import MissedTickService

        return MissedTickService(definitions=self._definition_table, ticks=self.ticks, clock=self.clock)

    @cached_property
    def definition_sweep(self) -> DefinitionSweepService:
        """What finds definitions that need something."""
        from chalicelib.services.definition_sweep import DefinitionSweepService

        return DefinitionSweepService(definitions=self._definition_table, ticks=self._tick_queue, clock=self.clock)

    @cached_property
    def uploads(self) -> UploadService:
        """Uploads of snapshots."""
        from chalicelib.services.uploads import UploadService

        return UploadService(self._files, self.settings.limits, self.clock)

    @cached_property
    def outputs(self) -> OutputService:
        """Files and log lines of jobs."""
        from chalicelib.services.outputs import OutputService

        return OutputService(files=self._files, logs=self._logs)

    @cached_property
    def runs(self) -> RunService:
        """Runs, as their runners see them."""
        from chalicelib.services.output_budget import OutputBudgetService
        from chalicelib.services.runs import RunService

        return RunService(
            self.settings,
            jobs=self._job_table,
            marks=self._marks,
            files=self._files,
            runner_key=self._runner_key,
            budgets=OutputBudgetService(self.settings.limits, marks=self._marks, clock=self.clock),
            endings=self._completion,
            clock=self.clock,
        )

    @cached_property
    def dispatch(self) -> DispatchService:
        """The dispatcher."""
        from chalicelib.services.dispatch import DispatchService

        return DispatchService(
            self.settings,
            jobs=self._job_table,
            lists=self._job_lists,
            launcher=self._launcher,
            wake_ups=self._wake_ups,
            endings=self._completion,
            owners=self._owner_table,
            clock=self.clock,
            sleep=self.sleep,
            make_code=lambda: secrets.token_hex(32),
        )

    @cached_property
    def task_events(self) -> TaskEventService:
        """What follows ECS's events."""
        from chalicelib.services.task_events import TaskEventService

        return TaskEventService(
            self.settings.limits,
            jobs=self._job_table,
            launcher=self._launcher,
            wake_ups=self._wake_ups,
            endings=self._completion,
            clock=self.clock,
        )

    @cached_property
    def sweep(self) -> SweepService:
        """What looks after overdue jobs."""
        from chalicelib.services.sweep import SweepService

        return SweepService(
            jobs=self._job_table,
            lists=self._job_lists,
            marks=self._marks,
            launcher=self._launcher,
            wake_ups=self._wake_ups,
            endings=self._completion,
            clock=self.clock,
        )

    @cached_property
    def cleanup(self) -> CleanupService:
        """What removes what deleted jobs leave behind."""
        from chalicelib.services.cleanup import CleanupService

        return CleanupService(
            files=self._files, launcher=self._launcher, wake_ups=self._wake_ups, second_cleanups=self._second_cleanups
        )

    @cached_property
    def definition_cleanup(self) -> DefinitionCleanupService:
        """What removes what deleted definitions leave behind."""
        from chalicelib.services.definition_cleanup import DefinitionCleanupService

        return DefinitionCleanupService(
            files=self._files,
            jobs=self._job_table,
            lists=self._job_lists,
            second_cleanups=self._second_cleanups,
            sync=self.schedule_sync,
        )

    @cached_property
    def traces(self) -> UploadAndLogCleanup:
        """What removes what they leave elsewhere."""
        from chalicelib.services.upload_and_log_cleanup import UploadAndLogCleanup

        return UploadAndLogCleanup(files=self._files, logs=self._logs)


class _InUse:
    """The factory that this process serves with."""

    factory: Factory | None = None


def use(chosen: Factory | None) -> None:
    """Serve with this factory from now on; None makes a new one of the environment."""
    _InUse.factory = chosen


def factory() -> Factory:
    """Give this process's factory, made on first use of the bundle's settings and the function's environment."""
    if _InUse.factory is None:
        use(Factory(settings=load_settings(), resources=Resources(os.environ)))
    return cast("Factory", _InUse.factory)
