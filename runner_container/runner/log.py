"""The container's log: each line says who speaks, a notebook cannot fill it, and nobody waits for it.

`runner: …` is the runner's own; a further line of the same message is indented as far. `| …` is everything else: what cells
and kernels print, and what libraries say about the notebook. All of it is plain text.
"""

import logging
import queue
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from io import FileIO, RawIOBase
from types import TracebackType
from typing import Final

from runner.sanitize import sanitize_text

__all__ = ["MOST_NOTEBOOK_BYTES", "NOTEBOOK", "LogHandler", "start_log"]

_LOG = logging.getLogger(__name__)
NOTEBOOK: Final = "notebook"
"""Name of the logger for what a notebook prints."""
MOST_NOTEBOOK_BYTES: Final = 10 << 20
"""What the log of one container takes of all that is not the runner's own: some 100,000 lines, ten pages of CloudWatch's GetLogEvents
(1 MB each), and half a cent at $0.50 per GB ingested."""
_MOST_OWN_BYTES: Final = 5 << 20
"""What it takes of the runner's own lines: one every 5 s for two days."""
_EVENT_BYTES: Final = 26
"""What CloudWatch Logs adds to each line's UTF-8 bytes when it counts (PutLogEvents, API reference)."""
_LINE_CHARACTERS: Final = 10_000
"""Longest line; CloudWatch Logs takes 1 MiB an event, but nobody reads that."""
_OWN, _INDENT, _OTHER = "runner: ", "        ", "| "
_FULL: Final = {
    False: f"the log takes {MOST_NOTEBOOK_BYTES >> 20} MiB of what a notebook prints, which are used up; the executed notebook has the rest",
    True: f"the log takes {_MOST_OWN_BYTES >> 20} MiB of what the runner says, which are used up",
}


class LogHandler(logging.Handler):
    """Writes records as marked lines, in a thread of its own: whoever logs never waits for the log's reader.

    What waits to be written is in memory, and bounded as the log is.

    Parameters
    ----------
    stream
        Where to write; the process's stdout, which the container's log driver reads. Not buffered: Python would wait for the
        buffer at its end.
    """

    def __init__(self, stream: RawIOBase) -> None:
        super().__init__()
        self._stream = stream
        self._left = {True: _MOST_OWN_BYTES, False: MOST_NOTEBOOK_BYTES}
        self._waiting: queue.SimpleQueue[bytes | threading.Event] = queue.SimpleQueue()
        threading.Thread(target=self._write_all, name="log", daemon=True).start()

    def emit(self, record: logging.LogRecord) -> None:
        """Mark the record's lines and hand them to the thread."""
        is_own = record.name.partition(".")[0] == "runner"
        if self._left[is_own] <= 0:
            return
        try:
            text = sanitize_text(self.format(record))
        except Exception:  # noqa: BLE001 - as every handler of `logging` does: a library's faulty message must not end a run
            self.handleError(record)
            return
        self._waiting.put("".join(f"{line}\n" for line in self._within_bounds(text, is_own=is_own)).encode())

    def _within_bounds(self, text: str, *, is_own: bool) -> Iterator[str]:
        mark, further = (_OWN, _INDENT) if is_own else (_OTHER, _OTHER)
        for line in text.split("\n"):
            marked = mark + line[:_LINE_CHARACTERS]
            yield marked
            self._left[is_own] -= len(marked.encode()) + _EVENT_BYTES
            if self._left[is_own] <= 0:
                yield _OWN + _FULL[is_own]
                return
            mark = further

    def flush(self, seconds: float = 5) -> None:
        """Wait until everything so far is written, or nobody has read for as long as is given [s]."""
        written = threading.Event()
        self._waiting.put(written)
        written.wait(seconds)

    def _write_all(self) -> None:
        while True:
            item = self._waiting.get()
            if isinstance(item, threading.Event):
                item.set()
                continue
            # A log that cannot be written (its reader is gone, its disk full) is no reason to lose the run.
            with suppress(OSError, ValueError):
                self._write(memoryview(item))

    def _write(self, left: memoryview) -> None:
        while left and (written := self._stream.write(left)):
            left = left[written:]


def start_log() -> None:
    """Let everything that this process says go one way; Python writes the rest at its end (`logging.shutdown`).

    What ends a thread or the process is a message like others: tracebacks quote what a notebook may have said.
    """
    stdout = FileIO(sys.stdout.fileno(), "w", closefd=False)
    logging.basicConfig(handlers=[LogHandler(stdout)], level=logging.WARNING, format="%(message)s")
    for name in ("runner", NOTEBOOK):
        logging.getLogger(name).setLevel(logging.INFO)
    logging.raiseExceptions = False
    logging.captureWarnings(capture=True)
    logging.getLogger("py.warnings").setLevel(logging.ERROR)  # of libraries, about notebooks of older formats
    sys.excepthook = _log_fault
    threading.excepthook = lambda told: _log_fault(told.exc_type, told.exc_value, told.exc_traceback)
    sys.unraisablehook = lambda told: _log_fault(told.exc_type, told.exc_value, told.exc_traceback)


def _log_fault(kind: type[BaseException], error: BaseException | None, trace: TracebackType | None) -> None:
    _LOG.critical("a fault of the runner", exc_info=(kind, error or kind(), trace))
