"""Create a job from a definition."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from chalicelib.domain.definitions.definition import Definition
from chalicelib.domain.job import Job, JobStatus, Phase, PhaseCode

__all__ = ["job_of_definition"]


def job_of_definition(
    definition: Definition, job_id: str, now: datetime, parameters: Mapping[str, str] | None = None
) -> Job:
    """Return a waiting job of a definition; `parameters` replace all parameters of the definition."""
    spec = replace(definition.spec, retention=definition.options.job_retention, idempotency_token=None)
    if parameters is not None:
        spec = replace(spec, parameters=dict(parameters))
    return Job(
        owner_id=definition.owner_id,
        job_id=job_id,
        name=definition.name,
        input_filename=definition.input_filename,
        input_size_bytes=definition.input_size_bytes,
        status=JobStatus.CREATED,
        spec=spec,
        create_time=now,
        update_time=now,
        job_definition_id=definition.definition_id,
        not_before=now,
        phase=Phase(PhaseCode.WAITING, "waiting for a slot"),
    )
