"""Cleanup after definitions: schedules, snapshots and jobs of those that were deleted, snapshots that were replaced."""

from collections.abc import Mapping
from typing import Any

from chalicelib.domain.background_work import BackgroundWork
from chalicelib.domain.identifiers import definition_prefix, snapshot_key, upload_key
from chalicelib.services.background_work import isolated
from chalicelib.services.schedule_sync import ScheduleSync
from chalicelib.services.upload_and_log_cleanup import traces_of
from chalicelib.storage.bucket import Bucket
from chalicelib.storage.job_lists import JobLists
from chalicelib.storage.job_table import JobTable
from chalicelib.storage.queues import CleanupQueue

__all__ = ["DefinitionCleanupService"]


class DefinitionCleanupService:
    """Follows the definitions table's stream.

    Parameters
    ----------
    files, jobs, lists, second_cleanups
        The stores.
    sync
        Removes schedules.
    """

    def __init__(
        self, *, files: Bucket, jobs: JobTable, lists: JobLists, second_cleanups: CleanupQueue, sync: ScheduleSync
    ) -> None:
        self._files = files
        self._jobs = jobs
        self._lists = lists
        self._second_cleanups = second_cleanups
        self._sync = sync

    def handle(self, record: Mapping[str, Any]) -> None:
        """Take one record of the stream: a definition removed, or given another snapshot.

        The second cleanup is asked for first: it removes what the first one could not, and its message names the definition, also in
        the dead-letter queue.
        """
        old, new = record["dynamodb"].get("OldImage"), record["dynamodb"].get("NewImage")
        if old is None:
            return
        owner_id, definition_id = old["owner_id"]["S"], old["definition_id"]["S"]
        if new is None:
            slots = int(old["schedule_slots"]["N"])
            ids = {"owner_id": owner_id, "definition_id": definition_id}
            self._second_cleanups.send(**ids, schedule_slots=slots, **traces_of(old))
            with isolated(BackgroundWork.CLEANUP, **ids):
                self.remove(owner_id, definition_id, slots)
        elif new["snapshot_id"] != old["snapshot_id"]:
            packaged = bool(old["spec"]["M"].get("package_input_folder", {}).get("BOOL"))
            self._files.delete(snapshot_key(owner_id, definition_id, old["snapshot_id"]["S"], packaged=packaged))
            if "upload_id" in old:
                self._files.delete(upload_key(owner_id, old["upload_id"]["S"]))

    def remove(self, owner_id: str, definition_id: str, slots: int) -> None:
        """Remove schedules, jobs and snapshots of a deleted definition; again later, for what was still on its way."""
        self._sync.remove(definition_id, slots)
        self._jobs.delete_unconditionally(owner_id, self._lists.of_definition(owner_id, definition_id))
        self._files.delete_prefix(definition_prefix(owner_id, definition_id))
