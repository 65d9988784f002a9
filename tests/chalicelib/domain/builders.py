"""Builders for objects of the domain, with defaults for everything that a test does not set."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from chalicelib.channels import Channel, ChannelKind
from chalicelib.config import ComputeType, Environment, SchedulerSettings
from chalicelib.domain.authorization.ownership import Caller
from chalicelib.domain.authorization.principal import Principal, PrincipalKind
from chalicelib.domain.job import Job, JobSpec, JobStatus, WaitingJob
from tests.support.http_api import unique_id_of

__all__ = ["JOB_ID", "NOW", "caller", "job", "settings", "spec", "waiting"]

NOW: Final = datetime(2026, 11, 23, 19, 5, 7, tzinfo=UTC)
JOB_ID: Final = "019ab2c4-0000-7000-8000-000000000001"


def spec(**changes: Any) -> JobSpec:
    """Make a spec."""
    plain = JobSpec(
        runtime_environment_name="python",
        compute_type="small",
        output_formats=("ipynb",),
        timeout=timedelta(hours=1),
    )
    return replace(plain, **changes)


def job(status: JobStatus = JobStatus.IN_PROGRESS, **changes: Any) -> Job:
    """Make a job."""
    plain = Job("ann-1", JOB_ID, "Report", "report.ipynb", status, spec(), NOW, NOW, attempt=1, launch=1)
    return replace(plain, **changes)


def waiting(owner_id: str, number: int, definition: str | None = None) -> WaitingJob:
    """Make a waiting job. A higher number means a later job."""
    return WaitingJob(owner_id, f"{number:06d}-{owner_id}", NOW + timedelta(seconds=number), definition)


def caller(arn: str = "arn:aws:iam::123456789012:user/ann", *, also: tuple[str, ...] = ()) -> Caller:
    """Make a caller."""
    unique_id = unique_id_of(arn)
    return Caller(
        "ann-1", Principal(PrincipalKind.IAM_USER, unique_id, "user", (arn, unique_id, *also)), arn, is_admin=False
    )


def settings(**environment: Any) -> SchedulerSettings:
    """Make settings with one environment, `python`, and one compute type, `small`; another type is not offered."""
    values = {"compute_types": ("small",), "output_formats": ("ipynb", "html"), **environment}
    topic = Channel(kind=ChannelKind.TOPIC, topic_arn="arn:aws:sns:us-east-1:123456789012:team")
    types = {"small": ComputeType(vcpu=1, memory_gib=4), "large": ComputeType(vcpu=4, memory_gib=16)}
    return SchedulerSettings(
        environments={"python": Environment(**values)}, compute_types=types, channels={"team": topic}
    )
