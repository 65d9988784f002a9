"""Runs of definitions that people ask for, whatever the schedule says."""

import secrets
from collections.abc import Mapping
from datetime import datetime
from functools import partial

from chalicelib.config import SchedulerSettings
from chalicelib.domain.authorization.environment_access import Step, check_run
from chalicelib.domain.authorization.ownership import Caller
from chalicelib.domain.definitions.definition import Definition
from chalicelib.domain.definitions.definition_job import job_of_definition
from chalicelib.domain.definitions.definition_request import run_fingerprint
from chalicelib.domain.idempotency import TokenSpace, TokenUse
from chalicelib.domain.identifiers import input_key, new_job_id, snapshot_key
from chalicelib.domain.job import Job
from chalicelib.errors import ConflictError, NotFoundError
from chalicelib.observability import count
from chalicelib.services.admission import AdmissionService
from chalicelib.services.clock import Clock
from chalicelib.services.idempotency import IdempotencyService
from chalicelib.services.owners import OwnerService
from chalicelib.storage.bucket import Bucket
from chalicelib.storage.definition_table import DefinitionTable
from chalicelib.storage.job_table import JobTable
from chalicelib.storage.queues import WakeUpQueue

__all__ = ["DefinitionRunService"]

_TRIES = 3
"""How often it is tried again when the snapshot was replaced between read and copy."""


class DefinitionRunService:
    """Makes jobs of definitions at once.

    Parameters
    ----------
    settings
        What the operator chose.
    definitions, jobs, files, wake_ups
        The stores.
    tokens
        Keeps what idempotency tokens have made.
    owners
        Knows who is disabled.
    admission
        Knows whether there may be one more.
    clock
        Tells the time.
    """

    def __init__(
        self,
        settings: SchedulerSettings,
        *,
        definitions: DefinitionTable,
        jobs: JobTable,
        files: Bucket,
        wake_ups: WakeUpQueue,
        tokens: IdempotencyService,
        owners: OwnerService,
        admission: AdmissionService,
        clock: Clock,
    ) -> None:
        self._settings = settings
        self._definitions = definitions
        self._jobs = jobs
        self._files = files
        self._wake_ups = wake_ups
        self._tokens = tokens
        self._owners = owners
        self._admission = admission
        self._clock = clock

    def run_now(
        self,
        caller: Caller,
        owner_id: str,
        definition_id: str,
        *,
        parameters: Mapping[str, str] | None,
        token: str | None,
    ) -> str:
        """Make a job of a definition now. Five AWS calls.

        Parameters
        ----------
        caller
            Who asks for it.
        owner_id, definition_id
            The definition.
        parameters
            They take the place of all of its own; None: its own.
        token
            The request's idempotency token.

        Returns
        -------
        str
            The job's id; the first one's, if the same request came with the same token before.

        Raises
        ------
        OwnerDisabledError
            If the owner is disabled, also where an admin asks.
        NotFoundError
            If the owner has no such definition.
        InvalidRequestError
            If its environment or its compute type is gone.
        NotAllowedError
            If its environment is not open to the owner, or not to the caller.
        ConflictError
            If its snapshot kept being replaced meanwhile.
        CopyTimeoutError
            If S3 took too long to copy it.
        LimitReachedError
            If too many jobs of the owner wait already.
        IdempotencyTokenError
            If the token was used for another request.
        """
        self._owners.check(owner_id)
        same = run_fingerprint(definition_id, parameters)
        use = TokenUse(TokenSpace.RUN, owner_id, token, same) if token else None
        for _ in range(_TRIES):
            definition, now = self._definitions.get(owner_id, definition_id), self._clock()
            if definition is None:
                return self._made_before(definition_id, use, now)
            if first := self._tokens.check_new(partial(self._admission.check_job, owner_id), use, now):
                return first
            check_run(Step.RUN_NOW, definition.spec, self._settings, caller)
            job = job_of_definition(definition, new_job_id(now, secrets.token_bytes(10)), now, parameters)
            if self._files.copy(_snapshot_key(definition), _input_key(job), definition.input_size_bytes):
                return self._store(job, use)
        raise ConflictError(f"The notebook of job definition {definition_id} was being replaced. Try again.")

    def _made_before(self, definition_id: str, use: TokenUse | None, now: datetime) -> str:
        """Give the job that the token made of a definition that is gone by now."""
        if use and (first := self._tokens.find(use, now)):
            return first
        raise NotFoundError.for_definition(definition_id)

    def _store(self, job: Job, use: TokenUse | None) -> str:
        put = partial(self._jobs.put_new, job)
        made = self._tokens.put_once(put, use, made_id=job.job_id, now=job.create_time, copy=_input_key(job))
        if made == job.job_id:
            count("JobsCreated")
            self._wake_ups.send("run now")
        return made


def _input_key(job: Job) -> str:
    return input_key(job.owner_id, job.job_id, packaged=job.spec.package_input_folder)


def _snapshot_key(definition: Definition) -> str:
    packaged = definition.spec.package_input_folder
    return snapshot_key(definition.owner_id, definition.definition_id, definition.snapshot_id, packaged=packaged)
