"""Delivering what schedules send: tried again with growing pauses, then put into the dead-letter queue."""

import logging
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final

__all__ = ["Deliveries", "Delivery", "Send", "SendError"]

_log = logging.getLogger(__name__)

_LONGEST_PAUSE: Final = timedelta(minutes=1)
"""Pauses double from 1 s up to this; AWS says only that they grow exponentially."""

_DEFAULT_RETRIES: Final = 185
_DEFAULT_AGE_SECONDS: Final = 86_400
"""EventBridge Scheduler's own, where a target has no retry policy (API reference, RetryPolicy)."""


class SendError(Exception):
    """A queue did not take a message."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """One message of one schedule for one due instant."""

    schedule_arn: str
    target: Mapping[str, Any]
    """As the schedule has it: `Arn`, `RoleArn`, `Input`, `RetryPolicy`, `DeadLetterConfig`."""

    due: datetime
    execution_id: str = field(default_factory=lambda: uuid.uuid4().hex[:16])
    retries: int = 0
    not_before: datetime

    @property
    def body(self) -> str:
        """The target's input with the context attributes filled in."""
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

    def next_try(self, now: datetime) -> "Delivery | str":
        """Give the delivery to try again later, or which limit of the retry policy says that it is not."""
        policy = self.target.get("RetryPolicy") or {}
        if self.retries >= policy.get("MaximumRetryAttempts", _DEFAULT_RETRIES):
            return "MaximumRetryAttempts"
        not_before = now + min(timedelta(seconds=2 ** min(self.retries, 10)), _LONGEST_PAUSE)
        if not_before > self.due + timedelta(seconds=policy.get("MaximumEventAgeInSeconds", _DEFAULT_AGE_SECONDS)):
            return "MaximumEventAgeInSeconds"
        return replace(self, retries=self.retries + 1, not_before=not_before)


Send = Callable[[Delivery, str, str, Mapping[str, str]], None]
"""Sends for a delivery to the queue of an ARN: a body, and attributes of type String. Raises `SendError`."""


class Deliveries:
    """What is to be delivered, in memory only: what a restart interrupts is lost, as if it had not been due.

    Parameters
    ----------
    send
        Sends one message.
    """

    def __init__(self, send: Send) -> None:
        self._send = send
        self._waiting: list[Delivery] = []

    def add(self, delivery: Delivery) -> None:
        """Take a delivery; the next call of `attempt` tries it."""
        self._waiting.append(delivery)

    def attempt(self, now: datetime) -> None:
        """Try each delivery whose time has come, once."""
        ready = [each for each in self._waiting if each.not_before <= now]
        self._waiting = [each for each in self._waiting if each.not_before > now]
        for delivery in ready:
            try:
                self._try(delivery, now)
            except Exception:  # noqa: BLE001  whatever is wrong with one target must not keep the others waiting
                _log.exception("%s: cannot be delivered", delivery.schedule_arn)

    def _try(self, delivery: Delivery, now: datetime) -> None:
        try:
            self._send(delivery, str(delivery.target["Arn"]), delivery.body, {})
        except SendError as error:
            self._try_later(delivery, error, now)

    def _try_later(self, delivery: Delivery, error: SendError, now: datetime) -> None:
        later = delivery.next_try(now)
        if isinstance(later, Delivery):
            self._waiting.append(later)
        else:
            self._give_up(delivery, error, limit=later)

    def _give_up(self, delivery: Delivery, error: SendError, *, limit: str) -> None:
        _log.warning("%s: not delivered after %d retries: %s", delivery.schedule_arn, delivery.retries, error)
        queue_arn = (delivery.target.get("DeadLetterConfig") or {}).get("Arn")
        if not queue_arn:
            return
        try:
            self._send(delivery, queue_arn, delivery.body, _dead_letter_attributes(delivery, error, limit))
        except SendError as second:
            _log.warning("%s: no dead letter either: %s", delivery.schedule_arn, second)


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
