"""The queues: wake-ups for the dispatcher, second cleanups, and requests to the ticks function."""

import json
import logging
import uuid
from collections.abc import Iterable
from itertools import islice
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.domain.background_work import BackgroundWork
from chalicelib.observability import count_background_failure
from chalicelib.storage.aws_errors import raises_aws_errors

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

__all__ = ["CleanupQueue", "TickQueue", "WakeUpQueue"]

_log = logging.getLogger(__name__)

_BATCH = 10
"""Messages that SQS accepts at a time."""

_GROUP = "dispatch"
"""The only message group: dispatch runs one at a time."""


class WakeUpQueue:
    """Wakes the dispatcher. A wake-up carries no data: the waiting jobs are in the table."""

    def __init__(self, client: "SQSClient", url: str) -> None:
        self._client = client
        self._url = url

    def send(self, reason: str) -> None:
        """Send one wake-up; the reason is for people who look into the queue.

        If it cannot be sent, that is logged and counted and the caller goes on: the sweep sends one within a minute.
        """
        try:
            self._client.send_message(
                QueueUrl=self._url, MessageBody=reason, MessageGroupId=_GROUP, MessageDeduplicationId=uuid.uuid4().hex
            )
        except (BotoCoreError, ClientError):
            count_background_failure(BackgroundWork.WAKE_UPS)
            _log.warning("wake-up not sent; the sweep will send one", exc_info=True)


@raises_aws_errors
class CleanupQueue:
    """Second cleanups: the queue delivers them when all presigned URLs have expired."""

    def __init__(self, client: "SQSClient", url: str) -> None:
        self._client = client
        self._url = url

    def send(self, **message: str | int | list[str]) -> None:
        """Request the second cleanup of a job or a definition, named by its ids, with what else it leaves behind; or announce a copy for it."""
        self._client.send_message(QueueUrl=self._url, MessageBody=json.dumps(message))


@raises_aws_errors
class TickQueue:
    """Requests to the ticks function: ticks come from EventBridge Scheduler, walks, syncs and notes on late definitions from the sweep."""

    def __init__(self, client: "SQSClient", url: str) -> None:
        self._client = client
        self._url = url

    def send_all(self, kind: str, definitions: Iterable[tuple[str, str]]) -> None:
        """Request something of this kind for each definition, named by owner and id.

        Raises
        ------
        OSError
            If SQS did not accept all of them.
        """
        rest = iter(definitions)
        while batch := list(islice(rest, _BATCH)):
            entries = [
                {
                    "Id": str(number),
                    "MessageBody": json.dumps({"kind": kind, "owner_id": owner, "definition_id": item_id}),
                }
                for number, (owner, item_id) in enumerate(batch)
            ]
            response = self._client.send_message_batch(QueueUrl=self._url, Entries=entries)  # type: ignore[arg-type] # plain dicts
            if failed := response.get("Failed"):
                raise OSError(f"{len(failed)} messages to the tick queue were not accepted: {failed[0].get('Code')}")
