"""Definitions, as people handle them: create, look at, change, pause, resume, delete."""

import secrets
from dataclasses import dataclass, replace
from functools import partial

from chalicelib.config import SchedulerSettings
from chalicelib.domain.authorization.ownership import Caller
from chalicelib.domain.definitions.definition import Definition
from chalicelib.domain.definitions.definition_request import (
    DefinitionChange,
    DefinitionRequest,
    apply_change,
    check_schedule,
    count_slots,
    definition_fingerprint,
    has_new_snapshot,
    request_of,
)
from chalicelib.domain.definitions.problem import Problem
from chalicelib.domain.definitions.tick import next_due_after
from chalicelib.domain.idempotency import TokenSpace, TokenUse
from chalicelib.domain.identifiers import new_job_id, snapshot_key
from chalicelib.domain.job_request import resolve_spec, upload_id_of
from chalicelib.domain.list_query import DefinitionQuery
from chalicelib.errors import ConflictError, InvalidRequestError, NotFoundError
from chalicelib.observability import count
from chalicelib.services.admission import AdmissionService
from chalicelib.services.clock import Clock
from chalicelib.services.idempotency import IdempotencyService
from chalicelib.services.owners import OwnerService
from chalicelib.services.schedule_sync import ScheduleSync
from chalicelib.services.snapshots import SnapshotService
from chalicelib.storage.bucket import Upload
from chalicelib.storage.definition_table import DefinitionPage, DefinitionTable

__all__ = ["CreatedDefinition", "DefinitionService"]

_TRIES = 3
"""How often a change is tried again whose definition moved on between read and write."""


@dataclass(frozen=True)
class CreatedDefinition:
    """A definition that is stored."""

    definition_id: str
    problem: Problem | None
    """What keeps its schedules from being written; they are tried again until they are."""


class DefinitionService:
    """What people do with definitions.

    Parameters
    ----------
    settings
        What the operator chose.
    definitions
        The definitions table.
    snapshots
        Takes snapshots.
    tokens
        Keeps what idempotency tokens have made.
    sync
        Writes schedules.
    owners
        Remembers who creates definitions.
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
        snapshots: SnapshotService,
        tokens: IdempotencyService,
        sync: ScheduleSync,
        owners: OwnerService,
        admission: AdmissionService,
        clock: Clock,
    ) -> None:
        self._settings = settings
        self._definitions = definitions
        self._snapshots = snapshots
        self._tokens = tokens
        self._sync = sync
        self._owners = owners
        self._admission = admission
        self._clock = clock

    def create(self, caller: Caller, request: DefinitionRequest) -> CreatedDefinition:
        """Create a definition: check and copy the snapshot, store the definition, write its schedules.

        Returns
        -------
        CreatedDefinition
            The definition, and what keeps its schedules from being written; the first one's, if the same request came with the same
            idempotency token before.

        Raises
        ------
        InvalidRequestError, NotAllowedError
            If the crontab cannot be followed, or the settings do not allow it.
        NotFoundError, ConflictError, TooLargeError, UnprocessableError
            If the snapshot is not there, was changed, is too large or cannot be run.
        CopyTimeoutError
            If S3 took too long to copy the snapshot.
        LimitReachedError
            If the caller has too many definitions already.
        IdempotencyTokenError
            If the token was used for another request.
        """
        spec = resolve_spec(request.job, self._settings, caller)
        check_schedule(request.schedule, request.timezone, request.options, self._settings)
        upload = self._snapshots.open(caller.owner_id, request.job)
        now = self._clock()
        definition = Definition(
            owner_id=caller.owner_id,
            definition_id=new_job_id(now, secrets.token_bytes(10)),
            name=request.job.name,
            input_filename=request.job.input_filename,
            input_size_bytes=upload.size_bytes,
            upload_id=upload_id_of(request.job.input_uri),
            spec=spec,
            snapshot_id=secrets.token_hex(8),
            create_time=now,
            update_time=now,
            effective_from=now,
            schedule=request.schedule,
            timezone=request.timezone,
            active=request.active,
            options=request.options,
            schedule_slots=count_slots(request.schedule),
        )
        definition = replace(definition, next_due=next_due_after(definition, now))
        return self._store(caller, definition, upload, definition_fingerprint(request, upload.etag))

    def _store(
        self, caller: Caller, definition: Definition, upload: Upload, request_fingerprint: str
    ) -> CreatedDefinition:
        copy = _snapshot_key(definition)
        token, put = definition.spec.idempotency_token, partial(self._definitions.put_new, definition)
        use = TokenUse(TokenSpace.DEFINITION, definition.owner_id, token, request_fingerprint) if token else None
        made_id, now = definition.definition_id, definition.create_time
        made = self._tokens.check_new(partial(self._admission.check_definition, definition.owner_id), use, now)
        if made is None:
            self._owners.note(caller)
            self._snapshots.keep(upload, copy)
            made = self._tokens.put_once(put, use, made_id=made_id, now=now, copy=copy)
        if made == made_id:
            count("DefinitionsCreated")
            return CreatedDefinition(made, self._sync.sync_or_leave(definition))
        first = self._definitions.get(definition.owner_id, made)
        return CreatedDefinition(made, self._sync.sync_or_leave(first) if first and not first.is_synced else None)

    def get(self, owner_id: str, definition_id: str) -> Definition:
        """Look at a definition.

        Raises
        ------
        NotFoundError
            If the owner has no such definition.
        """
        definition = self._definitions.get(owner_id, definition_id)
        if definition is None:
            raise NotFoundError.for_definition(definition_id)
        return definition

    def page(self, owner_id: str, query: DefinitionQuery) -> DefinitionPage:
        """List an owner's definitions."""
        if query.max_items == 0:
            return DefinitionPage((), None, None)
        return self._definitions.page(owner_id, query)

    def change(self, caller: Caller, owner_id: str, definition_id: str, change: DefinitionChange) -> None:
        """Change what a request names, and only that; then write the schedules, if they change with it.

        Raises
        ------
        NotFoundError
            If the owner has no such definition.
        InvalidRequestError, NotAllowedError
            If the crontab cannot be followed, or the settings do not allow it.
        ConflictError
            If somebody else kept changing it meanwhile.
        """
        for _ in range(_TRIES):
            before = self.get(owner_id, definition_id)
            after = apply_change(before, change, self._settings, caller, self._clock())
            after = self._with_snapshot(caller, before, after, change)
            if after.revision != before.revision:
                after = replace(after, next_due=next_due_after(after, after.effective_from))
            stored = self._definitions.change(before, after)
            if stored is not None:
                if not stored.is_synced:
                    self._sync.sync_or_leave(stored)
                return
        raise ConflictError(
            f"Job definition {definition_id} was changed by somebody else meanwhile. Look at it, then try again."
        )

    def delete(self, owner_id: str, definition_id: str) -> None:
        """Delete a definition; the cleanup function removes its schedules, its snapshots and its jobs.

        Raises
        ------
        NotFoundError
            If the owner has no such definition.
        """
        if not self._definitions.delete(owner_id, definition_id):
            raise NotFoundError.for_definition(definition_id)

    def _with_snapshot(
        self, caller: Caller, before: Definition, after: Definition, change: DefinitionChange
    ) -> Definition:
        """Take a new snapshot if the change brings one; the stored filename means that it stays."""
        if change.input_uri is None or not has_new_snapshot(before, change):
            _check_that_it_stays("input_filename", change.input_filename, before.input_filename)
            _check_that_it_stays("input_path", change.input_path, before.spec.input_path)
            return after
        request = replace(
            request_of(after), input_uri=change.input_uri, input_filename=change.input_filename or before.input_filename
        )
        upload = self._snapshots.open(caller.owner_id, request)
        after = replace(
            after,
            snapshot_id=secrets.token_hex(8),
            input_filename=request.input_filename,
            input_size_bytes=upload.size_bytes,
            upload_id=upload_id_of(request.input_uri),
            spec=replace(after.spec, input_path=change.input_path),
        )
        self._snapshots.keep(upload, _snapshot_key(after))
        return after


def _check_that_it_stays(field: str, value: str | None, stored: str | None) -> None:
    if value not in (None, stored):
        raise InvalidRequestError.for_field(field, "it changes with a new snapshot only; name its upload as input_uri.")


def _snapshot_key(definition: Definition) -> str:
    packaged = definition.spec.package_input_folder
    return snapshot_key(definition.owner_id, definition.definition_id, definition.snapshot_id, packaged=packaged)
