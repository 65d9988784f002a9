"""Take-over: an admin copies somebody else's definition to their own, so that it goes on running without its owner."""

import secrets
from dataclasses import dataclass

from chalicelib.config import SchedulerSettings
from chalicelib.domain.authorization.actor import Actor
from chalicelib.domain.authorization.ownership import Caller
from chalicelib.domain.definitions.definition import Definition
from chalicelib.domain.definitions.take_over import check_may_take_over, make_taken_over, pause_taken_over
from chalicelib.domain.identifiers import new_job_id
from chalicelib.errors import ConflictError, NotFoundError
from chalicelib.services.admission import AdmissionService
from chalicelib.services.clock import Clock
from chalicelib.services.definitions import CreatedDefinition
from chalicelib.services.owners import OwnerService
from chalicelib.services.schedule_sync import ScheduleSync
from chalicelib.services.unfinished_copies import UnfinishedCopyAnnouncer
from chalicelib.storage.bucket import Bucket
from chalicelib.storage.definition_table import DefinitionTable

__all__ = ["TakeOverService"]


@dataclass(frozen=True, kw_only=True)
class TakeOverService:
    """Takes definitions over."""

    settings: SchedulerSettings
    definitions: DefinitionTable
    files: Bucket
    sync: ScheduleSync
    owners: OwnerService
    admission: AdmissionService
    copies: UnfinishedCopyAnnouncer
    clock: Clock

    def take_over(self, caller: Caller, owner_id: str, definition_id: str) -> CreatedDefinition:
        """Copy another owner's definition to the caller and pause the original; one transaction writes both.

        If the same admin repeats this, the result is the same definition, as long as the original is not resumed.

        Raises
        ------
        NotFoundError
            If the owner has no such definition.
        NotAllowedError
            If the caller is not an admin, or the definition's environment is not open to them.
        ConflictError
            If it is the caller's own, another admin has taken it over, or it has changed meanwhile.
        LimitReachedError
            If the caller has too many definitions.
        InvalidRequestError
            If the settings do not allow it any more.
        CopyTimeoutError
            If S3 took too long to copy its snapshot.
        """
        old = self.definitions.get(owner_id, definition_id)
        if old is None:
            raise NotFoundError.for_definition(definition_id)
        check_may_take_over(old, caller)
        if old.taken_over and (copied := self.definitions.get(caller.owner_id, old.taken_over.definition_id)):
            new = copied
        else:
            old, new = self._store(caller, old)
        _, problem = [None if item.is_synced else self.sync.try_sync(item) for item in (old, new)]
        return CreatedDefinition(new.definition_id, problem)

    def _store(self, caller: Caller, old: Definition) -> tuple[Definition, Definition]:
        """Store both; return the paused one and the new one."""
        now = self.clock()
        new = make_taken_over(
            caller,
            old,
            definition_id=new_job_id(now, secrets.token_bytes(10)),
            snapshot_id=secrets.token_hex(8),
            settings=self.settings,
            now=now,
        )
        self.admission.check_definition(caller.owner_id)
        self.owners.note(caller)
        paused = pause_taken_over(new, old, Actor(caller.owner_id, caller.arn, now))
        self.copies.announce_definition(new)
        is_copied = self.files.copy(old.snapshot_key, new.snapshot_key, old.input_size_bytes)
        if not is_copied or not self.definitions.take_over(old, paused, new):
            raise ConflictError(
                f"Job definition {old.definition_id} changed or ran at the same time. Nothing was taken over. Try again."
            )
        return paused, new
