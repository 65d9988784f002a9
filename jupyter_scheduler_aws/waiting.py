"""Wait for a job to end, and follow its log."""

from collections.abc import Callable, Iterator
from typing import Final

from jupyter_scheduler_aws.api.job_models import Job
from jupyter_scheduler_aws.api.polling_interval import PollingInterval
from jupyter_scheduler_aws.api.response_models import LogEvent, LogPage
from jupyter_scheduler_aws.errors import ServiceError, TooManyRequestsError, UnreachableError

__all__ = ["follow_log", "wait_for_end"]

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
    failed_polls = 0
    previous: object = None
    for _ in polling_interval.polls():
        try:
            job = get_job()
        except (UnreachableError, ServiceError, TooManyRequestsError):
            failed_polls += 1
            if failed_polls > _MAX_FAILED_POLLS:
                raise
            continue
        failed_polls = 0
        state = (job.status, job.phase, job.attempt)
        if on_change and state != previous:
            on_change(job)
        previous = state
        if on_poll:
            on_poll(job)
        if job.is_ended:
            return job
    raise AssertionError("polls never end")


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
