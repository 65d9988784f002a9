"""Admission: whether an owner may have one more job or definition."""

from chalicelib.config import Limits
from chalicelib.domain.authorization.admission import check_definitions, check_waiting_jobs
from chalicelib.domain.definitions.problem import Reason, Refusal
from chalicelib.errors import LimitReachedError
from chalicelib.storage.definition_table import DefinitionTable
from chalicelib.storage.job_lists import JobLists
from chalicelib.storage.owner_table import OwnerTable

__all__ = ["AdmissionService"]


class AdmissionService:
    """Counts what an owner has: one Query each, which reads no more than the limit allows.

    The indexes that it counts in may lag a moment, and requests that come at once do not see each other: an owner can go over a limit by
    as many as are being created just then.

    Parameters
    ----------
    limits
        The operator's limits.
    lists, definitions, owners
        The stores.
    """

    def __init__(self, limits: Limits, *, lists: JobLists, definitions: DefinitionTable, owners: OwnerTable) -> None:
        self._limits = limits
        self._lists = lists
        self._definitions = definitions
        self._owners = owners

    def check_job(self, owner_id: str) -> None:
        """Check that an owner may have one more job.

        Raises
        ------
        LimitReachedError
            If too many wait already.
        """
        count = self._lists.count_waiting(owner_id, self._limits.max_waiting_jobs_per_owner)
        check_waiting_jobs(owner_id, count, self._limits)

    def check_definition(self, owner_id: str) -> None:
        """Check that an owner may have one more definition.

        Raises
        ------
        LimitReachedError
            If there are too many already.
        """
        count = self._definitions.count(owner_id, self._limits.max_definitions_per_owner)
        check_definitions(owner_id, count, self._limits)

    def refuse_tick(self, owner_id: str) -> Refusal | None:
        """Say why a due minute of an owner makes no job; None if it does. Who is disabled is read anew."""
        if disabling := self._owners.disabling(owner_id):
            return Refusal(Reason.OWNER_DISABLED, f"The owner is {disabling.text}. An admin can enable it.")
        try:
            self.check_job(owner_id)
        except LimitReachedError as error:
            return Refusal(Reason.LIMIT_REACHED, error.message)
        return None
