"""What follows from changed jobs and definitions: events, notifications, and the health of definitions."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from chalicelib.config import SchedulerSettings
from chalicelib.domain.attempt_history import attempts_of
from chalicelib.domain.costs import Cost, cost_of
from chalicelib.domain.definitions.automatic_pause import after_run
from chalicelib.domain.definitions.definition import Definition
from chalicelib.domain.definitions.health import EndedRun, ended_run
from chalicelib.domain.events.definition_events import definition_events, run_of
from chalicelib.domain.events.event import Event
from chalicelib.domain.events.job_events import job_events
from chalicelib.domain.job import Job, JobStatus
from chalicelib.domain.notifications.message import Message, definition_message, job_message
from chalicelib.errors import ConflictError
from chalicelib.observability import count
from chalicelib.services.clock import Clock
from chalicelib.services.kept_jobs import KeptJobService
from chalicelib.services.notifications import NotificationRequestService
from chalicelib.storage.definition_table import DefinitionTable
from chalicelib.storage.event_bus import EventBus
from chalicelib.storage.job_table import JobTable
from chalicelib.storage.mark_table import MarkTable, run_mark, run_mark_id
from chalicelib.storage.stream_records import read_definition_change, read_job_change

__all__ = ["ChangeService"]

_log = logging.getLogger(__name__)

_TRIES: Final = 5
"""How often an ended run is counted if its definition changes between read and write."""


@dataclass(frozen=True, kw_only=True)
class ChangeService:
    """Handles the streams of the tables of jobs and definitions.

    Each record is handled on its own, and handling it again changes nothing, except that its events are sent again with the same ids.
    """

    settings: SchedulerSettings
    bus: EventBus
    requests: NotificationRequestService
    jobs: JobTable
    kept: KeptJobService
    definitions: DefinitionTable
    marks: MarkTable
    clock: Clock

    def handle_job(self, record: Mapping[str, Any]) -> None:
        """Handle a record of the jobs table: send its events, and count an ended run for its definition.

        Raises
        ------
        AwsError, ConflictError
            If a call of AWS failed, or the definition kept changing; the record has to be delivered again.
        """
        change = read_job_change(record)
        events = [*job_events(change.old, change.new, change.time)]
        self.bus.send(events)
        if change.new is not None:
            for event in events:
                self._notify_of_job(event, change.new)
        has_ended = change.new is not None and change.old is not None and not change.old.status.is_terminal
        if has_ended and change.new and change.new.job_definition_id and (run := ended_run(change.new)):
            self._count(change.new, change.new.job_definition_id, run)

    def handle_definition(self, record: Mapping[str, Any]) -> None:
        """Handle a record of the definitions table: send its events, and set which of its jobs expire.

        Raises
        ------
        AwsError
            If a call of AWS failed; the record has to be delivered again.
        """
        change = read_definition_change(record)
        events = [*definition_events(change.old, change.new, change.time)]
        self.bus.send(events)
        if change.new is not None:
            for event in events:
                self._notify_of_definition(event, change.new)
            if change.old is not None:
                self.kept.follow(change.old, change.new)

    def _notify_of_job(self, event: Event, job: Job) -> None:
        def compose() -> Message:
            ended = event.detail["outcome"] is not None
            attempts = attempts_of(job)
            outcome = (job.outcome or (attempts[-1].outcome if attempts else None)) if ended else None
            return job_message(event, job, outcome, self._cost(job))

        of_definition = job.job_definition_id is not None
        self.requests.request(event, job.spec.notify, compose, of_definition=of_definition)

    def _notify_of_definition(self, event: Event, definition: Definition) -> None:
        def compose() -> Message:
            run = run_of(event.kind, definition)
            job = self.jobs.get(definition.owner_id, run.job_id, self.clock()) if run else None
            return definition_message(event, definition, job, self._cost(job) if job else None)

        self.requests.request(event, definition.spec.notify, compose, of_definition=True)

    def _cost(self, job: Job) -> Cost | None:
        return cost_of(attempts_of(job), self.settings.compute_types, self.settings.prices)

    def _count(self, job: Job, definition_id: str, run: EndedRun) -> None:
        for _ in range(_TRIES):
            before = self.definitions.get(job.owner_id, definition_id)
            if before is None or self.marks.get(run_mark_id(job.job_id)) is not None:
                return
            now = self.clock()
            succeeded = job.status is JobStatus.COMPLETED
            pause_after = self.settings.limits.pause_after_failures
            after = after_run(before, run, succeeded=succeeded, pause_after=pause_after, now=now)
            if self.definitions.count_run(before, after, run_mark(job.job_id, now)):
                if after.pause_problem and not before.pause_problem:
                    count("DefinitionsPaused")
                    _log.warning(
                        "schedule paused after failures",
                        extra={"owner_id": job.owner_id, "definition_id": definition_id},
                    )
                return
        raise ConflictError(f"Job definition {definition_id} kept changing while its job {job.job_id} was counted.")
