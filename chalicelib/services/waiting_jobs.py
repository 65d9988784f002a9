"""Waiting jobs: measures how many there are, and for how long the oldest one waits, for the dashboard and an alarm."""

from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Final

from chalicelib.config import Limits
from chalicelib.domain.fairness import Load, longest_waiting
from chalicelib.domain.job import WaitingJob
from chalicelib.observability import measure, measure_oldest_waiting
from chalicelib.services.background_work import OutOfTimeError
from chalicelib.services.clock import Clock
from chalicelib.storage.job_lists import JobLists

__all__ = ["MOST_COUNTED", "WaitingJobService"]

MOST_COUNTED: Final = 1000
"""Jobs that are counted: ten Queries. More are measured as this many."""


@dataclass(frozen=True, kw_only=True)
class WaitingJobService:
    """Measures the jobs that may run now and have no slot. The sweep does this, so that it works also when dispatch does not."""

    limits: Limits
    lists: JobLists
    clock: Clock

    def measure(self, until: datetime) -> None:
        """Measure the waiting jobs; while none waits, this is one Query and writes nothing.

        The oldest is of those whose owner and definition have slots left: it waits for a slot of the stack, or because dispatch fails.
        Jobs that wait behind others of the same person are no concern of an operator.

        Parameters
        ----------
        until
            When to stop reading; the next sweep measures again.

        Raises
        ------
        OutOfTimeError
            If there was no time to read the first job of each queue.
        """
        now = self.clock()
        oldest, number = self._read(now, until)
        if not oldest:
            return
        job = longest_waiting(oldest, Load.of(self.lists.live()), self.limits)
        seconds = (now - job.not_before).total_seconds() if job else 0.0
        measure("jobs waiting", waiting_jobs=number, oldest_waiting_seconds=seconds)
        measure_oldest_waiting(seconds)

    def _read(self, now: datetime, until: datetime) -> tuple[list[WaitingJob], int]:
        """Read the oldest job of each queue, and count the jobs of all queues up to `MOST_COUNTED`."""
        oldest, number = list[WaitingJob](), 0
        for queue in self.lists.waiting(now):
            if self.clock() >= until:
                raise OutOfTimeError
            oldest.append(next(queue.jobs))
            number = min(number + 1, MOST_COUNTED)
            number += sum(1 for _ in islice(queue.jobs, MOST_COUNTED - number))
        return oldest, number
