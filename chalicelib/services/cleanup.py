"""Cleanup: removes what a deleted job leaves behind, and stops containers that nobody waits for."""

from collections.abc import Mapping
from typing import Any

from chalicelib.domain.duty import Duty
from chalicelib.domain.job import JobStatus
from chalicelib.domain.naming import job_prefix
from chalicelib.services.duties import isolated
from chalicelib.services.traces import traces_of
from chalicelib.storage.files import Files
from chalicelib.storage.launcher import Launcher
from chalicelib.storage.queues import CleanupQueue, WakeUpQueue

__all__ = ["CleanupService"]


class CleanupService:
    """Follows the jobs table's stream.

    Parameters
    ----------
    files, launcher, wake_ups, second_cleanups
        The stores.
    """

    def __init__(
        self, *, files: Files, launcher: Launcher, wake_ups: WakeUpQueue, second_cleanups: CleanupQueue
    ) -> None:
        self._files = files
        self._launcher = launcher
        self._wake_ups = wake_ups
        self._second_cleanups = second_cleanups

    def handle(self, record: Mapping[str, Any]) -> None:
        """Take one record of the stream: a job removed, or ended before its container had checked in.

        The second cleanup is asked for first: it removes what the first one could not, and its message names the job, also in the
        dead-letter queue.
        """
        image = record["dynamodb"].get("OldImage", {})
        old = _texts(image)
        if "job_id" not in old:
            return
        ids = {"owner_id": old["owner_id"], "job_id": old["job_id"]}
        status, is_deleted = JobStatus(old["status"]), record["eventName"] == "REMOVE"
        if is_deleted:
            self._second_cleanups.send(**ids, **traces_of(image))
        if status.is_live and old.get("task_arn"):
            self._launcher.stop(old["task_arn"], "its job was deleted or has ended")
        if is_deleted:
            with isolated(Duty.CLEANUP, **ids):
                self.remove_files(**ids)
            if status.is_live:
                self._wake_ups.send("a slot is free")

    def remove_files(self, owner_id: str, job_id: str) -> None:
        """Remove everything of a job in S3; again when the URLs that were out have expired."""
        self._files.delete_prefix(job_prefix(owner_id, job_id))


def _texts(image: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """Read the text attributes of an item as streams carry it."""
    return {name: value["S"] for name, value in image.items() if "S" in value}
