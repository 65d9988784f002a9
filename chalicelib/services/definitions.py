"""Definitions, for their owners: create, read, list, change, pause, resume, delete."""

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
from chalicelib.domain.identifiers import new_job_id
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
from chalicelib.services.unfinished_copies import UnfinishedCopyAnnouncer
from chalicelib.storage.bucket import Upload
from chalicelib.storage.definition_table import DefinitionPage, DefinitionTable

__all__ = ["CreatedDefinition", "DefinitionService"]

_TRIES = 3
"""How often a change is tried if the definition changes between read and write."""


@dataclass(frozen=True)
class CreatedDefinition:
    """A stored definition."""

    definition_id: str
    problem: Problem | None
    """Why its schedules could not be written; this is retried until it succeeds."""


@dataclass(frozen=True, kw_only=True)
class DefinitionService:
    """Creates, reads, changes and deletes definitions."""

    settings: SchedulerSettings
    definitions: DefinitionTable
    snapshots: SnapshotService
    tokens: IdempotencyService
    sync: ScheduleSync
    owners: OwnerService
    admission: AdmissionService
    copies: UnfinishedCopyAnnouncer
    clock: Clock

    def create(self, caller: Caller, request: DefinitionRequest) -> CreatedDefinition:
        """Create a definition: check and copy the snapshot, store the definition, write its schedules.

        Returns
        -------
        CreatedDefinition
            The definition, and why its schedules could not be written; if the same request with the same idempotency token came
            before, the first definition.

        Raises
        ------
        InvalidRequestError, NotAllowedError
            If the crontab is invalid, or the settings do not allow it.
        NotFoundError, ConflictError, TooLargeError, UnprocessableError
            If the snapshot does not exist, has changed, is too large or cannot be run.
        CopyTimeoutError
            If S3 took too long to copy the snapshot.
        LimitReachedError
            If the caller has too many definitions.
        IdempotencyTokenError
            If the token was used for another request.
        """
        spec = resolve_spec(request.job, self.settings, caller)
        check_schedule(request.schedule, request.timezone, request.options, self.settings)
        upload = self.snapshots.open(caller.owner_id, request.job)
        now = self.clock()
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
        copy, token = definition.snapshot_key, definition.spec.idempotency_token
        put = partial(self.definitions.put_new, definition)
        use = TokenUse(TokenSpace.DEFINITION, definition.owner_id, token, request_fingerprint) if token else None
        new_id, now = definition.definition_id, definition.create_time
        created = self.tokens.check_new(partial(self.admission.check_definition, definition.owner_id), use, now)
        if created is None:
            self.owners.note(caller)
            self.copies.announce_definition(definition)
            self.snapshots.keep(upload, copy)
            created = self.tokens.put_once(put, use, new_id=new_id, now=now, copy=copy)
        if created == new_id:
            count("DefinitionsCreated")
            return CreatedDefinition(created, self.sync.try_sync(definition))
        first = self.definitions.get(definition.owner_id, created)
        return CreatedDefinition(created, self.sync.try_sync(first) if first and not first.is_synced else None)

    def get(self, owner_id: str, definition_id: str) -> Definition:
        """Read a definition.

        Raises
        ------
        NotFoundError
            If the owner has no such definition.
        """
        definition = self.definitions.get(owner_id, definition_id)
        if definition is None:
            raise NotFoundError.for_definition(definition_id)
        return definition

    def newest_success(self, owner_id: str, definition_id: str) -> str:
        """Return the id of the job of a definition's newest success.

        Raises
        ------
        NotFoundError
            If the owner has no such definition, or none of its runs has succeeded.
        """
        success = self.get(owner_id, definition_id).health.last_success
        if success is None:
            raise NotFoundError(f"No run of job definition {definition_id} has succeeded yet.")
        return success.job_id

    def page(self, owner_id: str, query: DefinitionQuery) -> DefinitionPage:
        """List an owner's definitions."""
        if query.max_items == 0:
            return DefinitionPage((), None, None)
        return self.definitions.page(owner_id, query)

    def change(self, caller: Caller, owner_id: str, definition_id: str, change: DefinitionChange) -> None:
        """Change the fields that a request names; then write the schedules, if they change with them.

        Raises
        ------
        NotFoundError
            If the owner has no such definition.
        InvalidRequestError, NotAllowedError
            If the crontab is invalid, or the settings do not allow it.
        ConflictError
            If somebody else kept changing it.
        """
        for _ in range(_TRIES):
            before = self.get(owner_id, definition_id)
            after = apply_change(before, change, self.settings, caller, self.clock())
            after = self._with_snapshot(caller, before, after, change)
            if after.revision != before.revision:
                after = replace(after, next_due=next_due_after(after, after.effective_from))
            stored = self.definitions.change(before, after)
            if stored is not None:
                if not stored.is_synced:
                    self.sync.try_sync(stored)
                return
        raise ConflictError(
            f"Somebody else changed job definition {definition_id} at the same time. Check it, then try again."
        )

    def delete(self, owner_id: str, definition_id: str) -> None:
        """Delete a definition; the cleanup function deletes its schedules, its snapshots and its jobs.

        Raises
        ------
        NotFoundError
            If the owner has no such definition.
        """
        if not self.definitions.delete(owner_id, definition_id):
            raise NotFoundError.for_definition(definition_id)

    def _with_snapshot(
        self, caller: Caller, before: Definition, after: Definition, change: DefinitionChange
    ) -> Definition:
        """Copy the new snapshot if the change has one; without one, the stored filename is accepted as no change."""
        if change.input_uri is None or not has_new_snapshot(before, change):
            _check_unchanged("input_filename", change.input_filename, before.input_filename)
            _check_unchanged("input_path", change.input_path, before.spec.input_path)
            return after
        request = replace(
            request_of(after), input_uri=change.input_uri, input_filename=change.input_filename or before.input_filename
        )
        upload = self.snapshots.open(caller.owner_id, request)
        after = replace(
            after,
            snapshot_id=secrets.token_hex(8),
            input_filename=request.input_filename,
            input_size_bytes=upload.size_bytes,
            upload_id=upload_id_of(request.input_uri),
            spec=replace(after.spec, input_path=change.input_path),
        )
        self.copies.announce_definition(after)
        self.snapshots.keep(upload, after.snapshot_key)
        return after


def _check_unchanged(field: str, value: str | None, stored: str | None) -> None:
    if value not in (None, stored):
        raise InvalidRequestError.for_field(field, "it changes only with a new snapshot; set input_uri to its upload.")
