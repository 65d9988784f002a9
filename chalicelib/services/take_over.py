"""Taking over: an admin makes a definition of their own of somebody else's, so that it goes on without its owner."""

import secrets

from chalicelib.config import SchedulerSettings
from chalicelib.domain.authorization.actor import Actor
from chalicelib.domain.authorization.ownership import Caller
from chalicelib.domain.definitions.definition import Definition
from chalicelib.domain.definitions.take_over import check_may_take_over, make_taken_over, pause_taken_over
from chalicelib.domain.identifiers import new_job_id, snapshot_key
from chalicelib.errors import ConflictError, NotFoundError
from chalicelib.services.admission import AdmissionService
from chalicelib.services.clock import Clock
from chalicelib.services.definitions import CreatedDefinition
from chalicelib.services.owners import OwnerService
from chalicelib.services.schedule_sync import ScheduleSync
from chalicelib.storage.bucket import Bucket
from chalicelib.storage.definition_table import DefinitionTable

__all__ = ["TakeOverService"]


class TakeOverService:
    """Takes definitions over.

    Parameters
    ----------
    settings
        What the operator chose.
    definitions, files
        The stores.
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
        files: Bucket,
        sync: ScheduleSync,
        owners: OwnerService,
        admission: AdmissionService,
        clock: Clock,
    ) -> None:
        self._settings = settings
        self._definitions = definitions
        self._files = files
        self._sync = sync
        self._owners = owners
        self._admission = admission
        self._clock = clock

    def take_over(self, caller: Caller, owner_id: str, definition_id: str) -> CreatedDefinition:
        """Make a caller's own definition of another's, and pause that; one transaction writes both.

        A repetition by the same admin gives the same definition, as long as the old one is not resumed.

        Raises
        ------
        NotFoundError
            If the owner has no such definition.
        NotAllowedError
            If the caller is no admin, or the definition's environment is not open to them.
        ConflictError
            If it is the caller's own, another admin has taken it over, or it was changed meanwhile.
        LimitReachedError
            If the caller has too many definitions already.
        InvalidRequestError
            If the settings do not allow it any more.
        CopyTimeoutError
            If S3 took too long to copy its snapshot.
        """
        old = self._definitions.get(owner_id, definition_id)
        if old is None:
            raise NotFoundError.for_definition(definition_id)
        check_may_take_over(old, caller)
        if old.taken_over and (made := self._definitions.get(caller.owner_id, old.taken_over.definition_id)):
            new = made
        else:
            old, new = self._store(caller, old)
        _, problem = [None if each.is_synced else self._sync.sync_or_leave(each) for each in (old, new)]
        return CreatedDefinition(new.definition_id, problem)

    def _store(self, caller: Caller, old: Definition) -> tuple[Definition, Definition]:
        """Store both; give the old one as it is now, and the new one."""
        now = self._clock()
        new = make_taken_over(
            caller,
            old,
            definition_id=new_job_id(now, secrets.token_bytes(10)),
            snapshot_id=secrets.token_hex(8),
            settings=self._settings,
            now=now,
        )
        self._admission.check_definition(caller.owner_id)
        self._owners.note(caller)
        paused = pause_taken_over(new, old, Actor(caller.owner_id, caller.arn, now))
        is_copied = self._files.copy(_snapshot_key(old), _snapshot_key(new), old.input_size_bytes)
        if not is_copied or not self._definitions.take_over(old, paused, new):
            raise ConflictError(
                f"Job definition {old.definition_id} was changed, or has just run, meanwhile. Nothing was taken over. Try again."
            )
        return paused, new


def _snapshot_key(definition: Definition) -> str:
    packaged = definition.spec.package_input_folder
    return snapshot_key(definition.owner_id, definition.definition_id, definition.snapshot_id, packaged=packaged)
