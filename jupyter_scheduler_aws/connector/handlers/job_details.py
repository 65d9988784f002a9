"""A job with its attempts, a page of its log, and the jobs that have not ended."""

from collections.abc import Mapping
from typing import Any, Final

from jupyter_scheduler_aws.client import Client
from jupyter_scheduler_aws.connector.handlers.service import millis
from jupyter_scheduler_aws.connector.list_pages import fetch_job_rows
from jupyter_scheduler_aws.enums import FINAL_STATUSES, JobStatus

__all__ = ["describe_job", "log_page", "unfinished_jobs"]

_MAX_UNFINISHED: Final = 100


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


def unfinished_jobs(client: Client) -> Mapping[str, Any]:
    """Return the newest jobs that have not ended. It takes one request for each status that a job can leave."""
    rows: list[Mapping[str, Any]] = []
    more = False
    for status in JobStatus:
        if status not in FINAL_STATUSES:
            found, token, _ = fetch_job_rows(client, [("status", status)], max_items=_MAX_UNFINISHED)
            rows += found
            more = more or token is not None
    # A job that goes on between two requests may be in both.
    newest = sorted({row["job_id"]: row for row in rows}.values(), key=lambda row: row["job_id"], reverse=True)
    return {"jobs": newest[:_MAX_UNFINISHED], "more": more or len(newest) > _MAX_UNFINISHED}
