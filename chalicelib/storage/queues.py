"""The queues: wake-ups for the dispatcher, and second cleanups."""

import json
import uuid
from typing import TYPE_CHECKING

from chalicelib.domain.naming import RunId

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

__all__ = ["CleanupQueue", "WakeUpQueue"]

_GROUP = "dispatch"
"""The one message group: the dispatcher runs one at a time."""


class WakeUpQueue:
    """Wakes the dispatcher. A wake-up carries nothing: what waits stands in the table."""

    def __init__(self, client: "SQSClient", url: str) -> None:
        self._client = client
        self._url = url

    def send(self, why: str) -> None:
        """Send one wake-up, with its reason for whoever reads the queue."""
        self._client.send_message(
            QueueUrl=self._url, MessageBody=why, MessageGroupId=_GROUP, MessageDeduplicationId=uuid.uuid4().hex
        )


class CleanupQueue:
    """Second cleanups: the queue delivers them when the URLs that were out at the first have expired."""

    def __init__(self, client: "SQSClient", url: str) -> None:
        self._client = client
        self._url = url

    def send(self, run_id: RunId) -> None:
        """Ask for the second cleanup of a job."""
        self._client.send_message(
            QueueUrl=self._url, MessageBody=json.dumps({"owner_id": run_id.owner_id, "job_id": run_id.job_id})
        )
