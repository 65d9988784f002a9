"""The two users of the container, by number: an image need not have accounts for them."""

from typing import Final, NamedTuple

__all__ = ["NOTEBOOK", "RUNNER", "User"]


class User(NamedTuple):
    """A user, and the group of the same number."""

    uid: int
    home: str


RUNNER: Final = User(10001, "/home/runner")
"""The user of the runner. Its processes know the session token, and only init may signal them."""

NOTEBOOK: Final = User(10002, "/home/notebook")
"""The user of the kernel and everything that it starts. The working directory belongs to it while they run."""
