"""How much one owner may have waiting or stored: so that nobody fills the tables and the queue for everybody else."""

from chalicelib.config import Limits
from chalicelib.errors import LimitReachedError

__all__ = ["check_definitions", "check_waiting_jobs"]


def check_waiting_jobs(owner_id: str, count: int, limits: Limits) -> None:
    """Refuse one more job.

    Raises
    ------
    LimitReachedError
        If so many jobs of the owner wait already.
    """
    if count >= limits.max_waiting_jobs_per_owner:
        raise LimitReachedError(
            f"The owner {owner_id} has {count:,} jobs that wait, as many as limits.max_waiting_jobs_per_owner allows."
            " Wait until some have started, or stop some; the operator can raise the limit."
        )


def check_definitions(owner_id: str, count: int, limits: Limits) -> None:
    """Refuse one more definition.

    Raises
    ------
    LimitReachedError
        If the owner has so many definitions already.
    """
    if count >= limits.max_definitions_per_owner:
        raise LimitReachedError(
            f"The owner {owner_id} has {count:,} job definitions, as many as limits.max_definitions_per_owner allows."
            " Delete some that are not needed; the operator can raise the limit."
        )
