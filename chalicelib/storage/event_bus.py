"""The stack's event bus on EventBridge."""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from chalicelib.domain.events.event import EVENT_SOURCE, Event
from chalicelib.errors import AwsError
from chalicelib.storage.aws_errors import raises_aws_errors

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_events.type_defs import PutEventsRequestEntryTypeDef

__all__ = ["EventBus"]

_MOST: Final = 10
"""Events that EventBridge accepts at a time (API reference, PutEvents)."""


@raises_aws_errors
class EventBus:
    """Sends events."""

    def __init__(self, client: "EventBridgeClient", name: str) -> None:
        self._client = client
        self._name = name

    def send(self, events: Sequence[Event]) -> None:
        """Send the events of a change. Sending them again is safe: consumers can tell by their ids.

        Raises
        ------
        AwsError
            If EventBridge has not accepted all of them.
        """
        for first in range(0, len(events), _MOST):
            entries = [self._entry(event) for event in events[first : first + _MOST]]
            for entry in self._client.put_events(Entries=entries)["Entries"]:
                if code := entry.get("ErrorCode"):
                    raise AwsError(code, entry.get("ErrorMessage", ""))

    def _entry(self, event: Event) -> "PutEventsRequestEntryTypeDef":
        return {
            "EventBusName": self._name,
            "Source": EVENT_SOURCE,
            "DetailType": event.kind.value,
            "Time": event.time,
            "Detail": json.dumps(event.whole_detail, ensure_ascii=False),
        }
