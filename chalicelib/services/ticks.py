"""Ticks: each due minute of a definition makes at most one job, however often and late it is delivered."""

import logging
from dataclasses import replace
from datetime import datetime
from typing import Final

from botocore.exceptions import BotoCoreError, ClientError
from pynamodb.exceptions import PynamoDBException

from chalicelib.config import SchedulerSettings
from chalicelib.domain.authorization.environment_access import Step, check_run
from chalicelib.domain.background_work import BackgroundWork
from chalicelib.domain.definitions.definition import Definition, OverlapPolicy
from chalicelib.domain.definitions.definition_job import job_of_definition
from chalicelib.domain.definitions.problem import Reason, Refusal, note_refusal
from chalicelib.domain.definitions.tick import MAX_SWEEP_DELAY, TickVerdict, advance_next_due, after_tick, decide_tick
from chalicelib.domain.identifiers import input_key, job_prefix, snapshot_key, tick_job_id
from chalicelib.domain.job import Job
from chalicelib.errors import CopyTimeoutError, RequestError
from chalicelib.observability import count, count_background_failure
from chalicelib.services.admission import AdmissionService
from chalicelib.services.clock import Clock
from chalicelib.services.definition_problems import DefinitionProblemService
from chalicelib.storage.bucket import Bucket
from chalicelib.storage.definition_table import DefinitionTable
from chalicelib.storage.job_table import JobTable
from chalicelib.storage.mark_table import MarkTable, tick_mark, tick_mark_id
from chalicelib.storage.queues import WakeUpQueue

__all__ = ["TickConflictError", "TickService"]

_log = logging.getLogger(__name__)

_TRIES = 5
"""How often a tick is tried again whose definition moved on between read and write."""

_METRICS: Final = {
    TickVerdict.RUN: "TicksRun",
    TickVerdict.MISSED: "TicksMissed",
    TickVerdict.REFUSED: "TicksRefused",
    TickVerdict.SKIPPED: "TicksSkipped",
}


class TickConflictError(Exception):
    """A definition kept changing while its tick was taken: the queue delivers the tick again."""


class TickService:
    """Takes ticks.

    Parameters
    ----------
    settings
        What the operator chose.
    definitions, jobs, marks, files, wake_ups
        The stores.
    problems
        Notes what fails.
    admission
        Knows whether the owner may have one more job.
    clock
        Tells the time.
    """

    def __init__(
        self,
        settings: SchedulerSettings,
        *,
        definitions: DefinitionTable,
        jobs: JobTable,
        marks: MarkTable,
        files: Bucket,
        wake_ups: WakeUpQueue,
        problems: DefinitionProblemService,
        admission: AdmissionService,
        clock: Clock,
    ) -> None:
        self._settings = settings
        self._definitions = definitions
        self._jobs = jobs
        self._marks = marks
        self._files = files
        self._wake_ups = wake_ups
        self._problems = problems
        self._admission = admission
        self._clock = clock

    def take(self, owner_id: str, definition_id: str, due: datetime, *, revision: int | None = None) -> None:
        """Take one due minute: make its job, or mark it as skipped or missed; a minute that was taken before makes nothing.

        Parameters
        ----------
        owner_id, definition_id
            Whose tick it is.
        due
            The due minute.
        revision
            The revision that the schedule was written for, where a schedule sent the tick.

        Raises
        ------
        TickConflictError
            If the definition kept changing meanwhile.
        CopyTimeoutError, BotoCoreError, ClientError, PynamoDBException
            If AWS did not do what it was asked, or took too long to copy the snapshot; this is noted on the definition.
        """
        try:
            self._take(owner_id, definition_id, due, revision)
        except (CopyTimeoutError, BotoCoreError, ClientError, PynamoDBException) as error:
            self._problems.note(owner_id, definition_id, BackgroundWork.TICKS, error)
            raise

    def _take(self, owner_id: str, definition_id: str, due: datetime, revision: int | None) -> None:
        due = due.replace(second=0, microsecond=0)
        for _ in range(_TRIES):
            definition = self._definitions.get(owner_id, definition_id)
            if definition is None:
                self._files.delete_prefix(job_prefix(owner_id, tick_job_id(definition_id, due)))
                return
            self._notice_stale_schedule(definition, revision)
            if taken := self._marks.get(tick_mark_id(definition_id, due)):
                self._pass_over(definition, due, TickVerdict(taken["verdict"]))
                return
            verdict, refusal = self._judge(definition, due)
            if verdict is TickVerdict.NOT_DUE or self._write(definition, due, verdict, refusal):
                self._discard_copy(definition, due, verdict)
                return
        raise TickConflictError(f"definition {definition_id}, due {due:%Y-%m-%dT%H:%MZ}")

    def _notice_stale_schedule(self, definition: Definition, revision: int | None) -> None:
        """Have schedules written anew that a slow writer has left behind: the sweep does it."""
        if revision is not None and revision < definition.revision and definition.is_synced:
            self._definitions.change(definition, replace(definition, synced_revision=0))

    def _pass_over(self, definition: Definition, due: datetime, verdict: TickVerdict) -> None:
        """Move on from a minute that was taken before it was the earliest."""
        if definition.next_due == due:
            self._definitions.change(definition, advance_next_due(definition, due))
        self._discard_copy(definition, due, verdict)

    def _discard_copy(self, definition: Definition, due: datetime, verdict: TickVerdict) -> None:
        """Remove what an earlier try, cut off, has copied for a job that there will not be."""
        if verdict is not TickVerdict.RUN:
            job_id = tick_job_id(definition.definition_id, due)
            self._files.delete(input_key(definition.owner_id, job_id, packaged=definition.spec.package_input_folder))

    def _judge(self, definition: Definition, due: datetime) -> tuple[TickVerdict, Refusal | None]:
        """Decide what becomes of a due minute, and why the service makes no job of it."""
        verdict = decide_tick(definition, due, self._clock())
        if verdict is not TickVerdict.RUN:
            return verdict, None
        if refusal := self._refusal(definition):
            return TickVerdict.REFUSED, refusal
        return (TickVerdict.SKIPPED if self._overlaps(definition) else verdict), None

    def _refusal(self, definition: Definition) -> Refusal | None:
        try:
            check_run(Step.TICK, definition.spec, self._settings)
        except RequestError as error:
            return Refusal(Reason.NOT_ALLOWED, error.message)
        return self._admission.refuse_tick(definition.owner_id)

    def _overlaps(self, definition: Definition) -> bool:
        """Whether the last scheduled job, read consistently, has not ended, if the definition minds."""
        last = definition.last_run
        if last is None or definition.options.overlap_policy is not OverlapPolicy.SKIP:
            return False
        job = self._jobs.get(definition.owner_id, last.job_id, self._clock())
        return job is not None and not job.status.is_terminal

    def _write(self, definition: Definition, due: datetime, verdict: TickVerdict, refusal: Refusal | None) -> bool:
        now = self._clock()
        problem = note_refusal(definition.tick_problem, refusal, due, now) if refusal else None
        job = self._make_job(definition, due, now) if verdict is TickVerdict.RUN else None
        if verdict is TickVerdict.RUN and job is None:
            return False
        after = after_tick(definition, due, verdict, job, problem)
        written = self._definitions.run_tick(
            definition, after, tick_mark(definition.definition_id, due, verdict, now), job
        )
        if written:
            count(_METRICS[verdict])
            if verdict is TickVerdict.MISSED and definition.options.catch_up >= MAX_SWEEP_DELAY:
                count_background_failure(BackgroundWork.TICKS)  # the sweep would have taken it in time
            _log.info(
                "tick",
                extra={"owner_id": definition.owner_id, "definition_id": definition.definition_id, "verdict": verdict},
            )
            if job is not None:
                self._wake_ups.send("tick")
        return written

    def _make_job(self, definition: Definition, due: datetime, now: datetime) -> Job | None:
        """Copy the snapshot to the job's input; None if the snapshot was replaced meanwhile."""
        job = job_of_definition(definition, tick_job_id(definition.definition_id, due), now)
        packaged = job.spec.package_input_folder
        source = snapshot_key(definition.owner_id, definition.definition_id, definition.snapshot_id, packaged=packaged)
        target = input_key(job.owner_id, job.job_id, packaged=packaged)
        return job if self._files.copy(source, target, definition.input_size_bytes) else None
