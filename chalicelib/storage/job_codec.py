"""Jobs as attributes of an item, and back: also the keys of the indexes, which follow from the job."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import timedelta
from typing import Any, Final

from chalicelib.domain.identifiers import live_shard
from chalicelib.domain.job import Job, JobSpec, JobStatus, Phase, PhaseCode
from chalicelib.domain.outcome import Outcome
from chalicelib.domain.timestamps import to_millis
from chalicelib.storage.actor_codec import actor_from_json, actor_to_json
from chalicelib.storage.items import JobItem

__all__ = [
    "WAITING",
    "deadline_key",
    "definition_key",
    "job_attributes",
    "phase_from_json",
    "phase_to_json",
    "spec_from_map",
    "spec_to_map",
    "text_key",
    "to_job",
    "waiting_key",
]

WAITING: Final = "waiting"
"""The one partition of the index of waiting jobs; DynamoDB splits it by its range key when it grows hot."""

_PLAIN: Final = (
    "owner_id",
    "job_id",
    "name",
    "input_filename",
    "create_time",
    "update_time",
    "input_size_bytes",
    "upload_id",
    "attempt",
    "launch",
    "start_time",
    "end_time",
    "job_definition_id",
    "not_before",
    "waiting_since",
    "deadline",
    "launch_code",
    "task_arn",
    "instance_id",
    "notebook_retries",
    "infrastructure_retries",
    "expires_at",
)


def waiting_key(owner_id: str, not_before_millis: int, job_id: str = "") -> str:
    """Make the range key of the waiting index: owner by owner, then by the time that each may run."""
    return f"{owner_id}#{not_before_millis:015d}#{job_id}"


def deadline_key(deadline_millis: int, owner_id: str = "", job_id: str = "") -> str:
    """Make the range key of the live index: by deadline."""
    return f"{deadline_millis:015d}#{owner_id}#{job_id}"


def text_key(text: str, item_id: str) -> str:
    """Make the range key of a list by name: what follows the name sorts before every character that a name may have."""
    return f"{text}\x1f{item_id}"


def definition_key(owner_id: str, definition_id: str) -> str:
    """Make the hash key of the jobs of a definition."""
    return f"{owner_id}#{definition_id}"


def job_attributes(job: Job) -> dict[str, Any]:
    """Give every attribute of a job's item; None where it has none."""
    waiting = job.status is JobStatus.CREATED and job.not_before is not None and not job.is_watched
    return {
        **{name: getattr(job, name) for name in _PLAIN},
        "status": job.status.value,
        "spec": spec_to_map(job.spec),
        "phase": phase_to_json(job.phase),
        "outcome": asdict(job.outcome) if job.outcome else None,
        "stopped_by": actor_to_json(job.stopped_by) if job.stopped_by else None,
        "name_key": text_key(job.name, job.job_id),
        "input_filename_key": text_key(job.input_filename, job.job_id),
        "status_key": f"{job.status}#{job.job_id}",
        "definition_key": definition_key(job.owner_id, job.job_definition_id) if job.job_definition_id else None,
        "waiting": WAITING if waiting else None,
        "waiting_key": waiting_key(job.owner_id, to_millis(job.not_before), job.job_id)
        if waiting and job.not_before
        else None,
        "live_shard": live_shard(job.job_id) if job.is_watched else None,
        "deadline_key": deadline_key(to_millis(job.deadline), job.owner_id, job.job_id) if job.deadline else None,
    }


def to_job(item: JobItem) -> Job:
    """Read an item, of the table or of a list's index."""
    values = item.attribute_values
    plain = {name: values[name] for name in _PLAIN if values.get(name) is not None}
    for name in ("input_size_bytes", "attempt", "launch", "notebook_retries", "infrastructure_retries"):
        plain[name] = int(plain.get(name, 0))
    return Job(
        **plain,
        status=JobStatus(values["status"]),
        spec=spec_from_map(values["spec"].as_dict()),
        phase=phase_from_json(values.get("phase")),
        outcome=Outcome(**values["outcome"]) if values.get("outcome") else None,
        stopped_by=actor_from_json(values["stopped_by"]) if values.get("stopped_by") else None,
    )


def spec_to_map(spec: JobSpec) -> dict[str, Any]:
    """Write a spec as a map; what is empty is left out, so that rows stay small."""
    texts: dict[str, Any] = {
        "runtime_environment_name": spec.runtime_environment_name,
        "compute_type": spec.compute_type,
        "output_formats": list(spec.output_formats),
        "timeout_seconds": int(spec.timeout.total_seconds()),
        "parameters": dict(spec.parameters),
        "runtime_environment_parameters": dict(spec.runtime_environment_parameters),
        "tags": list(spec.tags),
        "output_filename_template": spec.output_filename_template,
        "idempotency_token": spec.idempotency_token,
        "package_input_folder": spec.package_input_folder,
        "max_retries": spec.max_retries,
        "retry_on_timeout": spec.retry_on_timeout,
        "min_retry_interval_millis": spec.min_retry_interval // timedelta(milliseconds=1),
        "owner_principals": list(spec.owner_principals),
        "input_path": spec.input_path,
        "retention_days": spec.retention.days if spec.retention else None,
    }
    return {
        name: value for name, value in texts.items() if value not in (None, [], {}, False, 0) or name == "compute_type"
    }


def spec_from_map(stored: Mapping[str, Any]) -> JobSpec:
    """Read a spec back."""
    return JobSpec(
        runtime_environment_name=stored["runtime_environment_name"],
        compute_type=stored["compute_type"],
        output_formats=tuple(stored.get("output_formats", ())),
        timeout=timedelta(seconds=stored["timeout_seconds"]),
        parameters=stored.get("parameters", {}),
        runtime_environment_parameters=stored.get("runtime_environment_parameters", {}),
        tags=tuple(stored.get("tags", ())),
        output_filename_template=stored.get("output_filename_template"),
        idempotency_token=stored.get("idempotency_token"),
        package_input_folder=stored.get("package_input_folder", False),
        max_retries=stored.get("max_retries", 0),
        retry_on_timeout=stored.get("retry_on_timeout", False),
        min_retry_interval=timedelta(milliseconds=stored.get("min_retry_interval_millis", 0)),
        owner_principals=tuple(stored.get("owner_principals", ())),
        input_path=stored.get("input_path"),
        retention=timedelta(days=stored["retention_days"]) if stored.get("retention_days") else None,
    )


def phase_to_json(phase: Phase | None) -> dict[str, Any] | None:
    """Write a phase; what is empty is left out."""
    return {name: value for name, value in asdict(phase).items() if value not in (None, "")} if phase else None


def phase_from_json(stored: Mapping[str, Any] | None) -> Phase | None:
    """Read a phase back."""
    return Phase(**{**stored, "code": PhaseCode(stored["code"])}) if stored else None
