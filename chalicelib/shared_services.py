"""Services that other services use, and the small ones of events. Everything is made on first use, as in `stores.py`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from chalicelib.services.clock import Clock, system_clock
from chalicelib.stores import Stores

if TYPE_CHECKING:
    from chalicelib.config import SchedulerSettings
    from chalicelib.services.admission import AdmissionService
    from chalicelib.services.attempt_completion import AttemptCompletionService
    from chalicelib.services.attempt_results import AttemptResultService
    from chalicelib.services.definition_problems import DefinitionProblemService
    from chalicelib.services.idempotency import IdempotencyService
    from chalicelib.services.schedule_sync import ScheduleSync
    from chalicelib.services.snapshots import SnapshotService
    from chalicelib.services.unfinished_copies import UnfinishedCopyAnnouncer, UnfinishedCopyService

__all__ = ["SharedServices"]


@dataclass(frozen=True, kw_only=True)
class SharedServices(Stores):
    """Makes the services that several services of one process share."""

    settings: SchedulerSettings
    clock: Clock = system_clock

    @cached_property
    def schedule_sync(self) -> ScheduleSync:
        """The service that writes schedules."""
        from chalicelib.services.schedule_sync import ScheduleSync

        return ScheduleSync(
            definitions=self._definition_table, schedules=self._schedules, problems=self._definition_problems
        )

    @cached_property
    def _definition_problems(self) -> DefinitionProblemService:
        from chalicelib.services.definition_problems import DefinitionProblemService

        return DefinitionProblemService(definitions=self._definition_table, clock=self.clock)

    @cached_property
    def _snapshots(self) -> SnapshotService:
        from chalicelib.services.snapshots import SnapshotService

        return SnapshotService(settings=self.settings, files=self._files)

    @cached_property
    def _admission(self) -> AdmissionService:
        from chalicelib.services.admission import AdmissionService

        return AdmissionService(
            limits=self.settings.limits,
            lists=self._job_lists,
            definitions=self._definition_table,
            owners=self._owner_table,
        )

    @cached_property
    def _tokens(self) -> IdempotencyService:
        from chalicelib.services.idempotency import IdempotencyService

        return IdempotencyService(
            marks=self._marks, jobs=self._job_table, definitions=self._definition_table, files=self._files
        )

    @cached_property
    def unfinished_copies(self) -> UnfinishedCopyService:
        """The service that removes copies for which no record was stored."""
        from chalicelib.services.unfinished_copies import UnfinishedCopyService

        return UnfinishedCopyService(
            files=self._files, jobs=self._job_table, definitions=self._definition_table, clock=self.clock
        )

    @cached_property
    def _copies(self) -> UnfinishedCopyAnnouncer:
        from chalicelib.services.unfinished_copies import UnfinishedCopyAnnouncer

        return UnfinishedCopyAnnouncer(queue=self._second_cleanups, retention=self.settings.retention)

    @cached_property
    def _completion(self) -> AttemptCompletionService:
        from chalicelib.services.attempt_completion import AttemptCompletionService

        return AttemptCompletionService(settings=self.settings, jobs=self._job_table)

    @cached_property
    def _results(self) -> AttemptResultService:
        from chalicelib.services.attempt_results import AttemptResultService

        return AttemptResultService(files=self._files, marks=self._marks)
