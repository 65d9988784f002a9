"""Cleanup: removes what a deleted job leaves behind, and stops containers that nobody waits for."""

from collections.abc import Mapping
from typing import Any

from chalicelib.domain.background_work import BackgroundWork
from chalicelib.domain.identifiers import RunId, job_prefix
from chalicelib.services.background_work import isolated
from chalicelib.services.upload_and_log_cleanup import traces_of
from chalicelib.storage.bucket import Bucket
from chalicelib.storage.queues import CleanupQueue, WakeUpQueue
from chalicelib.storage.task_launcher import Launcher

__all__ = ["CleanupService"]


class CleanupService:
    """Follows the jobs table's stream.

    Parameters
    ----------
    files, launcher, wake_ups, second_cleanups
        The stores.
    """

    def __init__(
        self, *, files: Bucket, launcher: Launcher, wake_ups: WakeUpQueue, second_cleanups: CleanupQueue
    ) -> None:
        self._files = files
        self._launcher = launcher
        self._wake_ups = wake_ups
        self._second_cleanups = second_cleanups

    def handle(self, record: Mapping[str, Any]) -> None:
        """Take one record of the stream: a job removed.

        The second cleanup is asked for first: it stops and removes what the first one could not, and its message names the job, also
        in the dead-letter queue.
        """
        image = record["dynamodb"].get("OldImage", {})
        left = _left_behind(image)
        if left is None or record["eventName"] != "REMOVE":
            return
        self._second_cleanups.send(**left, **traces_of(image))
        self._stop_tasks(left)
        ids = {"owner_id": str(left["owner_id"]), "job_id": str(left["job_id"])}
        with isolated(BackgroundWork.CLEANUP, **ids):
            self._remove_files(**ids)
        if "attempt" in left:
            self._wake_ups.send("a slot is free")

    def finish(self, left: Mapping[str, Any]) -> None:
        """Clean up once more, by the message that the first cleanup sent: all upload URLs have expired by now, and ECS has had its time.

        A task that could not be stopped, or that dispatch was just launching when its job was deleted, is stopped here.
        """
        self._stop_tasks(left)
        self._remove_files(str(left["owner_id"]), str(left["job_id"]))

    def _stop_tasks(self, left: Mapping[str, Any]) -> None:
        """Stop the task that the record named, and those of its attempt that no record named; not one that is known to have stopped."""
        if "attempt" not in left:
            return
        run_id = RunId(str(left["owner_id"]), str(left["job_id"]), int(left["attempt"]))
        named = [str(left["task_arn"])] if "task_arn" in left else self._launcher.find(run_id)
        for task_arn in named:
            self._launcher.stop(task_arn, "its job was deleted")

    def _remove_files(self, owner_id: str, job_id: str) -> None:
        self._files.delete_prefix(job_prefix(owner_id, job_id))


def _left_behind(image: Mapping[str, Mapping[str, Any]]) -> dict[str, str | int] | None:
    """Read from an item, as streams carry it, what its job leaves behind; None if it is no job.

    Returns
    -------
    dict | None
        Owner and job; and if a task may be running, which the live index shows, the attempt and the task's ARN, if it was recorded.
    """
    if "job_id" not in image:
        return None
    left: dict[str, str | int] = {name: image[name]["S"] for name in ("owner_id", "job_id")}
    if "live_shard" in image:
        left["attempt"] = int(image["attempt"]["N"])
        left.update({name: image[name]["S"] for name in ("task_arn",) if name in image})
    return left
