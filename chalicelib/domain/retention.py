"""Retention: how long ended jobs are kept."""

from datetime import datetime, timedelta

from chalicelib.config import Retention
from chalicelib.domain.job import JobSpec

__all__ = ["expiry"]


def expiry(spec: JobSpec, retention: Retention, end: datetime) -> datetime | None:
    """Return when a job that ended at this instant is deleted: after its own retention, or else the operator's. None means never."""
    retention_time = spec.retention or timedelta(days=retention.jobs_days)
    return end + retention_time if retention_time else None
