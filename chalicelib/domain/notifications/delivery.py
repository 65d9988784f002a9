"""A delivery: one message to one recipient, kept until it has arrived or cannot arrive."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from chalicelib.domain.events.event import Event
from chalicelib.domain.notifications.message import Message
from chalicelib.domain.notifications.subscription import Subscription
from chalicelib.domain.sanitize import shorten

__all__ = ["Delivery", "DeliveryState", "after_failure", "after_success", "make_delivery", "requested_again"]

_LEASE: Final = timedelta(minutes=5)
"""How long a function has to deliver a message before the sweep asks again: longer than its timeout (`infra/functions.py`)."""

_FIRST_BACKOFF: Final = timedelta(minutes=1)
_MAX_BACKOFF: Final = timedelta(hours=1)
_GIVE_UP_AFTER: Final = timedelta(days=1)
"""A message about last night is of no use the day after tomorrow."""

_KEPT: Final = timedelta(days=14)
"""How long a delivery is kept after it has ended, for a person who asks what became of it."""

_ERROR_CHARACTERS: Final = 300


class DeliveryState(StrEnum):
    """What happens to a delivery."""

    REQUESTED = "requested"
    """The notifications function is to deliver it now."""
    WAITING = "waiting"
    """It failed, and the sweep requests it again later."""
    SENT = "sent"
    FAILED = "failed"
    """It cannot be delivered, or could not for a day."""

    @property
    def is_final(self) -> bool:
        """Whether nothing more happens to it."""
        return self in (DeliveryState.SENT, DeliveryState.FAILED)


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """One message to one recipient."""

    delivery_id: str
    """The event's id and the subscription: the same event is told once to each."""
    owner_id: str
    job_id: str | None = None
    job_definition_id: str | None = None
    channel: str
    address: str | None = None
    subject: str
    text: str
    event: str
    """The event's kind."""
    state: DeliveryState = DeliveryState.REQUESTED
    create_time: datetime
    next_try: datetime | None = None
    """When the sweep requests it again; None if it has ended."""
    attempts: int = 0
    """Number of attempts that have failed."""
    error: str | None = None
    """Why the last of them failed."""
    expires_at: datetime | None = None


def make_delivery(event: Event, subscription: Subscription, message: Message, now: datetime) -> Delivery:
    """Make the delivery of an event's message."""
    recipient = f"{subscription.channel}/{subscription.address or ''}"
    return Delivery(
        delivery_id=f"{event.event_id}/{recipient}",
        owner_id=event.detail["owner_id"],
        job_id=event.detail.get("job_id"),
        job_definition_id=event.detail.get("job_definition_id"),
        channel=subscription.channel,
        address=subscription.address,
        subject=message.subject,
        text=message.text,
        event=event.kind.value,
        create_time=now,
        next_try=now + _LEASE,
    )


def requested_again(delivery: Delivery, now: datetime) -> Delivery:
    """Return a delivery that is due again."""
    return replace(delivery, state=DeliveryState.REQUESTED, next_try=now + _LEASE)


def after_success(delivery: Delivery, now: datetime) -> Delivery:
    """Return a delivery that has arrived."""
    return replace(delivery, state=DeliveryState.SENT, next_try=None, error=None, expires_at=now + _KEPT)


def after_failure(delivery: Delivery, error: str, now: datetime, *, is_permanent: bool) -> Delivery:
    """Return a delivery after a failed attempt: it waits 1, 2, 4 … minutes, at most an hour, or is given up after a day.

    Parameters
    ----------
    delivery, error, now
        The delivery, why it failed, and when.
    is_permanent
        Whether another attempt would fail in the same way.
    """
    failed = replace(delivery, attempts=delivery.attempts + 1, error=shorten(error, _ERROR_CHARACTERS))
    if is_permanent or now - delivery.create_time >= _GIVE_UP_AFTER:
        return replace(failed, state=DeliveryState.FAILED, next_try=None, expires_at=now + _KEPT)
    backoff = min(_FIRST_BACKOFF * (1 << min(delivery.attempts, 10)), _MAX_BACKOFF)
    return replace(failed, state=DeliveryState.WAITING, next_try=now + backoff)
