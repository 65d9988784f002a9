"""`python -m runner`: init starts this with the signals that it forwards blocked, until they have a handler here."""

import os
import signal
import sys
from types import FrameType

from runner.exit_codes import Code
from runner.init.privileges import FORWARDED

__all__ = ["main"]


def main() -> int:
    """Run, and return the exit code."""
    for number in FORWARDED:
        signal.signal(number, _exit)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, FORWARDED)
    from runner.command import main as run  # noqa: PLC0415 - importing it takes seconds on a small container

    return run()


def _exit(_number: int, _frame: FrameType | None) -> None:
    """Exit at once: either nothing has started that has to be saved, or everything is reported."""
    os._exit(Code.TERMINATED.exit_code)


if __name__ == "__main__":
    sys.exit(main())
