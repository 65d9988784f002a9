"""Waits for what happens on the other side."""

from collections.abc import Callable, Iterator
from typing import Final

from jupyter_scheduler_aws.api.job_models import Job
from jupyter_scheduler_aws.api.response_models import LogEvent, LogPage
from jupyter_scheduler_aws.api.retry_policy import RetryPolicy
from jupyter_scheduler_aws.errors import ServiceError, TooManyRequestsError, UnreachableError

__all__ = ["follow_log", "wait_for_end"]

_MOST_MISSED_LOOKS: Final = 12
"""Looks in a row that may fail, each repeated already: with its delays, at least three minutes without the service."""

_EMPTY_PAGES_AT_END: Final = 2
"""CloudWatch Logs may give an empty part with more behind it."""


def wait_for_end(look: Callable[[], Job], *, pace: RetryPolicy, on_change: Callable[[Job], None] | None) -> Job:
    """Look at a job until it has ended.

    Parameters
    ----------
    look
        Gets the job.
    pace
        How often to look.
    on_change
        Called at first, and when status, phase or attempt are others than before.

    Raises
    ------
    SchedulerClientError
        What `look` raises; an outage only if it lasts.
    """
    missed = 0
    seen: object = None
    for _ in pace.polls():
        try:
            job = look()
        except (UnreachableError, ServiceError, TooManyRequestsError):
            missed += 1
            if missed > _MOST_MISSED_LOOKS:
                raise
            continue
        missed = 0
        state = (job.status, job.phase, job.attempt)
        if on_change and state != seen:
            on_change(job)
        seen = state
        if job.is_ended:
            return job
    raise AssertionError("polls never end")


def follow_log(
    read: Callable[[str | None], LogPage], *, is_ended: Callable[[], bool], pace: RetryPolicy
) -> Iterator[LogEvent]:
    """Go through a log, and wait for more until nothing more will come.

    Parameters
    ----------
    read
        Gets the part after a token, or the first.
    is_ended
        Says whether nothing more will be written.
    pace
        How often to look for more.
    """
    token: str | None = None
    for _ in pace.polls():
        was_ended = is_ended()
        empty_pages = 0
        while empty_pages < _EMPTY_PAGES_AT_END:
            page = read(token)
            yield from page.events
            empty_pages = 0 if page.events else empty_pages + 1
            if page.next_token is None or page.next_token == token:
                break
            token = page.next_token
        if was_ended:
            return
