"""Timestamps: aware UTC datetimes in the code, integer milliseconds on the wire and in the tables."""

from datetime import UTC, datetime, timedelta

__all__ = ["from_millis", "to_millis"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def to_millis(instant: datetime) -> int:
    """Return the milliseconds since 1970 UTC, computed exactly, without floats.

    Raises
    ------
    ValueError
        If the datetime is naive, because it is no instant then.
    """
    if instant.tzinfo is None:
        raise ValueError(f"{instant} has no time zone")
    return (instant - _EPOCH) // timedelta(milliseconds=1)


def from_millis(millis: int) -> datetime:
    """Convert milliseconds since 1970 to an instant in UTC."""
    return _EPOCH + timedelta(milliseconds=millis)
