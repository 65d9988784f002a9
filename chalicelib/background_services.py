"""Services of the functions that no request waits for. Everything is made on first use, as in `stores.py`."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from chalicelib.shared_services import SharedServices

if TYPE_CHECKING:
    from chalicelib.services.changes import ChangeService
    from chalicelib.services.cleanup import CleanupService
    from chalicelib.services.definition_cleanup import DefinitionCleanupService
    from chalicelib.services.definition_sweep import DefinitionSweepService
    from chalicelib.services.dispatch import DispatchService
    from chalicelib.services.late_definitions import LateDefinitionService
    from chalicelib.services.missed_ticks import MissedTickService
    from chalicelib.services.notifications import NotificationService, NotificationSweepService
    from chalicelib.services.orphaned_tasks import OrphanedTaskService
    from chalicelib.services.sweep import SweepService
    from chalicelib.services.task_events import TaskEventService
    from chalicelib.services.ticks import TickService
    from chalicelib.services.upload_and_log_cleanup import UploadAndLogCleanup
    from chalicelib.services.waiting_jobs import WaitingJobService

__all__ = ["BackgroundServices"]


@dataclass(frozen=True, kw_only=True)
class BackgroundServices(SharedServices):
    """Makes the services for background work of one process."""

    sleep: Callable[[float], None] = time.sleep

    @cached_property
    def ticks(self) -> TickService:
        """The service that handles ticks."""
        from chalicelib.services.ticks import TickService

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
        from chalicelib.services.missed_ticks import MissedTickService

        return MissedTickService(
            definitions=self._definition_table, marks=self._marks, ticks=self.ticks, clock=self.clock
        )

    @cached_property
    def late_definitions(self) -> LateDefinitionService:
        """The service that notes that definitions are late."""
        from chalicelib.services.late_definitions import LateDefinitionService

        return LateDefinitionService(definitions=self._definition_table, clock=self.clock)

    @cached_property
    def definition_sweep(self) -> DefinitionSweepService:
        """The service that finds definitions that need work."""
        from chalicelib.services.definition_sweep import DefinitionSweepService

        return DefinitionSweepService(definitions=self._definition_table, ticks=self._tick_queue, clock=self.clock)

    @cached_property
    def dispatch(self) -> DispatchService:
        """The dispatcher."""
        from chalicelib.services.dispatch import DispatchService

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
        from chalicelib.services.task_events import TaskEventService

        return TaskEventService(
            limits=self.settings.limits,
            jobs=self._job_table,
            launcher=self._launcher,
            wake_ups=self._wake_ups,
            completion=self._completion,
            results=self._results,
            clock=self.clock,
        )

    @cached_property
    def sweep(self) -> SweepService:
        """The service that handles overdue jobs."""
        from chalicelib.services.connectivity import ConnectivityService
        from chalicelib.services.sweep import SweepService

        return SweepService(
            jobs=self._job_table,
            lists=self._job_lists,
            marks=self._marks,
            launcher=self._launcher,
            wake_ups=self._wake_ups,
            completion=self._completion,
            results=self._results,
            connectivity=ConnectivityService(lists=self._job_lists, marks=self._marks),
            clock=self.clock,
        )

    @cached_property
    def orphaned_tasks(self) -> OrphanedTaskService:
        """The service that finds tasks that no record names."""
        from chalicelib.services.orphaned_tasks import OrphanedTaskService

        return OrphanedTaskService(
            lists=self._job_lists, launcher=self._launcher, task_events=self.task_events, clock=self.clock
        )

    @cached_property
    def changes(self) -> ChangeService:
        """The service that handles changed jobs and definitions."""
        from chalicelib.services.changes import ChangeService
        from chalicelib.services.kept_jobs import KeptJobService
        from chalicelib.services.notifications import NotificationRequestService

        return ChangeService(
            settings=self.settings,
            bus=self._event_bus,
            requests=NotificationRequestService(notifications=self._notifications, clock=self.clock),
            jobs=self._job_table,
            kept=KeptJobService(settings=self.settings, jobs=self._job_table, lists=self._job_lists, clock=self.clock),
            definitions=self._definition_table,
            marks=self._marks,
            clock=self.clock,
        )

    @cached_property
    def notifications(self) -> NotificationService:
        """The service that delivers notifications."""
        from chalicelib.services.notifications import NotificationService
        from chalicelib.services.undelivered import UndeliveredService

        return NotificationService(
            settings=self.settings,
            notifications=self._notifications,
            channels=self._channels,
            undelivered=UndeliveredService(jobs=self._job_table, definitions=self._definition_table, clock=self.clock),
            clock=self.clock,
        )

    @cached_property
    def notification_sweep(self) -> NotificationSweepService:
        """The service that requests notifications again."""
        from chalicelib.services.notifications import NotificationSweepService

        return NotificationSweepService(notifications=self._notifications, clock=self.clock)

    @cached_property
    def waiting_jobs(self) -> WaitingJobService:
        """The service that measures how long jobs wait."""
        from chalicelib.services.waiting_jobs import WaitingJobService

        return WaitingJobService(limits=self.settings.limits, lists=self._job_lists, clock=self.clock)

    @cached_property
    def cleanup(self) -> CleanupService:
        """The service that cleans up after deleted jobs."""
        from chalicelib.services.cleanup import CleanupService

        return CleanupService(
            files=self._files, launcher=self._launcher, wake_ups=self._wake_ups, second_cleanups=self._second_cleanups
        )

    @cached_property
    def definition_cleanup(self) -> DefinitionCleanupService:
        """The service that cleans up after deleted definitions."""
        from chalicelib.services.definition_cleanup import DefinitionCleanupService

        return DefinitionCleanupService(
            files=self._files,
            jobs=self._job_table,
            lists=self._job_lists,
            second_cleanups=self._second_cleanups,
            sync=self.schedule_sync,
        )

    @cached_property
    def upload_and_log_cleanup(self) -> UploadAndLogCleanup:
        """The service that removes uploads and logs of deleted jobs and definitions."""
        from chalicelib.services.upload_and_log_cleanup import UploadAndLogCleanup

        return UploadAndLogCleanup(files=self._files, logs=self._logs)
