"""An attempt on record: what the service keeps of a try of a job after the next one has started."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from chalicelib.domain.attempt_result import JobWarning
from chalicelib.domain.outcome import Outcome
from chalicelib.domain.sanitize import shorten
from chalicelib.domain.serialization import wire_name

__all__ = ["Attempt", "keep_attempts", "shorten_attempt"]

_MESSAGE_CHARACTERS: Final = 300
"""Of an outcome's message, and of the messages of all warnings, in a record. The indexes of lists contain the records, too."""

_ERROR_NAME_CHARACTERS: Final = 100

_FIRST_KEPT: Final = 2
_LAST_KEPT: Final = 8
"""More attempts than the default limits allow; an operator can allow more."""


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One try of a job that was to get a container."""

    number: int = field(metadata=wire_name("attempt"))
    compute_type: str
    on_spot: bool | None = None
    """Whether its container was launched on Spot capacity; None if it was launched by an earlier release."""
    start_time: datetime | None = None
    """When its runner checked in; None if it never did."""
    end_time: datetime | None = None
    """When it ended; None while it runs."""
    outcome: Outcome | None = None
    """Why it ended; None while it runs."""
    warnings: tuple[JobWarning, ...] = ()
    files_count: int | None = None
    """Number of files that its runner reported as uploaded; None if it did not report. There may be files nevertheless."""
    files_bytes: int | None = None
    """Their total size [bytes]."""
    task_arn: str | None = None
    """The task that ran it, which names its log; None if there was none."""


def shorten_attempt(attempt: Attempt) -> Attempt:
    """Shorten the texts of an attempt: its record is part of the job, whose item must stay small."""
    warnings, left = [], _MESSAGE_CHARACTERS
    for warning in attempt.warnings:
        if left > 1:
            message = shorten(warning.message, left)
            left -= len(message)
            warnings.append(replace(warning, message=message, names=()))
    outcome = attempt.outcome and replace(
        attempt.outcome,
        message=shorten(attempt.outcome.message, _MESSAGE_CHARACTERS),
        error_name=shorten(attempt.outcome.error_name or "", _ERROR_NAME_CHARACTERS) or None,
    )
    return replace(attempt, outcome=outcome, warnings=tuple(warnings))


def keep_attempts(attempts: tuple[Attempt, ...]) -> tuple[Attempt, ...]:
    """Keep the first two and the last eight attempts: how the trouble began, and what it is now."""
    if len(attempts) <= _FIRST_KEPT + _LAST_KEPT:
        return attempts
    return attempts[:_FIRST_KEPT] + attempts[-_LAST_KEPT:]
