"""`python -m runner`: what the container's init starts, with the signals that it forwards blocked until they have a handler."""

import os
import signal
import sys
from types import FrameType

from runner.init.privileges import FORWARDED
from runner.outcomes import Code

__all__ = ["main"]


def main() -> int:
    """Run, and return the exit code."""
    for number in FORWARDED:
        signal.signal(number, _end)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, FORWARDED)
    from runner.command import main as run  # noqa: PLC0415 - its imports take seconds on a small container

    return run()


def _end(_number: int, _frame: FrameType | None) -> None:
    """End at once: nothing has begun that would have to be saved, or everything is reported."""
    os._exit(Code.TERMINATED.exit_code)


if __name__ == "__main__":
    sys.exit(main())
