"""Fair queueing: choose the next waiting jobs by round robin over their owners, and over each owner's definitions, within the limits.

The owner with the fewest slots comes first; among equals, the one who has waited longest. Without this order, one owner would get
every slot whenever slots become free one at a time.
"""

from collections import Counter, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from chalicelib.config import Limits
from chalicelib.domain.job import LiveJob, WaitingJob, WaitingQueue

__all__ = ["Load", "longest_waiting", "round_robin"]


@dataclass
class Load:
    """The number of slots in use: in total, by owner and by queue."""

    total: int = 0
    by_owner: Counter[str] = field(default_factory=Counter)
    by_queue: Counter[tuple[str, str | None]] = field(default_factory=Counter)
    """By owner and definition; None for the owner's jobs without one."""

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
        self.by_queue[_queue_of(job)] += 1

    def has_room(self, job: WaitingJob, limits: Limits) -> bool:
        """Whether all limits allow this job in addition."""
        return self.total < limits.max_running_jobs and self.has_share(job, limits)

    def has_share(self, job: WaitingJob, limits: Limits) -> bool:
        """Whether the limits of its owner and of its definition allow this job in addition."""
        return self.by_owner[job.owner_id] < limits.max_running_jobs_per_owner and (
            not job.job_definition_id or self.by_queue[_queue_of(job)] < limits.max_running_jobs_per_definition
        )


def longest_waiting(waiting: Iterable[WaitingJob], load: Load, limits: Limits) -> WaitingJob | None:
    """Return the job that has waited longest for the stack, rather than for other jobs of its owner or definition; None without one."""
    return min(
        (job for job in waiting if load.has_share(job, limits)),
        key=lambda job: (job.not_before, job.job_id),
        default=None,
    )


def round_robin(waiting: Iterable[WaitingQueue], load: Load, limits: Limits) -> Iterator[WaitingJob]:
    """Yield the jobs to launch, one per owner in turn, and add them to the load.

    An owner's turn goes to the queue with the fewest slots; among equals, to the one whose first job has waited longest.

    Parameters
    ----------
    waiting
        The queues of waiting jobs, each oldest first. A job is taken from its queue only when its turn has come.
    load
        The slots in use. This function adds each job that it yields.
    limits
        The operator's limits.
    """
    queues: dict[str, list[_Queue]] = {}
    for queue in waiting:
        if first := next(queue.jobs, None):
            queues.setdefault(queue.owner_id, []).append(_Queue(first, queue.jobs))
    owners = deque(
        sorted(queues.values(), key=lambda of_owner: min(_precedence(each.first, load) for each in of_owner))
    )
    while owners and load.total < limits.max_running_jobs:
        of_owner = owners.popleft()
        if job := _take(of_owner, load, limits):
            load.add(job)
            yield job
            owners.append(of_owner)


@dataclass
class _Queue:
    first: WaitingJob
    rest: Iterator[WaitingJob]


def _precedence(job: WaitingJob, load: Load) -> tuple[int, datetime, str]:
    return load.by_owner[job.owner_id], job.not_before, job.job_id


def _take(queues: list[_Queue], load: Load, limits: Limits) -> WaitingJob | None:
    """Take the next job of an owner. A queue that is empty, or whose definition is at its limit, is removed: no slot becomes free meanwhile."""
    while queues:
        queue = min(
            queues, key=lambda each: (load.by_queue[_queue_of(each.first)], each.first.not_before, each.first.job_id)
        )
        job = queue.first
        if not load.has_room(job, limits):
            queues.remove(queue)
            continue
        if following := next(queue.rest, None):
            queue.first = following
        else:
            queues.remove(queue)
        return job
    return None


def _queue_of(job: LiveJob | WaitingJob) -> tuple[str, str | None]:
    return job.owner_id, job.job_definition_id
