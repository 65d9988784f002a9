"""`python -m runner`: process 1 of the container, without an init above it.

The operating system does not deliver a signal to process 1 that it has no handler for (pid_namespaces(7)), SIGKILL from inside
the container included: the notebook cannot kill the runner, and SIGTERM needs a handler from the first moment.
"""

import os
import signal
import sys
from types import FrameType

from runner.outcomes import Code

__all__ = ["main"]


def main() -> int:
    """Run, and return the exit code."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _end)
    from runner.command import main as run  # noqa: PLC0415 - its imports take seconds on a small container

    return run()


def _end(_number: int, _frame: FrameType | None) -> None:
    """End at once: nothing has begun that would have to be saved, or everything is reported."""
    os._exit(Code.TERMINATED.exit_code)


if __name__ == "__main__":
    sys.exit(main())
