"""Read the log lines of an invocation with the patched wait, and print how often the reader looked for a line.

Runs in the emulator's environment.
"""

import json
import queue
import sys

from ministack.core.lambda_runtime import Worker  # type: ignore[import-not-found]  # in the emulator's environment only

from local_cloud.function_logs import FunctionLogs

__all__ = ["main"]


class _CountingQueue(queue.Queue[str]):
    looks = 0

    def get_nowait(self) -> str:
        self.looks += 1
        return super().get_nowait()


def main(lines: list[str]) -> dict[str, object]:
    """Return the log of an invocation that wrote some lines, and the number of looks."""
    FunctionLogs().patch()
    worker = Worker.__new__(Worker)
    worker._stderr_queue = _CountingQueue()
    for line in lines:
        worker._stderr_queue.put(line)
    return {"log": worker._drain_stderr_bounded(), "looks": worker._stderr_queue.looks}


if __name__ == "__main__":
    sys.stdout.write(f"{json.dumps(main(sys.argv[1:]))}\n")
