"""Fair queueing: choose the next waiting jobs by round robin over their owners, within the limits.

The owner with the fewest slots comes first; among equals, the one who has waited longest. Without this order, one owner would get
every slot whenever slots become free one at a time.
"""

from collections import Counter, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from chalicelib.config import Limits
from chalicelib.domain.job import LiveJob, WaitingJob

__all__ = ["Load", "round_robin"]


@dataclass
class Load:
    """The number of slots in use: in total, by owner and by definition."""

    total: int = 0
    by_owner: Counter[str] = field(default_factory=Counter)
    by_definition: Counter[str] = field(default_factory=Counter)

    @classmethod
    def of(cls, live: Iterable[LiveJob]) -> "Load":
        """Count live jobs."""
        load = cls()
        for job in live:
            load.add(job)
        return load

    def add(self, job: LiveJob | WaitingJob) -> None:
        """Count one more job."""
        self.total += 1
        self.by_owner[job.owner_id] += 1
        if job.job_definition_id:
            self.by_definition[job.job_definition_id] += 1

    def has_room(self, job: WaitingJob, limits: Limits) -> bool:
        """Whether all limits allow this job in addition."""
        return (
            self.total < limits.max_running_jobs
            and self.by_owner[job.owner_id] < limits.max_running_jobs_per_owner
            and (
                not job.job_definition_id
                or self.by_definition[job.job_definition_id] < limits.max_running_jobs_per_definition
            )
        )


def round_robin(waiting: Iterable[list[WaitingJob]], load: Load, limits: Limits) -> Iterator[WaitingJob]:
    """Yield the jobs to launch, one per owner in turn, and add them to the load.

    Parameters
    ----------
    waiting
        The waiting jobs of each owner, oldest first.
    load
        The slots in use. This function adds each job that it yields.
    limits
        The operator's limits.
    """
    first = sorted((jobs for jobs in waiting if jobs), key=lambda jobs: _precedence(jobs[0], load))
    queues = deque(deque(jobs) for jobs in first)
    while queues and load.total < limits.max_running_jobs:
        queue = queues.popleft()
        job = _first_with_room(queue, load, limits)
        if job is not None:
            load.add(job)
            yield job
            queues.append(queue)


def _precedence(job: WaitingJob, load: Load) -> tuple[int, datetime, str]:
    return load.by_owner[job.owner_id], job.not_before, job.job_id


def _first_with_room(queue: deque[WaitingJob], load: Load, limits: Limits) -> WaitingJob | None:
    while queue:
        job = queue.popleft()
        if load.has_room(job, limits):
            return job
    return None
