"""The container's log: each line shows its origin, a notebook cannot fill the log, and nothing waits for it.

`runner: …` is a message of the runner; its further lines are indented. `| …` is everything else: what cells and kernels print,
and messages of libraries. All of it is plain text.
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

__all__ = ["MAX_NOTEBOOK_BYTES", "NOTEBOOK", "LogHandler", "start_log"]

_LOG = logging.getLogger(__name__)
NOTEBOOK: Final = "notebook"
"""The name of the logger for what a notebook prints."""
MAX_NOTEBOOK_BYTES: Final = 10 << 20
"""The limit for one container on everything but the runner's own messages: some 100,000 lines, ten pages of CloudWatch's GetLogEvents
(1 MB each), and half a cent at $0.50 per GB ingested."""
_MAX_RUNNER_BYTES: Final = 5 << 20
"""The limit on the runner's own messages: one line every 5 s for two days."""
_EVENT_BYTES: Final = 26
"""What CloudWatch Logs adds to each line's UTF-8 bytes when it counts (PutLogEvents, API reference)."""
_LINE_CHARACTERS: Final = 10_000
"""The longest line. CloudWatch Logs accepts 1 MiB an event, but nobody reads that."""
_RUNNER_PREFIX, _INDENT, _OTHER_PREFIX = "runner: ", "        ", "| "
_FULL: Final = {
    False: f"the log is full: it has {MAX_NOTEBOOK_BYTES >> 20} MiB of what the notebook printed; the executed notebook has the rest",
    True: f"the log is full: it has {_MAX_RUNNER_BYTES >> 20} MiB of the runner's messages",
}


class LogHandler(logging.Handler):
    """Writes records as prefixed lines, in a thread of its own: code that logs never waits for the log's reader.

    Lines that wait to be written are in memory, and bounded as the log is.

    Parameters
    ----------
    stream
        Where to write: the process's stdout, which the container's log driver reads. It is not buffered, because Python would
        wait for the buffer at exit.
    """

    def __init__(self, stream: RawIOBase) -> None:
        super().__init__()
        self._stream = stream
        self._left = {True: _MAX_RUNNER_BYTES, False: MAX_NOTEBOOK_BYTES}
        self._waiting: queue.SimpleQueue[bytes | threading.Event] = queue.SimpleQueue()
        threading.Thread(target=self._write_all, name="log", daemon=True).start()

    def emit(self, record: logging.LogRecord) -> None:
        """Add the prefix to the record's lines and queue them for the thread."""
        is_runner = record.name.partition(".")[0] == "runner"
        if self._left[is_runner] <= 0:
            return
        try:
            text = sanitize_text(self.format(record))
        except Exception:  # noqa: BLE001 - as every handler of `logging` does: a library's faulty message must not end a run
            self.handleError(record)
            return
        self._waiting.put("".join(f"{line}\n" for line in self._add_prefixes(text, is_runner=is_runner)).encode())

    def _add_prefixes(self, text: str, *, is_runner: bool) -> Iterator[str]:
        prefix, next_prefix = (_RUNNER_PREFIX, _INDENT) if is_runner else (_OTHER_PREFIX, _OTHER_PREFIX)
        for line in text.split("\n"):
            prefixed = prefix + line[:_LINE_CHARACTERS]
            yield prefixed
            self._left[is_runner] -= len(prefixed.encode()) + _EVENT_BYTES
            if self._left[is_runner] <= 0:
                yield _RUNNER_PREFIX + _FULL[is_runner]
                return
            prefix = next_prefix

    def flush(self, seconds: float = 5) -> None:
        """Wait until everything so far is written, at most for this time [s]."""
        written = threading.Event()
        self._waiting.put(written)
        written.wait(seconds)

    def _write_all(self) -> None:
        while True:
            item = self._waiting.get()
            if isinstance(item, threading.Event):
                item.set()
                continue
            # A log that cannot be written (its reader is gone, the disk is full) must not end the run.
            with suppress(OSError, ValueError):
                self._write(memoryview(item))

    def _write(self, left: memoryview) -> None:
        while left and (written := self._stream.write(left)):
            left = left[written:]


def start_log() -> None:
    """Send all output of this process through one handler; Python writes the rest at exit (`logging.shutdown`).

    This includes errors that end a thread or the process: tracebacks may quote what a notebook printed.
    """
    stdout = FileIO(sys.stdout.fileno(), "w", closefd=False)
    logging.basicConfig(handlers=[LogHandler(stdout)], level=logging.WARNING, format="%(message)s")
    for name in ("runner", NOTEBOOK):
        logging.getLogger(name).setLevel(logging.INFO)
    logging.raiseExceptions = False
    logging.captureWarnings(capture=True)
    logging.getLogger("py.warnings").setLevel(logging.ERROR)  # of libraries, about notebooks of older formats
    sys.excepthook = _log_uncaught
    threading.excepthook = lambda args: _log_uncaught(args.exc_type, args.exc_value, args.exc_traceback)
    sys.unraisablehook = lambda args: _log_uncaught(args.exc_type, args.exc_value, args.exc_traceback)


def _log_uncaught(kind: type[BaseException], error: BaseException | None, trace: TracebackType | None) -> None:
    _LOG.critical("internal error", exc_info=(kind, error or kind(), trace))
