"""Jobs, for their owners: create, read, list, rename, stop, delete."""

import logging
import secrets
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import Any

from chalicelib.config import SchedulerSettings
from chalicelib.domain.authorization.actor import Actor
from chalicelib.domain.authorization.environment_access import Step, check_environment
from chalicelib.domain.authorization.ownership import Caller
from chalicelib.domain.idempotency import TokenSpace, TokenUse
from chalicelib.domain.identifiers import new_job_id
from chalicelib.domain.job import Heartbeat, Job, JobStatus, Phase, PhaseCode, stop_message
from chalicelib.domain.job_request import JobRequest, choose_compute_type, fingerprint, resolve_spec, upload_id_of
from chalicelib.domain.list_query import JobQuery
from chalicelib.domain.outcome import OutcomeCode, make_outcome
from chalicelib.domain.retention import expiry
from chalicelib.domain.scheduled_time import resolve_templates
from chalicelib.domain.task_watch import LAUNCH_SETTLING_TIME
from chalicelib.domain.transitions import TRANSITIONS, TransitionName
from chalicelib.errors import ConflictError, NotFoundError
from chalicelib.observability import count
from chalicelib.services.admission import AdmissionService
from chalicelib.services.clock import Clock
from chalicelib.services.idempotency import IdempotencyService
from chalicelib.services.owners import OwnerService
from chalicelib.services.snapshots import SnapshotService
from chalicelib.services.unfinished_copies import UnfinishedCopyAnnouncer
from chalicelib.storage.bucket import Upload
from chalicelib.storage.job_lists import JobLists, JobPage
from chalicelib.storage.job_table import JobTable
from chalicelib.storage.mark_table import MarkTable
from chalicelib.storage.queues import WakeUpQueue

__all__ = ["STOP_DEADLINE", "JobService"]

_log = logging.getLogger(__name__)

STOP_DEADLINE = timedelta(minutes=3)
"""How long a runner has to stop before the sweep stops its container: a heartbeat interval, an upload, and a margin."""

_MOST_UNFINISHED = 100
"""How many jobs the list of unfinished ones has."""

_WITH_HEARTBEATS = (JobStatus.IN_PROGRESS, JobStatus.STOPPING)
"""The states in which a runner sends heartbeats."""

_TRIES = 3
"""How often a stop is tried if the job changes between read and write."""


@dataclass(frozen=True, kw_only=True)
class JobService:
    """Creates, reads, changes, stops and deletes jobs."""

    settings: SchedulerSettings
    jobs: JobTable
    lists: JobLists
    marks: MarkTable
    snapshots: SnapshotService
    tokens: IdempotencyService
    wake_ups: WakeUpQueue
    owners: OwnerService
    admission: AdmissionService
    copies: UnfinishedCopyAnnouncer
    clock: Clock

    def create(self, caller: Caller, request: JobRequest) -> str:
        """Create a job: check and copy the snapshot, store the job, wake the dispatcher; with five AWS calls for a notebook.

        Returns
        -------
        str
            The job's id; if the same request with the same idempotency token came before, the first job's.

        Raises
        ------
        InvalidRequestError, NotAllowedError
            If the settings do not allow it.
        NotFoundError, ConflictError, TooLargeError, UnprocessableError
            If the snapshot does not exist, has changed, is too large or cannot be run.
        CopyTimeoutError
            If S3 took too long to copy the snapshot.
        LimitReachedError
            If too many jobs of the caller are waiting.
        IdempotencyTokenError
            If the token was used for another request.
        """
        spec = resolve_spec(request, self.settings, caller)
        upload = self.snapshots.open(caller.owner_id, request)
        now = self.clock()
        scheduled_time = request.scheduled_time or now
        job = Job(
            owner_id=caller.owner_id,
            job_id=new_job_id(now, secrets.token_bytes(10)),
            name=request.name,
            input_filename=request.input_filename,
            status=JobStatus.CREATED,
            spec=replace(spec, parameters=resolve_templates(spec.parameters, scheduled_time, None)),
            scheduled_time=scheduled_time,
            create_time=now,
            update_time=now,
            input_size_bytes=upload.size_bytes,
            upload_id=upload_id_of(request.input_uri),
            not_before=now,
            phase=Phase(PhaseCode.WAITING, "waiting for a slot"),
        )
        return self._store(caller, job, upload, fingerprint(request, upload.etag))

    def _store(self, caller: Caller, job: Job, upload: Upload, request_fingerprint: str) -> str:
        token, put = job.spec.idempotency_token, partial(self.jobs.put_new, job)
        use = TokenUse(TokenSpace.JOB, job.owner_id, token, request_fingerprint) if token else None
        if first := self.tokens.check_new(partial(self.admission.check_job, job.owner_id), use, job.create_time):
            return first
        self.owners.note(caller)
        self.copies.announce_job(job)
        self.snapshots.keep(upload, job.input_key)
        created = self.tokens.put_once(put, use, new_id=job.job_id, now=job.create_time, copy=job.input_key)
        if created != job.job_id:
            return created
        count("JobsCreated")
        _log.info("job created", extra={"owner_id": job.owner_id, "job_id": job.job_id})
        self.wake_ups.send("job created")
        return job.job_id

    def page(self, owner_id: str, query: JobQuery) -> JobPage:
        """List an owner's jobs; for zero items, as the panel requests at its start, nothing is read."""
        if query.max_items == 0:
            return JobPage((), None, None)
        return self.lists.page(owner_id, query, self.clock())

    def count(self, owner_id: str, status: JobStatus) -> int:
        """Count an owner's jobs in a state."""
        return self.lists.count(owner_id, status, self.clock())

    def unfinished(self, owner_id: str) -> tuple[list[Job], bool]:
        """List an owner's jobs that have not ended, newest first; those that run, with the phases of their last heartbeats.

        It takes one Query for each state, and one call for all heartbeats.

        Returns
        -------
        tuple[list[Job], bool]
            At most a hundred jobs, and whether there are more.
        """
        states = [status for status in JobStatus if not status.is_terminal]
        pages = [self.page(owner_id, JobQuery(status=status, max_items=_MOST_UNFINISHED)) for status in states]
        # A job that changes its state between two Queries may be in both.
        jobs = {job.job_id: job for page in pages for job in page.jobs}
        newest = sorted(jobs.values(), key=lambda job: job.job_id, reverse=True)
        has_more = len(newest) > _MOST_UNFINISHED or any(page.next_token for page in pages)
        listed = newest[:_MOST_UNFINISHED]
        heartbeats = self.marks.last_heartbeats([job.run_id for job in listed if job.status in _WITH_HEARTBEATS])
        return [_with_phase(job, heartbeats.get(job.run_id)) for job in listed], has_more

    def get(self, owner_id: str, job_id: str) -> Job:
        """Read a job; while it runs, with the phase of its last heartbeat.

        Raises
        ------
        NotFoundError
            If the owner has no such job.
        """
        job = self.jobs.get(owner_id, job_id, self.clock())
        if job is None:
            raise NotFoundError.for_job(job_id)
        return _with_phase(job, self.marks.last_heartbeat(job.run_id)) if job.status in _WITH_HEARTBEATS else job

    def rename(self, owner_id: str, job_id: str, name: str) -> None:
        """Rename a job.

        Raises
        ------
        NotFoundError
            If the owner has no such job.
        """
        if not self.jobs.rename(owner_id, job_id, name=name, now=self.clock()):
            raise NotFoundError.for_job(job_id)

    def choose_compute_type(self, owner_id: str, job_id: str, compute_type: str) -> None:
        """Change the compute type of a waiting job.

        Raises
        ------
        NotFoundError
            If the owner has no such job.
        InvalidRequestError
            If its environment does not exist any more, or does not offer the type.
        NotAllowedError
            If the environment is not open to the owner any more.
        ConflictError
            If it is not waiting any more.
        """
        job = self._existing(owner_id, job_id)
        name, owner = job.spec.runtime_environment_name, job.spec.owner_principals
        environment = check_environment(Step.RESIZE, name, self.settings, owner_principals=owner)
        spec = replace(job.spec, compute_type=choose_compute_type(compute_type, environment))
        if job.status is not JobStatus.CREATED or not self.jobs.change(job, self.clock(), spec=spec):
            raise ConflictError(
                f"Job {job_id} is not waiting any more, so its compute type cannot be changed. Create another job."
            )

    def stop(self, owner_id: str, job_id: str, *, by: Caller) -> None:
        """Stop a job: immediately before it runs, else the runner saves its outputs and ends. A job that has ended is not changed.

        Parameters
        ----------
        owner_id, job_id
            The job.
        by
            Who stops it; stored with the job.

        Raises
        ------
        NotFoundError
            If the owner has no such job.
        ConflictError
            If it kept changing state.
        """
        for _ in range(_TRIES):
            job = self._existing(owner_id, job_id)
            if job.status.is_terminal or job.status is JobStatus.STOPPING or self._stop(job, by):
                return
        raise ConflictError(f"Job {job_id} changed while it was being stopped. Try again.")

    def _stop(self, job: Job, by: Caller) -> bool:
        now = self.clock()
        stopped_by = Actor(by.owner_id, by.arn, now)
        if job.status is JobStatus.IN_PROGRESS:
            stopping = TRANSITIONS[TransitionName.STOP_RUN]
            changes: dict[str, Any] = {"deadline": now + STOP_DEADLINE, "stopped_by": stopped_by}
            return self.jobs.transition(job, stopping, now, **changes) is not None
        progress = "It had not run yet." if job.start_time is None else "Its next attempt had not run yet."
        stopped = self.jobs.transition(
            job,
            TRANSITIONS[TransitionName.STOP_BEFORE_RUN],
            now,
            # A container that is being launched is stopped by the sweep, which then frees the slot.
            deadline=now + LAUNCH_SETTLING_TIME if job.is_watched else None,
            end_time=now,
            phase=Phase(PhaseCode.ENDED),
            stopped_by=stopped_by,
            outcome=make_outcome(OutcomeCode.STOPPED, f"{stop_message(job.owner_id, stopped_by)} {progress}"),
            expires_at=expiry(job.spec, self.settings.retention, now),
        )
        return stopped is not None

    def delete(self, owner_id: str, job_id: str) -> None:
        """Delete a job in any state; the cleanup function stops its container and deletes its files.

        Raises
        ------
        NotFoundError
            If the owner has no such job.
        """
        if not self.jobs.delete(owner_id, job_id):
            raise NotFoundError.for_job(job_id)

    def delete_all(self, owner_id: str, job_ids: list[str]) -> None:
        """Delete several different jobs, all or none.

        Raises
        ------
        NotFoundError
            If one of them does not exist; then none is deleted.
        """
        if missing := self.jobs.delete_all(owner_id, job_ids):
            raise NotFoundError(f"Nothing was deleted: there is no job {', '.join(missing)} of yours.")

    def _existing(self, owner_id: str, job_id: str) -> Job:
        job = self.jobs.get(owner_id, job_id, self.clock())
        if job is None:
            raise NotFoundError.for_job(job_id)
        return job


def _with_phase(job: Job, heartbeat: Heartbeat | None) -> Job:
    """Return a running job with the phase of its last heartbeat, which is not stored with the job."""
    return replace(job, phase=heartbeat.phase) if heartbeat else job
