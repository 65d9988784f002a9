"""Connectivity: whether runners can reach the service. If none can, a missing heartbeat is not the fault of its runner."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from chalicelib.domain.job import Job, JobStatus
from chalicelib.domain.task_watch import HEARTBEAT_TIMEOUT
from chalicelib.storage.job_lists import JobLists
from chalicelib.storage.mark_table import MarkTable

__all__ = ["ConnectivityService"]

_MOST_RUNS: Final = 20
"""How many other runs are looked at: each is one read, and a service that can be reached shows with the first ones."""


@dataclass(frozen=True, kw_only=True)
class ConnectivityService:
    """Looks at the heartbeats of other runs."""

    lists: JobLists
    marks: MarkTable

    def is_proven(self, silent: Job, now: datetime) -> bool:
        """Check whether another runner is connected, and has been for long enough that a silent one could have been heard, too.

        Costs up to 4 Queries and 20 reads; called only for a run that has been silent for 15 minutes.
        """
        rows = [row for row in self.lists.live() if row.status is JobStatus.IN_PROGRESS and row.job_id != silent.job_id]
        return any(self._is_connected(row.owner_id, row.job_id, now) for row in rows[:_MOST_RUNS])

    def _is_connected(self, owner_id: str, job_id: str, now: datetime) -> bool:
        heartbeat = self.marks.last_heartbeat_of_job(owner_id, job_id)
        if heartbeat is None or heartbeat.connected_since is None:
            return False
        is_recent = now - heartbeat.time < HEARTBEAT_TIMEOUT
        return is_recent and heartbeat.time - heartbeat.connected_since >= HEARTBEAT_TIMEOUT
