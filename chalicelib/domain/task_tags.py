"""Tags of a task, by which AWS's bills and Cost Explorer tell whose job, and which definition's, a container was."""

import re
from typing import Final

from chalicelib.domain.job import Job

__all__ = ["STACK_TAG", "task_tags"]

_PREFIX: Final = "jupyter-scheduler:"

STACK_TAG: Final = f"{_PREFIX}stack"
"""Key of the tag that names the stack."""

_MAX_CHARACTERS: Final = 256
"""Longest value of a tag (Amazon ECS API reference, Tag)."""

_NOT_ALLOWED: Final = re.compile(r"[^a-zA-Z0-9+\-=._:/@ ]")
"""What the values of tags that all services share do not contain (Amazon ECS Developer Guide, "Tag restrictions"), but letters of other
alphabets, which ECS allows and some tools for bills do not."""

_RESERVED: Final = re.compile("^aws:", re.IGNORECASE)
"""Start of values that only AWS may set, in upper or lower case (same page)."""


def task_tags(job: Job) -> dict[str, str]:
    """Return the tags of a job's tasks by key.

    They depend only on what does not change while the job exists, so that a repeated launch is the identical request.
    """
    tags = {"owner": _readable_owner(job), "owner-id": job.owner_id, "job": job.job_id}
    if job.job_definition_id:
        tags["definition"] = job.job_definition_id
    return {f"{_PREFIX}{name}": value for name, value in tags.items()}


def _readable_owner(job: Job) -> str:
    """Return the last part of the ARN that names the owner: of a user, a session or a role. Different owners may share it.

    A job without the ARN, or whose ARN ends in nothing that a tag may contain, has the owner id.
    """
    arn = job.spec.owner_arn or ""
    name = _NOT_ALLOWED.sub("-", arn.rpartition("/")[2])[:_MAX_CHARACTERS].strip()
    return _RESERVED.sub("aws-", name) or job.owner_id
