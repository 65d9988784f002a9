"""Cleanup of what a deleted job or definition leaves outside of its own files: its upload and the logs of its tasks."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.domain.identifiers import upload_key
from chalicelib.storage.bucket import Bucket
from chalicelib.storage.runner_logs import RunnerLogs

__all__ = ["UploadAndLogCleanup", "remains_of"]


def remains_of(image: Mapping[str, Mapping[str, Any]]) -> dict[str, str | list[str]]:
    """Return the upload and the tasks of a deleted record, for the message of its second cleanup: they are recorded nowhere else."""
    remains: dict[str, str | list[str]] = {}
    if upload := image.get("upload_id"):
        remains["upload_id"] = str(upload["S"])
    if tasks := image.get("task_arns"):
        remains["task_arns"] = sorted(tasks["SS"])
    return remains


@dataclass(frozen=True, kw_only=True)
class UploadAndLogCleanup:
    """Deletes uploads and logs, with the second cleanup: 15 minutes after the record was deleted.

    By then no presigned form can restore the upload, and stopped containers have printed their last line. It also halves the calls of
    DeleteLogStream, of which an account has 5 a second (Amazon CloudWatch Logs user guide, "Quotas").
    """

    files: Bucket
    logs: RunnerLogs

    def run(self, left: Mapping[str, Any]) -> None:
        """Delete the upload of a record and the log stream of each of its tasks; they need not exist.

        Parameters
        ----------
        left
            The message of a second cleanup: `owner_id`, and the result of `remains_of`.
        """
        if upload_id := left.get("upload_id"):
            self.files.delete(upload_key(left["owner_id"], upload_id))
        for task_arn in left.get("task_arns", ()):
            self.logs.delete(task_arn)
