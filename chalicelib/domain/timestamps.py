"""Instants: aware UTC datetimes inside, integer milliseconds on the wire and in the tables."""

from datetime import UTC, datetime, timedelta

__all__ = ["from_millis", "to_millis"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def to_millis(instant: datetime) -> int:
    """Milliseconds since 1970 UTC; exact, without a float between.

    Raises
    ------
    ValueError
        If the datetime is naive: it names no instant.
    """
    if instant.tzinfo is None:
        raise ValueError(f"{instant} has no time zone")
    return (instant - _EPOCH) // timedelta(milliseconds=1)


def from_millis(millis: int) -> datetime:
    """Read milliseconds since 1970 as an instant in UTC."""
    return _EPOCH + timedelta(milliseconds=millis)
