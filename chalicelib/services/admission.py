"""Admission: whether an owner may have one more job or definition."""

from dataclasses import dataclass

from chalicelib.config import Limits
from chalicelib.domain.authorization.admission import check_definitions, check_waiting_jobs
from chalicelib.domain.definitions.problem import Reason, Refusal
from chalicelib.errors import LimitReachedError
from chalicelib.storage.definition_table import DefinitionTable
from chalicelib.storage.job_lists import JobLists
from chalicelib.storage.owner_table import OwnerTable

__all__ = ["AdmissionService"]


@dataclass(frozen=True, kw_only=True)
class AdmissionService:
    """Counts what an owner has, with one Query that reads no more rows than the limit.

    The indexes may lag a moment, and simultaneous requests do not see each other: an owner can exceed a limit by as many as are being
    created at the same time.
    """

    limits: Limits
    lists: JobLists
    definitions: DefinitionTable
    owners: OwnerTable

    def check_job(self, owner_id: str) -> None:
        """Check that an owner may have one more job.

        Raises
        ------
        LimitReachedError
            If too many are waiting.
        """
        count = self.lists.count_waiting(owner_id, self.limits.max_waiting_jobs_per_owner)
        check_waiting_jobs(owner_id, count, self.limits)

    def check_definition(self, owner_id: str) -> None:
        """Check that an owner may have one more definition.

        Raises
        ------
        LimitReachedError
            If there are too many.
        """
        count = self.definitions.count(owner_id, self.limits.max_definitions_per_owner)
        check_definitions(owner_id, count, self.limits)

    def refuse_tick(self, owner_id: str) -> Refusal | None:
        """Return why a due time of an owner makes no job; None if it does. Reads whether the owner is disabled."""
        if disabling := self.owners.disabling(owner_id):
            return Refusal(Reason.OWNER_DISABLED, f"The owner is {disabling.text}. An admin can enable it.")
        try:
            self.check_job(owner_id)
        except LimitReachedError as error:
            return Refusal(Reason.LIMIT_REACHED, error.message)
        return None
