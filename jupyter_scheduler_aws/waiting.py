"""Wait for one job or several to end, and follow a log."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final, TypeVar

from jupyter_scheduler_aws.api.job_models import Job
from jupyter_scheduler_aws.api.polling_interval import PollingInterval
from jupyter_scheduler_aws.api.response_models import LogEvent, LogPage
from jupyter_scheduler_aws.errors import NotFoundError, ServiceError, TooManyRequestsError, UnreachableError

__all__ = ["WatchedJobs", "follow_log", "wait_for_all", "wait_for_end"]

T = TypeVar("T")

_MAX_FAILED_POLLS: Final = 12
"""Polls in a row that may fail after their own retries: together at least three minutes without the service."""

_MAX_EMPTY_PAGES: Final = 2
"""CloudWatch Logs can return an empty page with more pages behind it."""


def wait_for_end(
    get_job: Callable[[], Job],
    *,
    polling_interval: PollingInterval,
    on_change: Callable[[Job], None] | None,
    on_poll: Callable[[Job], None] | None = None,
) -> Job:
    """Poll a job until it has ended. Short outages do not end the wait.

    `on_change` is called with the first response, and whenever status, phase or attempt have changed; `on_poll` with each response.
    """
    previous: object = None
    for job in _polled(get_job, polling_interval):
        state = (job.status, job.phase, job.attempt)
        if on_change and state != previous:
            on_change(job)
        previous = state
        if on_poll:
            on_poll(job)
        if job.is_ended:
            return job
    raise AssertionError("polls never end")


class WatchedJobs:
    """Jobs that are waited for together, as the last poll found them.

    Parameters
    ----------
    jobs
        The jobs by id, in the order of their results; None for one that was not read yet.
    list_jobs
        Lists the jobs of a group. A job that is not among `jobs` is added to them.
    get_job
        Reads a job that no list contains, to find out whether it was deleted.
    """

    def __init__(
        self,
        jobs: Mapping[str, Job | None],
        *,
        list_jobs: Callable[[], Iterable[Job]],
        get_job: Callable[[str], Job],
    ) -> None:
        self.jobs = dict(jobs)
        """The last known state of each job."""
        self.deleted: set[str] = set()
        """The ids of jobs that were deleted before they had ended."""
        self._list_jobs = list_jobs
        self._get_job = get_job

    @property
    def ended(self) -> list[Job]:
        """The jobs that have ended, without deleted ones."""
        return [job for job in self.jobs.values() if job and job.is_ended]

    @property
    def is_over(self) -> bool:
        """Whether each job has ended or was deleted."""
        return len(self.ended) + len(self.deleted) == len(self.jobs)

    def poll(self) -> None:
        """Request the state of the jobs that have not ended."""
        listed = {job.job_id: job for job in self._list_jobs()}
        for job_id in dict.fromkeys((*self.jobs, *listed)):
            known = self.jobs.get(job_id)
            if job_id in self.deleted or (known and known.is_ended):
                continue
            try:
                self.jobs[job_id] = listed.get(job_id) or self._get_job(job_id)
            except NotFoundError:
                self.deleted.add(job_id)


def wait_for_all(
    watched: WatchedJobs, *, polling_interval: PollingInterval, on_poll: Callable[[WatchedJobs], None]
) -> None:
    """Poll jobs until each has ended or was deleted. Short outages do not end the wait. `on_poll` is called after each poll."""
    for _ in _polled(watched.poll, polling_interval):
        on_poll(watched)
        if watched.is_over:
            return


def follow_log(
    get_page: Callable[[str | None], LogPage], *, is_ended: Callable[[], bool], polling_interval: PollingInterval
) -> Iterator[LogEvent]:
    """Iterate over a log, and poll for more until the job has ended.

    `get_page` requests the page after a token, or the first one.
    """
    token: str | None = None
    for _ in polling_interval.polls():
        was_ended = is_ended()
        empty_pages = 0
        while empty_pages < _MAX_EMPTY_PAGES:
            page = get_page(token)
            yield from page.events
            empty_pages = 0 if page.events else empty_pages + 1
            if page.next_token is None or page.next_token == token:
                break
            token = page.next_token
        if was_ended:
            return


def _polled(look: Callable[[], T], polling_interval: PollingInterval) -> Iterator[T]:
    """Yield what each poll finds, without those that fail in a short outage."""
    failed_polls = 0
    for _ in polling_interval.polls():
        try:
            found = look()
        except (UnreachableError, ServiceError, TooManyRequestsError):
            failed_polls += 1
            if failed_polls > _MAX_FAILED_POLLS:
                raise
            continue
        failed_polls = 0
        yield found
