"""Uploading the running notebook now and then, so that people can look and a lost container leaves something."""

import logging
import threading
from collections.abc import Callable

from runner.errors import NotMyRunError, RunnerError
from runner.settings import Intervals
from runner.uploads import Output, Uploads
from runner.watchdog import Request, Watchdog

__all__ = ["PartialUploads"]

_LOG = logging.getLogger(__name__)


class PartialUploads:
    """A thread that uploads the notebook's last snapshot if there is a newer one than it uploaded before.

    Parameters
    ----------
    uploads, control
        How to upload; whom to tell if the run is no longer ours.
    snapshot
        Gives the last snapshot, or None.
    path
        The executed notebook's path among the outputs.
    intervals
        When first, and how often.
    """

    def __init__(
        self,
        uploads: Uploads,
        control: Watchdog,
        *,
        snapshot: Callable[[], bytes | None],
        path: str,
        intervals: Intervals,
    ) -> None:
        self._uploads = uploads
        self._control = control
        self._snapshot = snapshot
        self._path = path
        self._intervals = intervals
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._upload_all, name="partial-uploads", daemon=True)

    def start(self) -> None:
        """Begin to wait for the first upload."""
        self._thread.start()

    def end(self) -> None:
        """Stop, and wait for an upload under way: a late one must not overwrite the final notebook."""
        self._end.set()
        self._thread.join()

    def _upload_all(self) -> None:
        uploaded: bytes | None = None
        pause = self._intervals.first_upload_seconds
        while not self._end.wait(pause):
            snapshot = self._snapshot()
            if snapshot is not None and snapshot is not uploaded and self._upload(snapshot):
                uploaded = snapshot
            pause = self._intervals.next_upload_seconds

    def _upload(self, snapshot: bytes) -> bool:
        try:
            self._uploads.upload_now(Output(format="ipynb", path=self._path, source=snapshot))
        except NotMyRunError:
            self._control.request(Request.LEAVE)
        except RunnerError as error:
            _LOG.warning("the notebook so far could not be uploaded: %s", error)
        else:
            return True
        return False
