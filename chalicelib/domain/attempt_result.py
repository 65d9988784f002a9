"""The result of an attempt: its outcome, warnings, and how much it uploaded."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from chalicelib.domain.outcome import Outcome
from chalicelib.domain.sanitize import shorten

__all__ = ["AttemptResult", "JobWarning", "limit_warnings", "make_warning"]

_MESSAGE_CHARACTERS: Final = 500
_NAME_CHARACTERS: Final = 200
_MAX_NAMES: Final = 20
_MAX_WARNINGS: Final = 20
_TOTAL_CHARACTERS: Final = 4000
"""Messages and names of all warnings of an attempt: the indexes of lists contain them, too."""


@dataclass(frozen=True, kw_only=True)
class JobWarning:
    """Something that a person would want to know although it did not decide how the attempt ended."""

    code: str
    """For programs to compare: docs/troubleshooting.md lists the codes. A newer runner may report others."""
    message: str
    """What happened and what to do: one or two sentences."""
    names: tuple[str, ...] = ()
    """What it concerns, such as files; the first ones, if there are many."""
    count: int = 0
    """How many it concerns; 0 if it does not concern things that can be counted."""


@dataclass(frozen=True)
class AttemptResult:
    """How an attempt ended, as its runner reports it; if no runner reports, only the outcome is known."""

    outcome: Outcome
    warnings: tuple[JobWarning, ...] = ()
    files_count: int | None = None
    """Number of uploaded files."""
    files_bytes: int | None = None
    """Their total size [bytes]."""


def make_warning(code: str, message: str, *, names: Sequence[str] = (), count: int = 0) -> JobWarning:
    """Make a warning. Its texts are sanitized and truncated; `count` is at least the number of names."""
    kept = tuple(shorten(name, _NAME_CHARACTERS) for name in names[:_MAX_NAMES])
    return JobWarning(
        code=code, message=shorten(message, _MESSAGE_CHARACTERS), names=kept, count=max(count, len(names))
    )


def limit_warnings(warnings: Iterable[JobWarning]) -> tuple[JobWarning, ...]:
    """Keep at most 20 warnings and 4,000 characters: every message that fits first, then the names that still fit."""
    kept: list[JobWarning] = []
    left = _TOTAL_CHARACTERS
    for warning in list(warnings)[:_MAX_WARNINGS]:
        if len(warning.message) <= left:
            kept.append(warning)
            left -= len(warning.message)
    limited = []
    for warning in kept:
        names = []
        for name in warning.names:
            if len(name) <= left:
                names.append(name)
                left -= len(name)
        limited.append(replace(warning, names=tuple(names)))
    return tuple(limited)
