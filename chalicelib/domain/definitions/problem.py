"""A problem of a definition: which background work fails, since when, how often, and what to do."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from chalicelib.domain.background_work import BackgroundWork
from chalicelib.domain.serialization import wire_name

__all__ = [
    "MISSED_MEMORY",
    "Failure",
    "Problem",
    "Reason",
    "Refusal",
    "clear_refusal",
    "note_failure",
    "note_missed",
    "note_refusal",
    "note_undelivered",
]

_MAX_QUOTE_CHARACTERS: Final = 300
"""Characters to keep of the message of AWS."""

_FIRST_BACKOFF: Final = timedelta(minutes=1)
"""The sweep runs every minute."""

_MAX_BACKOFF: Final = timedelta(minutes=5)
"""Longest backoff between two attempts. A solved problem disappears within this time; a lasting one counts at least in every second
alarm period."""

MISSED_MEMORY: Final = timedelta(days=1)
"""How long a definition shows its missed due times: they stay until one runs that is due this much later. So the owner still sees them
the morning after an outage."""

_LASTING_ATTEMPTS: Final = 3
"""Number of failed attempts after which a failure that may be temporary counts as lasting."""


class Reason(StrEnum):
    """Why the work fails: the kind of error that AWS returns, or why the service itself refuses it."""

    NOT_ALLOWED = "not_allowed"
    DENIED = "denied"
    QUOTA = "quota"
    INVALID = "invalid"
    MISSING = "missing"
    BUSY = "busy"
    UNAVAILABLE = "unavailable"
    OWNER_DISABLED = "owner_disabled"
    LIMIT_REACHED = "limit_reached"
    MISSED = "missed"
    UNDELIVERED = "undelivered"
    """A notification could not be delivered."""
    FAILING = "failing"
    """Too many runs failed in a row, so the schedule was paused."""


_REASONS: Final[Mapping[str, Reason]] = {
    # Common errors of AWS APIs, and those of EventBridge Scheduler, DynamoDB, S3 and SQS in their API references.
    "AccessDenied": Reason.DENIED,
    "AccessDeniedException": Reason.DENIED,
    "ExpiredToken": Reason.DENIED,
    "ExpiredTokenException": Reason.DENIED,
    "InvalidClientTokenId": Reason.DENIED,
    "KMSAccessDeniedException": Reason.DENIED,
    "NotAuthorized": Reason.DENIED,
    "OptInRequired": Reason.DENIED,
    "UnauthorizedOperation": Reason.DENIED,
    "UnrecognizedClientException": Reason.DENIED,
    "ServiceQuotaExceededException": Reason.QUOTA,
    "InvalidParameterException": Reason.INVALID,
    "InvalidParameterValue": Reason.INVALID,
    "ValidationError": Reason.INVALID,
    "ValidationException": Reason.INVALID,
    "AWS.SimpleQueueService.NonExistentQueue": Reason.MISSING,
    "NoSuchBucket": Reason.MISSING,
    "QueueDoesNotExist": Reason.MISSING,
    "ResourceNotFoundException": Reason.MISSING,
    "LimitExceededException": Reason.BUSY,
    "ProvisionedThroughputExceededException": Reason.BUSY,
    "RequestLimitExceeded": Reason.BUSY,
    "SlowDown": Reason.BUSY,
    "ThrottledException": Reason.BUSY,
    "Throttling": Reason.BUSY,
    "ThrottlingException": Reason.BUSY,
    "TooManyRequestsException": Reason.BUSY,
}
"""The reason for each error code of AWS. Any other failure, or no response, is `UNAVAILABLE`."""

_TITLES: Final[Mapping[BackgroundWork, str]] = {
    BackgroundWork.SCHEDULES: "Schedule not written",
    BackgroundWork.TICKS: "Due jobs not created",
    BackgroundWork.NOTIFICATIONS: "Notifications not delivered",
}

_PAUSED: Final = "Paused after failures"

_EFFECTS: Final[Mapping[BackgroundWork, str]] = {
    BackgroundWork.SCHEDULES: (
        "EventBridge Scheduler did not accept the schedule of this definition. Until it does, jobs start two to three minutes late,"
        " and are missed if the catch-up window is shorter than that."
    ),
    BackgroundWork.TICKS: "The job of a due time could not be created. It is created late, or missed after the catch-up window.",
}

_ADVICE: Final[Mapping[Reason, str]] = {
    Reason.DENIED: "A function of the stack lacks a permission. Ask the operator to deploy again, which restores its policies.",
    Reason.QUOTA: "A quota of the account is used up. Ask the operator to delete what is not needed, or to request a higher quota.",
    Reason.INVALID: "AWS does not accept the request. Choose another schedule or time zone, or report it to the operator.",
    Reason.MISSING: "A part of the stack is missing. Ask the operator to deploy again.",
    Reason.BUSY: "AWS throttles the requests. This is usually temporary.",
    Reason.UNAVAILABLE: "AWS did not respond, or failed. This is usually temporary.",
}


@dataclass(frozen=True)
class Failure:
    """An error that AWS returned."""

    code: str
    """The error code of AWS, or the kind of error if there was no response."""
    message: str

    @property
    def reason(self) -> Reason:
        """Why the call failed."""
        return _REASONS.get(self.code, Reason.UNAVAILABLE)


@dataclass(frozen=True)
class Refusal:
    """Why the service refuses to create the job of a due time."""

    reason: Reason
    text: str
    """The cause, and what to do, in whole sentences."""


@dataclass(frozen=True)
class Problem:
    """Background work for a definition that failed and has not succeeded since."""

    work: BackgroundWork
    reason: Reason = field(metadata=wire_name("code"))
    message: str
    """What failed, what AWS returned, and what to do."""
    since: datetime
    """The time of the first failure; of missed due times, the first one."""
    last: datetime
    """The time of the latest failure; of missed due times, the last one."""
    attempts: int
    """The number of failures since `since`."""

    @property
    def title(self) -> str:
        """What fails, in a few words."""
        return _PAUSED if self.reason is Reason.FAILING else _TITLES[self.work]

    @property
    def is_lasting(self) -> bool:
        """Whether the problem is permanent, or has persisted over several attempts."""
        if self.reason is Reason.MISSED:
            return False
        may_be_temporary = self.reason in (Reason.BUSY, Reason.UNAVAILABLE, Reason.LIMIT_REACHED)
        return not may_be_temporary or self.attempts >= _LASTING_ATTEMPTS

    @property
    def retry_at(self) -> datetime:
        """When to try again: after 1, 2 and 4 minutes, then every 5."""
        return self.last + min(_FIRST_BACKOFF * (1 << min(self.attempts - 1, 8)), _MAX_BACKOFF)


def clear_refusal(problem: Problem | None) -> Problem | None:
    """Return a problem, or None if it is that the settings do not allow a job."""
    return None if problem and problem.reason is Reason.NOT_ALLOWED else problem


def note_failure(before: Problem | None, work: BackgroundWork, failure: Failure, now: datetime) -> Problem:
    """Add a failure to a problem, or start a new problem."""
    quote = f"{failure.code}: {failure.message}"[:_MAX_QUOTE_CHARACTERS].rstrip(". ")
    message = f"{_EFFECTS[work]} AWS says: {quote}. {_ADVICE[failure.reason]} The scheduler keeps trying."
    attempts = before.attempts + 1 if before else 1
    return Problem(work, failure.reason, message, before.since if before else now, now, attempts)


def note_refusal(before: Problem | None, refusal: Refusal, due: datetime, now: datetime) -> Problem:
    """Add a refused due time to a problem with the same reason, or start a new problem."""
    same = before if before and before.reason is refusal.reason else None
    message = f"No job was created for {due:%Y-%m-%d %H:%M} UTC. {refusal.text} This run is lost; the next due time tries again."
    attempts = same.attempts + 1 if same else 1
    return Problem(BackgroundWork.TICKS, refusal.reason, message, same.since if same else now, now, attempts)


def note_undelivered(before: Problem | None, message: str, now: datetime) -> Problem:
    """Add a notification that could not be delivered to a problem, or start a new problem."""
    attempts = before.attempts + 1 if before else 1
    return Problem(
        BackgroundWork.NOTIFICATIONS, Reason.UNDELIVERED, message, before.since if before else now, now, attempts
    )


def note_missed(before: Problem | None, first: datetime, last: datetime, *, number: int, window: timedelta) -> Problem:
    """Add missed due times to those that the definition already shows, or start a new problem.

    Parameters
    ----------
    before
        The missed due times so far.
    first, last
        The first and the last of the due times to add.
    number
        How many there are.
    window
        The catch-up window of the definition.
    """
    same = before if before and first - before.last <= MISSED_MEMORY else None
    since, last = (min(same.since, first), max(same.last, last)) if same else (first, last)
    number += same.attempts if same else 0
    which = (
        f"The due time {since:%Y-%m-%d %H:%M} UTC was missed"
        if number == 1
        else f"{number:,} due times from {since:%Y-%m-%d %H:%M} to {last:%Y-%m-%d %H:%M} UTC were missed"
    )
    message = (
        f"{which}: the service was late by more than the catch-up window of {window.total_seconds():,.0f} s, so no jobs were"
        " created. Later due times are not affected. Run the definition by hand if you need the results, or set a longer"
        " catch_up_seconds."
    )
    return Problem(BackgroundWork.TICKS, Reason.MISSED, message, since, last, number)
