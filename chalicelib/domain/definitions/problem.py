"""A problem of a definition: background work for it that fails, since when, how often, and what to do."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from chalicelib.domain.background_work import BackgroundWork
from chalicelib.domain.serialization import wire_name

__all__ = ["Failure", "Problem", "Reason", "Refusal", "note_failure", "note_refusal", "without_refusal"]

_LONGEST_QUOTE: Final = 300
"""Characters of AWS's own message that are kept."""

_FIRST_RETRY: Final = timedelta(minutes=1)
"""The sweep comes every minute."""

_LAST_RETRY: Final = timedelta(minutes=5)
"""The longest pause between two attempts: a problem that was solved is gone within so long, and one that lasts counts in every alarm
period or every second one."""

_REPEATED: Final = 3
"""Attempts after which a failure that may pass by itself counts as one that lasts."""


class Reason(StrEnum):
    """Why it fails: what AWS answers, or what the service itself refuses."""

    NOT_ALLOWED = "not_allowed"

    DENIED = "denied"
    QUOTA = "quota"
    INVALID = "invalid"
    MISSING = "missing"
    BUSY = "busy"
    UNAVAILABLE = "unavailable"
    OWNER_DISABLED = "owner_disabled"
    LIMIT_REACHED = "limit_reached"


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
"""By AWS's error code; any other failure, or no answer, is `UNAVAILABLE`."""

_TITLES: Final[Mapping[BackgroundWork, str]] = {
    BackgroundWork.SCHEDULES: "Schedule not written",
    BackgroundWork.TICKS: "Due jobs not made",
}

_EFFECTS: Final[Mapping[BackgroundWork, str]] = {
    BackgroundWork.SCHEDULES: (
        "EventBridge Scheduler did not take the schedule of this definition. Meanwhile its due minutes run two to three minutes"
        " late, and are missed if its catch-up window is shorter than that."
    ),
    BackgroundWork.TICKS: "The job of a due minute could not be made. It is made late, or the minute is missed after the catch-up window.",
}

_ADVICE: Final[Mapping[Reason, str]] = {
    Reason.DENIED: "A function of the stack lacks a permission: the operator restores its policies by deploying again.",
    Reason.QUOTA: "A quota of the account is used up: the operator deletes what is not needed, or asks AWS for more.",
    Reason.INVALID: "AWS does not accept the request: choose another schedule or time zone, or report it to the operator.",
    Reason.MISSING: "A part of the stack is missing: the operator deploys it again.",
    Reason.BUSY: "AWS is asked too often; this should pass by itself.",
    Reason.UNAVAILABLE: "AWS did not answer, or failed; this should pass by itself.",
}


@dataclass(frozen=True)
class Failure:
    """What AWS answered instead of doing what it was asked."""

    code: str
    """AWS's error code, or the kind of error where no answer came."""
    message: str

    @property
    def reason(self) -> Reason:
        """Why it failed."""
        return _REASONS.get(self.code, Reason.UNAVAILABLE)


@dataclass(frozen=True)
class Refusal:
    """Why the service makes no job of a due minute."""

    reason: Reason
    text: str
    """What stands against it, and what to do: whole sentences."""


@dataclass(frozen=True)
class Problem:
    """Background work for a definition that has failed and has not succeeded since."""

    duty: BackgroundWork
    reason: Reason = field(metadata=wire_name("code"))
    message: str
    """What failed, what AWS said, and what to do."""
    since: datetime
    """Its first failure."""
    last: datetime
    """Its latest failure."""
    attempts: int
    """Failures since `since`."""

    @property
    def title(self) -> str:
        """What fails, in a few words."""
        return _TITLES[self.duty]

    @property
    def is_lasting(self) -> bool:
        """Whether it will not pass by itself, or has not after several attempts."""
        may_pass = self.reason in (Reason.BUSY, Reason.UNAVAILABLE, Reason.LIMIT_REACHED)
        return not may_pass or self.attempts >= _REPEATED

    @property
    def retry_at(self) -> datetime:
        """When the next attempt is due: after 1, 2 and 4 minutes, then every 5."""
        return self.last + min(_FIRST_RETRY * (1 << min(self.attempts - 1, 8)), _LAST_RETRY)


def without_refusal(problem: Problem | None) -> Problem | None:
    """Give a problem, unless it is that the settings did not allow a job."""
    return None if problem and problem.reason is Reason.NOT_ALLOWED else problem


def note_failure(before: Problem | None, duty: BackgroundWork, failure: Failure, now: datetime) -> Problem:
    """Add a failure to a problem, or begin one with it."""
    quote = f"{failure.code}: {failure.message}"[:_LONGEST_QUOTE].rstrip(". ")
    message = f"{_EFFECTS[duty]} AWS says: {quote}. {_ADVICE[failure.reason]} It is tried again by itself."
    attempts = before.attempts + 1 if before else 1
    return Problem(duty, failure.reason, message, before.since if before else now, now, attempts)


def note_refusal(before: Problem | None, refusal: Refusal, due: datetime, now: datetime) -> Problem:
    """Add a due minute that the service refused to a problem of the same kind, or begin one with it."""
    same = before if before and before.reason is refusal.reason else None
    message = (
        f"{due:%Y-%m-%d %H:%M} UTC made no job. {refusal.text} It is not made up for; the next due minute tries again."
    )
    attempts = same.attempts + 1 if same else 1
    return Problem(BackgroundWork.TICKS, refusal.reason, message, same.since if same else now, now, attempts)
