"""Admission limits per owner, so that one owner cannot fill the tables and the queue."""

from chalicelib.config import Limits
from chalicelib.errors import LimitReachedError

__all__ = ["check_definitions", "check_waiting_jobs"]


def check_waiting_jobs(owner_id: str, count: int, limits: Limits) -> None:
    """Check whether the owner may have one more waiting job.

    Raises
    ------
    LimitReachedError
        If the owner already has as many waiting jobs as allowed.
    """
    if count >= limits.max_waiting_jobs_per_owner:
        raise LimitReachedError(
            f"The owner {owner_id} has {count:,} waiting jobs, the most that limits.max_waiting_jobs_per_owner allows."
            " Wait until some have started, or stop some. The operator can raise the limit."
        )


def check_definitions(owner_id: str, count: int, limits: Limits) -> None:
    """Check whether the owner may have one more definition.

    Raises
    ------
    LimitReachedError
        If the owner already has as many definitions as allowed.
    """
    if count >= limits.max_definitions_per_owner:
        raise LimitReachedError(
            f"The owner {owner_id} has {count:,} job definitions, the most that limits.max_definitions_per_owner allows."
            " Delete some that you do not need. The operator can raise the limit."
        )
