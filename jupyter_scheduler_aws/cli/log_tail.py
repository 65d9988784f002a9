"""The last lines that the running cell of a job has printed."""

from collections import deque
from collections.abc import Sequence
from typing import Final

from jupyter_scheduler_aws.api.job_models import Job
from jupyter_scheduler_aws.client import Client
from jupyter_scheduler_aws.errors import SchedulerClientError
from jupyter_scheduler_aws.sanitize import sanitize_line

__all__ = ["LogTail"]

_LINES: Final = 3
_PRINTED, _NEXT_CELL = "| ", "runner: cell "
"""How the runner's log starts a line that a cell printed, and the line before each cell (docs/environments.md, "Logs")."""


class LogTail:
    """Follows the log of a job with at most one request for each poll."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._lines: deque[str] = deque(maxlen=_LINES)
        self._token: str | None = None

    def read(self, job: Job) -> Sequence[str]:
        """Return the last lines; none while no cell runs. A log that cannot be read does not disturb the wait."""
        phase = job.phase
        if job.is_ended or phase is None or phase.code != "running":
            return ()
        try:
            page = self._client.log_page(job.job_id, next_token=self._token)
        except SchedulerClientError:
            return tuple(self._lines)
        self._token = page.next_token or self._token
        for event in page.events:
            if event.message.startswith(_NEXT_CELL):
                self._lines.clear()
            elif event.message.startswith(_PRINTED) and (line := sanitize_line(event.message.removeprefix(_PRINTED))):
                self._lines.append(line)
        return tuple(self._lines)
