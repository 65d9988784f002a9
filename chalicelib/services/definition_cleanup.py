"""Cleanup after definitions: schedules, snapshots and jobs of deleted ones, and replaced snapshots."""

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from chalicelib.domain.background_work import BackgroundWork
from chalicelib.domain.identifiers import definition_prefix, snapshot_key, upload_key
from chalicelib.services.background_work import isolated
from chalicelib.services.schedule_sync import ScheduleSync
from chalicelib.services.upload_and_log_cleanup import remains_of
from chalicelib.storage.bucket import Bucket
from chalicelib.storage.job_lists import JobLists
from chalicelib.storage.job_table import JobTable
from chalicelib.storage.queues import CleanupQueue

__all__ = ["DefinitionCleanupService"]


@dataclass(frozen=True, kw_only=True)
class DefinitionCleanupService:
    """Handles the stream of the definitions table, and second cleanups of definitions."""

    files: Bucket
    jobs: JobTable
    lists: JobLists
    second_cleanups: CleanupQueue
    sync: ScheduleSync

    def handle(self, record: Mapping[str, Any]) -> None:
        """Handle one record of the stream: a definition that was deleted, or whose snapshot was replaced.

        The second cleanup is requested first: it completes what the first one could not, and its message names the definition, also in
        the dead-letter queue.
        """
        old, new = record["dynamodb"].get("OldImage"), record["dynamodb"].get("NewImage")
        if old is None:
            return
        owner_id, definition_id = old["owner_id"]["S"], old["definition_id"]["S"]
        if new is None:
            slots = int(old["schedule_slots"]["N"])
            ids = {"owner_id": owner_id, "definition_id": definition_id}
            self.second_cleanups.send(**ids, schedule_slots=slots, **remains_of(old))
            with isolated(BackgroundWork.CLEANUP, **ids):
                self.delete_remains(owner_id, definition_id, slots)
        elif new["snapshot_id"] != old["snapshot_id"]:
            packaged = bool(old["spec"]["M"].get("package_input_folder", {}).get("BOOL"))
            self.files.delete(snapshot_key(owner_id, definition_id, old["snapshot_id"]["S"], packaged=packaged))
            if "upload_id" in old:
                self.files.delete(upload_key(owner_id, old["upload_id"]["S"]))

    def delete_remains(self, owner_id: str, definition_id: str, slots: int) -> None:
        """Delete jobs, schedules and snapshots of a deleted definition; repeated later for what was still in progress.

        If one kind cannot be deleted, the others are, and the last error is raised.
        """
        with ExitStack() as steps:  # runs the last step first, and each whatever the others raise
            steps.callback(self.files.delete_prefix, definition_prefix(owner_id, definition_id))
            steps.callback(self.sync.delete, definition_id, slots)
            steps.callback(self._delete_jobs, owner_id, definition_id)

    def _delete_jobs(self, owner_id: str, definition_id: str) -> None:
        self.jobs.delete_unconditionally(owner_id, self.lists.of_definition(owner_id, definition_id))
