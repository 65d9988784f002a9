"""What a transfer calls while it runs. It is apart from the transfers so that a client loads these only when it needs them."""

from collections.abc import Callable
from pathlib import Path

__all__ = ["Progress", "ignore_attempt", "ignore_progress", "ignore_renamed"]

Progress = Callable[[int, int], None]
"""Called with the bytes done and the total, repeatedly and at the end. The first can decrease with a retry."""


def ignore_progress(_done: int, _total: int) -> None:
    """Ignore the progress."""


def ignore_attempt(number: int) -> None:
    """Ignore that the files are those of an earlier attempt."""


def ignore_renamed(name: str, path: Path) -> None:
    """Ignore that a file is renamed."""
