"""Ticks: each due time of a definition makes at most one job, however often and late it is delivered."""

import logging
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from chalicelib.config import SchedulerSettings
from chalicelib.domain.authorization.environment_access import Step, check_run
from chalicelib.domain.background_work import BackgroundWork
from chalicelib.domain.definitions.definition import Definition, OverlapPolicy
from chalicelib.domain.definitions.definition_job import job_of_definition
from chalicelib.domain.definitions.problem import Reason, Refusal, note_refusal
from chalicelib.domain.definitions.tick import MAX_SWEEP_DELAY, TickVerdict, advance_next_due, after_tick, decide_tick
from chalicelib.domain.identifiers import input_key, job_prefix, tick_job_id
from chalicelib.domain.job import Job
from chalicelib.errors import AwsError, CopyTimeoutError, RequestError
from chalicelib.observability import count, count_background_failure
from chalicelib.services.admission import AdmissionService
from chalicelib.services.clock import Clock
from chalicelib.services.definition_problems import DefinitionProblemService
from chalicelib.storage.bucket import Bucket
from chalicelib.storage.definition_table import DefinitionTable
from chalicelib.storage.job_table import JobTable
from chalicelib.storage.mark_table import MarkTable, tick_mark, tick_mark_id
from chalicelib.storage.queues import WakeUpQueue

__all__ = ["TickConflictError", "TickService", "note_missed_ticks"]

_log = logging.getLogger(__name__)

_TRIES = 5
"""How often a tick is tried if the definition changes between read and write."""

_METRICS: Final = {
    TickVerdict.RUN: "TicksRun",
    TickVerdict.REFUSED: "TicksRefused",
    TickVerdict.SKIPPED: "TicksSkipped",
}


def note_missed_ticks(definition: Definition, number: int) -> None:
    """Count missed ticks; if the sweep should have handled them in time, also as a failure of background work."""
    count("TicksMissed", number=number)
    if definition.options.catch_up >= MAX_SWEEP_DELAY:
        count_background_failure(BackgroundWork.TICKS)


class TickConflictError(Exception):
    """A definition kept changing while its tick was handled: the queue delivers the tick again."""


@dataclass(frozen=True, kw_only=True)
class TickService:
    """Handles ticks."""

    settings: SchedulerSettings
    definitions: DefinitionTable
    jobs: JobTable
    marks: MarkTable
    files: Bucket
    wake_ups: WakeUpQueue
    problems: DefinitionProblemService
    admission: AdmissionService
    clock: Clock

    def handle(self, owner_id: str, definition_id: str, due: datetime, *, revision: int | None = None) -> None:
        """Handle one due time: create its job, or mark it as skipped, missed or refused. A due time that was handled before is ignored.

        Parameters
        ----------
        owner_id, definition_id
            The definition.
        due
            The due time.
        revision
            The definition's revision for which the schedule was written, if a schedule sent the tick.

        Raises
        ------
        TickConflictError
            If the definition kept changing.
        AwsError, CopyTimeoutError
            If a call of AWS failed, or S3 took too long to copy the snapshot; this is noted on the definition, unless the tick is
            written after all.
        """
        due = due.replace(second=0, microsecond=0)
        try:
            self._handle(owner_id, definition_id, due, revision)
        except (AwsError, CopyTimeoutError) as error:
            if not self._is_written(definition_id, due):
                self.problems.note(owner_id, definition_id, BackgroundWork.TICKS, error)
            raise

    def _is_written(self, definition_id: str, due: datetime) -> bool:
        """Check whether a tick is written although a call failed: only its response was lost. False if that cannot be read."""
        try:
            return self.marks.get(tick_mark_id(definition_id, due)) is not None
        except AwsError:
            return False

    def _handle(self, owner_id: str, definition_id: str, due: datetime, revision: int | None) -> None:
        for _ in range(_TRIES):
            definition = self.definitions.get(owner_id, definition_id)
            if definition is None:
                self.files.delete_prefix(job_prefix(owner_id, tick_job_id(definition_id, due)))
                return
            self._check_schedule_revision(definition, revision)
            if mark := self.marks.get(tick_mark_id(definition_id, due)):
                self._skip_handled(definition, due, TickVerdict(mark["verdict"]))
                return
            verdict, refusal = self._judge(definition, due)
            if verdict is TickVerdict.NOT_DUE or self._write(definition, due, verdict, refusal):
                self._discard_copy(definition, due, verdict)
                return
        raise TickConflictError(f"definition {definition_id}, due {due:%Y-%m-%dT%H:%MZ}")

    def _check_schedule_revision(self, definition: Definition, revision: int | None) -> None:
        """Let the sweep write the schedules again if a slow writer has left an old one."""
        if revision is not None and revision < definition.revision and definition.is_synced:
            self.definitions.change(definition, replace(definition, synced_revision=0))

    def _skip_handled(self, definition: Definition, due: datetime, verdict: TickVerdict) -> None:
        """Advance past a due time that was handled before it was the earliest."""
        if definition.next_due == due:
            self.definitions.change(definition, advance_next_due(definition, due))
        self._discard_copy(definition, due, verdict)

    def _discard_copy(self, definition: Definition, due: datetime, verdict: TickVerdict) -> None:
        """Delete what an interrupted try has copied for a job that is not created."""
        if verdict is not TickVerdict.RUN:
            job_id = tick_job_id(definition.definition_id, due)
            self.files.delete(input_key(definition.owner_id, job_id, packaged=definition.spec.package_input_folder))

    def _judge(self, definition: Definition, due: datetime) -> tuple[TickVerdict, Refusal | None]:
        """Return the verdict on a due time, and the refusal if the service creates no job for it."""
        verdict = decide_tick(definition, due, self.clock())
        if verdict is not TickVerdict.RUN:
            return verdict, None
        if refusal := self._refusal(definition):
            return TickVerdict.REFUSED, refusal
        return (TickVerdict.SKIPPED if self._overlaps(definition) else verdict), None

    def _refusal(self, definition: Definition) -> Refusal | None:
        try:
            check_run(Step.TICK, definition.spec, self.settings)
        except RequestError as error:
            return Refusal(Reason.NOT_ALLOWED, error.message)
        return self.admission.refuse_tick(definition.owner_id)

    def _overlaps(self, definition: Definition) -> bool:
        """Check whether the definition avoids overlaps and its last scheduled job, read consistently, has not ended."""
        last = definition.last_run
        if last is None or definition.options.overlap_policy is not OverlapPolicy.SKIP:
            return False
        job = self.jobs.get(definition.owner_id, last.job_id, self.clock())
        return job is not None and not job.status.is_terminal

    def _write(self, definition: Definition, due: datetime, verdict: TickVerdict, refusal: Refusal | None) -> bool:
        now = self.clock()
        problem = note_refusal(definition.tick_problem, refusal, due, now) if refusal else None
        job = self._make_job(definition, due, now) if verdict is TickVerdict.RUN else None
        if verdict is TickVerdict.RUN and job is None:
            return False
        after = after_tick(definition, due, verdict, job, problem)
        written = self.definitions.run_tick(
            definition, after, tick_mark(definition.definition_id, due, verdict, now), job
        )
        if written:
            if verdict is TickVerdict.MISSED:
                note_missed_ticks(definition, 1)
            else:
                count(_METRICS[verdict])
            _log.info(
                "tick",
                extra={"owner_id": definition.owner_id, "definition_id": definition.definition_id, "verdict": verdict},
            )
            if job is not None:
                self.wake_ups.send("tick")
        return written

    def _make_job(self, definition: Definition, due: datetime, now: datetime) -> Job | None:
        """Make the job and copy the snapshot to its input; None if the snapshot was replaced meanwhile."""
        job = job_of_definition(definition, tick_job_id(definition.definition_id, due), now, scheduled_time=due)
        is_copied = self.files.copy(definition.snapshot_key, job.input_key, definition.input_size_bytes)
        return job if is_copied else None
