"""Upload the running notebook from time to time, so that people can look at it and a lost container leaves something behind."""

import logging
import threading
from collections.abc import Callable

from runner.errors import RunnerError, RunRevokedError
from runner.settings import Intervals
from runner.uploads import Output, Uploads
from runner.watchdog import Request, Watchdog

__all__ = ["PartialUploads"]

_LOG = logging.getLogger(__name__)


class PartialUploads:
    """A thread that uploads the last saved notebook if it is newer than the one that was uploaded before.

    Parameters
    ----------
    uploads, watchdog
        Uploads the notebook; ends the run if it was revoked.
    saved
        Returns the last saved notebook, or None.
    path
        The executed notebook's path among the outputs.
    intervals
        When to upload first, and how often after that.
    """

    def __init__(
        self,
        uploads: Uploads,
        watchdog: Watchdog,
        *,
        saved: Callable[[], bytes | None],
        path: str,
        intervals: Intervals,
    ) -> None:
        self._uploads = uploads
        self._watchdog = watchdog
        self._saved = saved
        self._path = path
        self._intervals = intervals
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._upload_all, name="partial-uploads", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def end(self) -> None:
        """Stop, and wait for a running upload: a late one must not overwrite the final notebook."""
        self._end.set()
        self._thread.join()

    def _upload_all(self) -> None:
        uploaded: bytes | None = None
        delay = self._intervals.first_upload_seconds
        while not self._end.wait(delay):
            saved = self._saved()
            if saved is not None and saved is not uploaded and self._upload(saved):
                uploaded = saved
            delay = self._intervals.next_upload_seconds

    def _upload(self, notebook: bytes) -> bool:
        try:
            self._uploads.upload_now(Output(format="ipynb", path=self._path, source=notebook, size_bytes=len(notebook)))
        except RunRevokedError:
            self._watchdog.request(Request.REVOKED)
        except RunnerError as error:
            _LOG.warning("the partial notebook could not be uploaded: %s", error)
        else:
            return True
        return False
