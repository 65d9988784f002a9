"""Actors: who did something. Records keep them so that people can see who it was."""

from dataclasses import dataclass
from datetime import datetime

__all__ = ["Actor"]


@dataclass(frozen=True)
class Actor:
    """Who did something, and when."""

    owner_id: str
    arn: str
    """The ARN that AWS verified."""
    time: datetime
