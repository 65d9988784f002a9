"""Notifications that could not be delivered: the job or the definition that they are about shows it."""

from dataclasses import dataclass, replace
from typing import Final

from chalicelib.domain.attempt_result import limit_warnings, make_warning
from chalicelib.domain.definitions.problem import note_undelivered
from chalicelib.domain.notifications.delivery import Delivery
from chalicelib.services.clock import Clock
from chalicelib.storage.definition_table import DefinitionTable
from chalicelib.storage.job_table import JobTable

__all__ = ["UndeliveredService"]

_WARNING: Final = "notification_failed"


@dataclass(frozen=True, kw_only=True)
class UndeliveredService:
    """Notes undelivered notifications, as a warning of the job, or as a problem of the definition."""

    jobs: JobTable
    definitions: DefinitionTable
    clock: Clock

    def note(self, delivery: Delivery) -> None:
        """Note that a notification could not be delivered. If the record changes at the same time, its own change wins.

        Raises
        ------
        AwsError
            If DynamoDB failed.
        """
        message = f"{delivery.channel!r} was not told {delivery.event!r}: {delivery.error}"
        if delivery.job_id is not None:
            self._note_on_job(delivery.owner_id, delivery.job_id, message)
        elif delivery.job_definition_id is not None:
            self._note_on_definition(delivery.owner_id, delivery.job_definition_id, message)

    def _note_on_job(self, owner_id: str, job_id: str, message: str) -> None:
        job = self.jobs.get(owner_id, job_id, self.clock())
        warning = make_warning(_WARNING, message)
        if job is not None and warning not in job.warnings:
            self.jobs.change(job, job.update_time, warnings=limit_warnings((warning, *job.warnings)))

    def _note_on_definition(self, owner_id: str, definition_id: str, message: str) -> None:
        definition = self.definitions.get(owner_id, definition_id)
        if definition is not None:
            problem = note_undelivered(definition.notification_problem, message, self.clock())
            self.definitions.change(definition, replace(definition, notification_problem=problem))
