"""The two users of the container. They are numbers: an image need not have accounts for them."""

from typing import Final, NamedTuple

__all__ = ["NOTEBOOK", "RUNNER", "User"]


class User(NamedTuple):
    """A user, and the group of the same number."""

    uid: int
    home: str


RUNNER: Final = User(10001, "/home/runner")
"""Whose processes know the session token, and nobody but init may signal them."""

NOTEBOOK: Final = User(10002, "/home/notebook")
"""Whose processes are the kernel and everything that it starts; the work folder belongs to it while they live."""
