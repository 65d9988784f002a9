"""Cleanup after deleted jobs: stops their tasks and deletes their files."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.domain.background_work import BackgroundWork
from chalicelib.domain.identifiers import RunId, job_prefix
from chalicelib.services.background_work import isolated
from chalicelib.services.upload_and_log_cleanup import remains_of
from chalicelib.storage.bucket import Bucket
from chalicelib.storage.queues import CleanupQueue, WakeUpQueue
from chalicelib.storage.task_launcher import Launcher

__all__ = ["CleanupService"]


@dataclass(frozen=True, kw_only=True)
class CleanupService:
    """Handles the stream of the jobs table, and second cleanups of jobs."""

    files: Bucket
    launcher: Launcher
    wake_ups: WakeUpQueue
    second_cleanups: CleanupQueue

    def handle(self, record: Mapping[str, Any]) -> None:
        """Handle one record of the stream: a deleted job.

        The second cleanup is requested first: it completes what the first one could not, and its message names the job, also in the
        dead-letter queue.
        """
        image = record["dynamodb"].get("OldImage", {})
        left = _left_behind(image)
        if left is None or record["eventName"] != "REMOVE":
            return
        self.second_cleanups.send(**left, **remains_of(image))
        self._stop_tasks(left)
        ids = {"owner_id": str(left["owner_id"]), "job_id": str(left["job_id"])}
        with isolated(BackgroundWork.CLEANUP, **ids):
            self._remove_files(**ids)
        if "attempt" in left:
            self.wake_ups.send("a slot is free")

    def run_again(self, left: Mapping[str, Any]) -> None:
        """Clean up again, with the message of the first cleanup: by now all upload URLs have expired.

        This stops a task that could not be stopped before, or that was being launched when its job was deleted.
        """
        self._stop_tasks(left)
        self._remove_files(str(left["owner_id"]), str(left["job_id"]))

    def _stop_tasks(self, left: Mapping[str, Any]) -> None:
        """Stop the recorded task, or those of the attempt if none is recorded; nothing if the task is known to have stopped."""
        if "attempt" not in left:
            return
        run_id = RunId(str(left["owner_id"]), str(left["job_id"]), int(left["attempt"]))
        task_arns = [str(left["task_arn"])] if "task_arn" in left else self.launcher.find(run_id)
        for task_arn in task_arns:
            self.launcher.stop(task_arn, "its job was deleted")

    def _remove_files(self, owner_id: str, job_id: str) -> None:
        self.files.delete_prefix(job_prefix(owner_id, job_id))


def _left_behind(image: Mapping[str, Mapping[str, Any]]) -> dict[str, str | int] | None:
    """Return what a deleted job leaves behind, from its item in the stream's format; None if it is not a job.

    Returns
    -------
    dict | None
        Owner and job. If a task may be running, as the live index shows: also the attempt, and the task's ARN if it is recorded.
    """
    if "job_id" not in image:
        return None
    left: dict[str, str | int] = {name: image[name]["S"] for name in ("owner_id", "job_id")}
    if "live_shard" in image:
        left["attempt"] = int(image["attempt"]["N"])
        left.update({name: image[name]["S"] for name in ("task_arn",) if name in image})
    return left
