"""The findings of the preflight."""

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Finding", "Level", "error", "unchecked", "warning"]


class Level(StrEnum):
    """Severity of a finding."""

    ERROR = "error"
    """The deployment, or jobs after it, would fail; nothing is deployed."""

    WARNING = "warning"
    """The stack works, but a quota limits it."""

    UNCHECKED = "unchecked"
    """The check could not run: access denied, throttled, or no response."""


@dataclass(frozen=True)
class Finding:
    """One thing that an operator should know before the deployment."""

    level: Level
    subject: str
    """What it is about, in a few words."""

    message: str
    """What was found, and what to do."""


def error(subject: str, message: str) -> Finding:
    """Return a finding that stops the deployment."""
    return Finding(Level.ERROR, subject, message)


def warning(subject: str, message: str) -> Finding:
    """Return a finding that is only printed."""
    return Finding(Level.WARNING, subject, message)


def unchecked(subject: str, message: str) -> Finding:
    """Return the finding of a check that could not run."""
    return Finding(Level.UNCHECKED, subject, message)
