"""Subscriptions: what a job or a definition says about who is told, and when.

A subscription is a text, `[WHEN:]CHANNEL[:ADDRESS]`, such as `team`, `end:team` or `failure:mail:ana@example.com`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Self

from chalicelib.channels import Channel, ChannelKind
from chalicelib.domain.events.event import EventKind
from chalicelib.errors import InvalidRequestError

__all__ = ["MAX_SUBSCRIPTIONS", "Subscription", "When", "check_subscriptions", "describe_subscription_problem"]

MAX_SUBSCRIPTIONS: Final = 10
"""Subscriptions of one job or definition."""

_ADDRESS: Final = re.compile(r"[^@\s<>\"(),:;\\\[\]\x00-\x1f\x7f]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})+")
"""A plain address of RFC 5321, without quotes and display names."""


class When(StrEnum):
    """When somebody is told."""

    FAILURE = "failure"
    """When a job fails; of a definition, when its runs begin to fail, daily while they do, when they recover, when it is paused, late, or
    cannot be scheduled, and when due times are missed or refused."""
    END = "end"
    """When a job ends in any way, and when a definition is paused, late, or cannot be scheduled, or due times are missed or refused."""
    ALWAYS = "always"
    """In addition, when a job starts or is retried, and when a due time is skipped."""
    RECOVERY = "recovery"
    """When a run of a definition succeeds after others have failed or were late."""


_OF_SCHEDULES: Final = frozenset(
    {
        EventKind.DEFINITION_LATE,
        EventKind.DEFINITION_PAUSED,
        EventKind.DEFINITION_UNSCHEDULABLE,
        EventKind.TICK_MISSED,
        EventKind.TICK_REFUSED,
    }
)
_ENDS: Final = frozenset({EventKind.JOB_COMPLETED, EventKind.JOB_FAILED, EventKind.JOB_STOPPED})

_TOLD: Final[Mapping[When, frozenset[EventKind]]] = {
    When.FAILURE: _OF_SCHEDULES | {EventKind.JOB_FAILED, EventKind.DEFINITION_FAILING, EventKind.DEFINITION_RECOVERED},
    When.END: _OF_SCHEDULES | _ENDS,
    When.ALWAYS: _OF_SCHEDULES | _ENDS | {EventKind.JOB_STARTED, EventKind.JOB_RETRIED, EventKind.TICK_SKIPPED},
    When.RECOVERY: frozenset({EventKind.DEFINITION_RECOVERED}),
}


@dataclass(frozen=True)
class Subscription:
    """Who is told, and when."""

    when: When
    channel: str
    """Name of a channel in the operator's settings."""
    address: str | None = None
    """A mail address, if the channel sends mail to addresses that users choose."""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse a subscription.

        Raises
        ------
        ValueError
            If it is not one.
        """
        first, colon, rest = text.partition(":")
        when = When(first) if colon and first in set(When) else None
        channel, _, address = (rest if when else text).partition(":")
        if not channel or (address and not _ADDRESS.fullmatch(address)):
            raise ValueError(
                f"{text!r} is not [WHEN:]CHANNEL[:ADDRESS], with WHEN one of {', '.join(When)}, such as end:team or"
                " failure:mail:ana@example.com"
            )
        return cls(when or When.FAILURE, channel, address or None)

    def wants(self, kind: EventKind, *, of_definition: bool) -> bool:
        """Check whether somebody is told about an event.

        Parameters
        ----------
        kind
            The kind of the event.
        of_definition
            Whether the event is about a job of a definition: the failure of a single run of it is told by the definition's own events,
            which do not repeat themselves.
        """
        if of_definition and kind is EventKind.JOB_FAILED and self.when is When.FAILURE:
            return False
        return kind in _TOLD[self.when]


def describe_subscription_problem(text: str) -> str | None:
    """Return what is wrong with the form of a subscription; None if nothing is."""
    try:
        Subscription.parse(text)
    except ValueError as error:
        return str(error)
    return None


def check_subscriptions(texts: tuple[str, ...], channels: Mapping[str, Channel]) -> None:
    """Check subscriptions against the operator's channels.

    Raises
    ------
    InvalidRequestError
        If a channel does not exist, or does not send to such an address.
    """
    for text in texts:
        if problem := _describe_problem(Subscription.parse(text), channels):
            raise InvalidRequestError.for_field("notify", f"{text!r}: {problem}")


def _describe_problem(subscription: Subscription, channels: Mapping[str, Channel]) -> str | None:
    channel, address = channels.get(subscription.channel), subscription.address
    if channel is None:
        offered = f"choose one of {', '.join(channels)}" if channels else "the operator has set up no channels"
        return f"there is no channel {subscription.channel!r}; {offered}."
    if channel.kind is not ChannelKind.EMAIL:
        return f"the channel {subscription.channel!r} takes no address." if address else None
    if address is None:
        return None if channel.recipients else f"name an address, such as {subscription.channel}:ana@example.com."
    if not channel.allows(address):
        allowed = ", ".join(channel.allowed_recipients) or "none"
        return f"the operator does not allow mail to {address}; allowed: {allowed}."
    return None
