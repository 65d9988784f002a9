"""Convert jobs to the attributes of an item, and back. The keys of the indexes are derived from the job."""

from typing import Any, Final

from chalicelib.domain.identifiers import live_shard
from chalicelib.domain.job import Job, JobStatus
from chalicelib.domain.timestamps import to_millis
from chalicelib.storage.items import JobItem
from chalicelib.storage.record_attributes import attribute_values, read_record

__all__ = ["WAITING", "deadline_key", "definition_key", "job_attributes", "text_key", "to_job", "waiting_key"]

WAITING: Final = "waiting"
"""The only partition of the index of waiting jobs; DynamoDB splits it by its range key if it gets too much traffic."""


def waiting_key(owner_id: str, definition_id: str | None, not_before_millis: int, job_id: str) -> str:
    """Return the range key of the waiting index: by owner, then by definition, then by the time from which the job may run."""
    return f"{owner_id}#{definition_id or '-'}#{not_before_millis:015d}#{job_id}"


def deadline_key(deadline_millis: int, owner_id: str = "", job_id: str = "") -> str:
    """Return the range key of the live index: by deadline."""
    return f"{deadline_millis:015d}#{owner_id}#{job_id}"


def text_key(text: str, item_id: str) -> str:
    """Return the range key of a list by name. The separator sorts before every character that a name can contain."""
    return f"{text}\x1f{item_id}"


def definition_key(owner_id: str, definition_id: str) -> str:
    """Return the hash key of a definition's jobs."""
    return f"{owner_id}#{definition_id}"


def job_attributes(job: Job) -> dict[str, Any]:
    """Return every attribute of a job's item; None for an attribute that the item does not have."""
    ids = job.owner_id, job.job_id
    not_before = job.not_before if job.status is JobStatus.CREATED and not job.is_watched else None
    return {
        **attribute_values(job),
        "name_key": text_key(job.name, job.job_id),
        "input_filename_key": text_key(job.input_filename, job.job_id),
        "status_key": f"{job.status}#{job.job_id}",
        "definition_key": definition_key(job.owner_id, job.job_definition_id) if job.job_definition_id else None,
        "waiting": WAITING if not_before else None,
        "waiting_key": waiting_key(job.owner_id, job.job_definition_id, to_millis(not_before), job.job_id)
        if not_before
        else None,
        "live_shard": live_shard(job.job_id) if job.is_watched else None,
        "deadline_key": deadline_key(to_millis(job.deadline), *ids) if job.deadline else None,
    }


def to_job(item: JobItem) -> Job:
    """Return the job of an item, from the table or from the index of a list."""
    return read_record(Job, item)
