"""Create a job from a definition."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from chalicelib.domain.definitions.definition import Definition
from chalicelib.domain.job import Job, JobStatus, Phase, PhaseCode
from chalicelib.domain.scheduled_time import resolve_templates

__all__ = ["job_of_definition"]


def job_of_definition(
    definition: Definition,
    job_id: str,
    now: datetime,
    *,
    scheduled_time: datetime | None = None,
    parameters: Mapping[str, str] | None = None,
) -> Job:
    """Return a waiting job of a definition.

    Parameters
    ----------
    definition, job_id, now
        The definition, the job's id, and the time of its creation.
    scheduled_time
        The time that the job is for, which templates of parameters show in the definition's zone; by default, now.
    parameters
        They replace all parameters of the definition; None keeps these.
    """
    scheduled_time, timezone = scheduled_time or now, definition.timezone
    chosen = definition.spec.parameters if parameters is None else parameters
    spec = replace(
        definition.spec,
        parameters=resolve_templates(chosen, scheduled_time, timezone),
        retention=definition.options.job_retention,
        idempotency_token=None,
    )
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
        scheduled_time=scheduled_time,
        timezone=timezone,
        last_success=definition.health.last_success.scheduled_time if definition.health.last_success else None,
        not_before=now,
        phase=Phase(PhaseCode.WAITING, "waiting for a slot"),
    )
