"""Run now: jobs of definitions that people request, independent of the schedule."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from chalicelib.config import SchedulerSettings
from chalicelib.domain.authorization.environment_access import Step, check_run
from chalicelib.domain.authorization.ownership import Caller
from chalicelib.domain.definitions.definition_job import job_of_definition
from chalicelib.domain.definitions.definition_request import RunRequest, run_fingerprint
from chalicelib.domain.idempotency import TokenSpace, TokenUse
from chalicelib.domain.identifiers import new_job_id
from chalicelib.domain.job import Job
from chalicelib.errors import ConflictError, NotFoundError
from chalicelib.observability import count
from chalicelib.services.admission import AdmissionService
from chalicelib.services.clock import Clock
from chalicelib.services.idempotency import IdempotencyService
from chalicelib.services.owners import OwnerService
from chalicelib.services.unfinished_copies import UnfinishedCopyAnnouncer
from chalicelib.storage.bucket import Bucket
from chalicelib.storage.definition_table import DefinitionTable
from chalicelib.storage.job_table import JobTable
from chalicelib.storage.queues import WakeUpQueue

__all__ = ["DefinitionRunService"]

_TRIES = 3
"""How often it is tried if the snapshot is replaced between read and copy."""


@dataclass(frozen=True, kw_only=True)
class DefinitionRunService:
    """Creates jobs of definitions on request."""

    settings: SchedulerSettings
    definitions: DefinitionTable
    jobs: JobTable
    files: Bucket
    wake_ups: WakeUpQueue
    tokens: IdempotencyService
    owners: OwnerService
    admission: AdmissionService
    copies: UnfinishedCopyAnnouncer
    clock: Clock

    def run_now(self, caller: Caller, owner_id: str, definition_id: str, request: RunRequest) -> str:
        """Create a job of a definition now, with five AWS calls.

        Parameters
        ----------
        caller
            Who requests it.
        owner_id, definition_id
            The definition.
        request
            Parameters, time, and idempotency token.

        Returns
        -------
        str
            The job's id; if the same request with the same token came before, the first job's.

        Raises
        ------
        OwnerDisabledError
            If the owner is disabled, even if an admin requests it.
        NotFoundError
            If the owner has no such definition.
        InvalidRequestError
            If its environment or its compute type does not exist any more.
        NotAllowedError
            If its environment is not open to the owner or to the caller.
        ConflictError
            If its snapshot kept changing.
        CopyTimeoutError
            If S3 took too long to copy it.
        LimitReachedError
            If too many jobs of the owner are waiting.
        IdempotencyTokenError
            If the token was used for another request.
        """
        self.owners.check(owner_id)
        fingerprint = run_fingerprint(definition_id, request)
        use = TokenUse(TokenSpace.RUN, owner_id, request.token, fingerprint) if request.token else None
        for _ in range(_TRIES):
            definition, now = self.definitions.get(owner_id, definition_id), self.clock()
            if definition is None:
                return self._created_before(definition_id, use, now)
            if first := self.tokens.check_new(partial(self.admission.check_job, owner_id), use, now):
                return first
            check_run(Step.RUN_NOW, definition.spec, self.settings, caller)
            job_id = new_job_id(now, secrets.token_bytes(10))
            job = job_of_definition(
                definition, job_id, now, scheduled_time=request.scheduled_time, parameters=request.parameters
            )
            self.copies.announce_job(job)
            if self.files.copy(definition.snapshot_key, job.input_key, definition.input_size_bytes):
                return self._store(job, use)
        raise ConflictError(f"The notebook of job definition {definition_id} was being replaced. Try again.")

    def _created_before(self, definition_id: str, use: TokenUse | None, now: datetime) -> str:
        """Return the job that the token created of a definition that does not exist any more."""
        if use and (first := self.tokens.find(use, now)):
            return first
        raise NotFoundError.for_definition(definition_id)

    def _store(self, job: Job, use: TokenUse | None) -> str:
        put = partial(self.jobs.put_new, job)
        created = self.tokens.put_once(put, use, new_id=job.job_id, now=job.create_time, copy=job.input_key)
        if created == job.job_id:
            count("JobsCreated")
            self.wake_ups.send("run now")
        return created
