"""The error of the local cloud that a person can fix."""

__all__ = ["LocalCloudError"]


class LocalCloudError(Exception):
    """The local cloud cannot start or deploy; the message says what to do."""
