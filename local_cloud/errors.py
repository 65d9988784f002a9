"""What a person can do something about, said in one line."""

__all__ = ["LocalCloudError"]


class LocalCloudError(Exception):
    """The local cloud cannot start or deploy; the message says what to do."""
