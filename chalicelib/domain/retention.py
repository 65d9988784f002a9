"""How long ended jobs are kept."""

from datetime import datetime, timedelta

from chalicelib.config import Retention
from chalicelib.domain.job import JobSpec

__all__ = ["expiry"]


def expiry(spec: JobSpec, retention: Retention, end: datetime) -> datetime | None:
    """Say when a job that ended at this instant is deleted: by its own retention, else the operator's; None if never."""
    life = spec.retention or timedelta(days=retention.jobs_days)
    return end + life if life else None
