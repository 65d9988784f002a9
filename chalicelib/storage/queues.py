"""The queues: wake-ups for the dispatcher, and second cleanups."""

import json
import logging
import uuid
from collections.abc import Iterable
from itertools import islice
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.domain.background_work import BackgroundWork
from chalicelib.observability import count_background_failure

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

__all__ = ["CleanupQueue", "TickQueue", "WakeUpQueue"]

_log = logging.getLogger(__name__)

_BATCH = 10
"""Messages that SQS takes at a time."""

_GROUP = "dispatch"
"""The one message group: the dispatcher runs one at a time."""


class WakeUpQueue:
    """Wakes the dispatcher. A wake-up carries nothing: what waits stands in the table."""

    def __init__(self, client: "SQSClient", url: str) -> None:
        self._client = client
        self._url = url

    def send(self, why: str) -> None:
        """Send one wake-up, with its reason for whoever reads the queue.

        A wake-up that cannot be sent is logged and counted, and does not fail the caller: the sweep sends one within a minute.
        """
        try:
            self._client.send_message(
                QueueUrl=self._url, MessageBody=why, MessageGroupId=_GROUP, MessageDeduplicationId=uuid.uuid4().hex
            )
        except (BotoCoreError, ClientError):
            count_background_failure(BackgroundWork.WAKE_UPS)
            _log.warning("wake-up not sent; the sweep will send one", exc_info=True)


class CleanupQueue:
    """Second cleanups: the queue delivers them when the URLs that were out at the first have expired."""

    def __init__(self, client: "SQSClient", url: str) -> None:
        self._client = client
        self._url = url

    def send(self, **what: str | int | list[str]) -> None:
        """Ask for the second cleanup of a job or a definition, named by its ids, with what else it leaves behind."""
        self._client.send_message(QueueUrl=self._url, MessageBody=json.dumps(what))


class TickQueue:
    """What the tick function is asked for: ticks come from EventBridge Scheduler, walks and syncs from the sweep."""

    def __init__(self, client: "SQSClient", url: str) -> None:
        self._client = client
        self._url = url

    def send_all(self, kind: str, definitions: Iterable[tuple[str, str]]) -> None:
        """Ask one kind of thing for several definitions, named by owner and id.

        Raises
        ------
        OSError
            If SQS did not take all of them.
        """
        rest = iter(definitions)
        while batch := list(islice(rest, _BATCH)):
            entries = [
                {"Id": str(number), "MessageBody": json.dumps({"kind": kind, "owner_id": owner, "definition_id": each})}
                for number, (owner, each) in enumerate(batch)
            ]
            response = self._client.send_message_batch(QueueUrl=self._url, Entries=entries)  # type: ignore[arg-type] # plain dicts
            if failed := response.get("Failed"):
                raise OSError(f"{len(failed)} messages to the tick queue were not taken: {failed[0].get('Code')}")
