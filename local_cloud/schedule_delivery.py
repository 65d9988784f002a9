"""Deliver the messages of schedules: retry with exponential backoff, then send to the dead-letter queue."""

import logging
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final

__all__ = ["Delivery", "DeliveryQueue", "Send", "SendError"]

_log = logging.getLogger(__name__)

_MAX_BACKOFF: Final = timedelta(minutes=1)
"""The backoff doubles from 1 s up to this; AWS documents only that it is exponential."""

_DEFAULT_RETRIES: Final = 185
_DEFAULT_AGE_SECONDS: Final = 86_400
"""The defaults of EventBridge Scheduler for a target without retry policy (API reference, RetryPolicy)."""


class SendError(Exception):
    """A queue refused a message."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """One message of a schedule for one due time."""

    schedule_arn: str
    target: Mapping[str, Any]
    """The target of the schedule: `Arn`, `RoleArn`, `Input`, `RetryPolicy`, `DeadLetterConfig`."""

    due: datetime
    execution_id: str = field(default_factory=lambda: uuid.uuid4().hex[:16])
    retries: int = 0
    not_before: datetime

    @property
    def body(self) -> str:
        """The input of the target, with the context attributes filled in."""
        text = str(self.target.get("Input") or "")
        for name, value in self._context().items():
            text = text.replace(f"<aws.scheduler.{name}>", value)
        return text

    def _context(self) -> dict[str, str]:
        return {
            "schedule-arn": self.schedule_arn,
            "scheduled-time": f"{self.due:%Y-%m-%dT%H:%M:%SZ}",
            "execution-id": self.execution_id,
            "attempt-number": str(self.retries + 1),
        }

    def next_attempt(self, now: datetime) -> "Delivery | str":
        """Return the delivery for the next attempt, or the name of the limit of the retry policy that is reached."""
        policy = self.target.get("RetryPolicy") or {}
        if self.retries >= policy.get("MaximumRetryAttempts", _DEFAULT_RETRIES):
            return "MaximumRetryAttempts"
        not_before = now + min(timedelta(seconds=2 ** min(self.retries, 10)), _MAX_BACKOFF)
        if not_before > self.due + timedelta(seconds=policy.get("MaximumEventAgeInSeconds", _DEFAULT_AGE_SECONDS)):
            return "MaximumEventAgeInSeconds"
        return replace(self, retries=self.retries + 1, not_before=not_before)


Send = Callable[[Delivery, str, str, Mapping[str, str]], None]
"""A function that sends a body, and attributes of type String, to the queue with an ARN; it raises `SendError`."""


class DeliveryQueue:
    """The pending deliveries, in memory only: a restart loses them.

    Parameters
    ----------
    send
        Sends a message.
    """

    def __init__(self, send: Send) -> None:
        self._send = send
        self._pending: list[Delivery] = []

    def add(self, delivery: Delivery) -> None:
        """Add a delivery for the next call of `attempt`."""
        self._pending.append(delivery)

    def attempt(self, now: datetime) -> None:
        """Attempt each delivery whose backoff has ended."""
        ready = [delivery for delivery in self._pending if delivery.not_before <= now]
        self._pending = [delivery for delivery in self._pending if delivery.not_before > now]
        for delivery in ready:
            try:
                self._deliver(delivery, now)
            except Exception:  # noqa: BLE001  an error of one target must not affect the others
                _log.exception("%s: cannot be delivered", delivery.schedule_arn)

    def _deliver(self, delivery: Delivery, now: datetime) -> None:
        try:
            self._send(delivery, str(delivery.target["Arn"]), delivery.body, {})
        except SendError as error:
            self._retry_later(delivery, error, now)

    def _retry_later(self, delivery: Delivery, error: SendError, now: datetime) -> None:
        retry = delivery.next_attempt(now)
        if isinstance(retry, Delivery):
            self._pending.append(retry)
        else:
            self._send_to_dead_letter_queue(delivery, error, limit=retry)

    def _send_to_dead_letter_queue(self, delivery: Delivery, error: SendError, *, limit: str) -> None:
        _log.warning("%s: not delivered after %d retries: %s", delivery.schedule_arn, delivery.retries, error)
        queue_arn = (delivery.target.get("DeadLetterConfig") or {}).get("Arn")
        if not queue_arn:
            return
        try:
            self._send(delivery, queue_arn, delivery.body, _dead_letter_attributes(delivery, error, limit))
        except SendError as second:
            _log.warning("%s: not sent to the dead-letter queue either: %s", delivery.schedule_arn, second)


def _dead_letter_attributes(delivery: Delivery, error: SendError, limit: str) -> dict[str, str]:
    return {
        "ERROR_CODE": error.code,
        "ERROR_MESSAGE": str(error),
        "EXECUTION_ID": delivery.execution_id,
        "EXHAUSTED_RETRY_CONDITION": limit,
        "RETRY_ATTEMPTS": str(delivery.retries),
        "SCHEDULED_TIME": f"{delivery.due:%Y-%m-%dT%H:%M:%SZ}",
        "SCHEDULE_ARN": delivery.schedule_arn,
        "TARGET_ARN": str(delivery.target["Arn"]),
    }
