"""A job with its attempts, a page of its log, and the jobs that have not ended."""

from collections.abc import Collection, Mapping
from typing import Any

from jupyter_scheduler_aws.client import Client
from jupyter_scheduler_aws.connector.handlers.service import millis

__all__ = ["describe_job", "log_page", "unfinished_jobs"]


def describe_job(client: Client, job_id: str) -> Mapping[str, Any]:
    """Return a job, and its attempts. While the first one runs, this takes one request, else two."""
    job = client.get_job(job_id)
    attempts: Mapping[str, Any] = {}
    if job.attempt > 1 or job.is_ended:
        attempts = client.attempts(job_id).document
    return {
        "job": job.document,
        "attempts": attempts.get("attempts", []),
        "attempts_left_out": attempts.get("attempts_left_out", 0),
    }


def log_page(
    client: Client, job_id: str, *, attempt: int | None, next_token: str | None, tail: int | None
) -> Mapping[str, Any]:
    """Return a page of a log, or its last lines. It takes one request.

    The token requests what follows, also later. If a page has no events and the token that was sent, there is no more at
    present.
    """
    page = client.log_page(job_id, attempt=attempt, next_token=next_token, tail=tail)
    events = [{"time": millis(event.time), "message": event.message} for event in page.events]
    return {"events": events, "next_token": page.next_token}


def unfinished_jobs(client: Client, started: Collection[str]) -> Mapping[str, Any]:
    """Return the newest jobs that have not ended, at most a hundred. It takes one request.

    Parameters
    ----------
    client
        The client.
    started
        Ids of jobs that this server has created; the response says which of its jobs are among them.
    """
    found = client.unfinished_jobs()
    return {
        "jobs": [job.document for job in found.jobs],
        "more": found.has_more,
        "started_here": [job.job_id for job in found.jobs if job.job_id in started],
    }
