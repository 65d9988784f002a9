"""Traces: what a deleted job or definition leaves outside of its own files, and can be removed."""

from collections.abc import Mapping
from typing import Any

from chalicelib.domain.identifiers import upload_key
from chalicelib.storage.bucket import Bucket
from chalicelib.storage.runner_logs import RunnerLogs

__all__ = ["UploadAndLogCleanup", "traces_of"]


def traces_of(image: Mapping[str, Mapping[str, Any]]) -> dict[str, str | list[str]]:
    """Name the traces of a record, as a stream carries it, for the message of its second cleanup: nothing else knows them then."""
    traces: dict[str, str | list[str]] = {}
    if upload := image.get("upload_id"):
        traces["upload_id"] = str(upload["S"])
    if tasks := image.get("task_arns"):
        traces["task_arns"] = sorted(tasks["SS"])
    return traces


class UploadAndLogCleanup:
    """Removes traces, with the second cleanup: a quarter of an hour after the record went.

    By then no form can bring the upload back, and containers that were stopped have printed their last line. It also halves the calls
    of DeleteLogStream, of which an account has 5 a second (Amazon CloudWatch Logs user guide, "Quotas").

    Parameters
    ----------
    files, logs
        The stores.
    """

    def __init__(self, *, files: Bucket, logs: RunnerLogs) -> None:
        self._files = files
        self._logs = logs

    def remove(self, left: Mapping[str, Any]) -> None:
        """Remove the upload that it was made of, and the log of every container that ran for it; what is gone already is fine.

        Parameters
        ----------
        left
            The message of a second cleanup: `owner_id`, and what `traces_of` gave.
        """
        if upload_id := left.get("upload_id"):
            self._files.delete(upload_key(left["owner_id"], upload_id))
        for task_arn in left.get("task_arns", ()):
            self._logs.delete(task_arn)
