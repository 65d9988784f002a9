"""Problems of definitions: failed background work is noted on the definition that it was for."""

import logging
from dataclasses import dataclass, replace
from typing import Final

from chalicelib.domain.background_work import BackgroundWork
from chalicelib.domain.definitions.definition import Definition
from chalicelib.domain.definitions.problem import Failure, Problem, note_failure
from chalicelib.errors import AwsError, CopyTimeoutError
from chalicelib.services.clock import Clock
from chalicelib.storage.definition_table import DefinitionTable

__all__ = ["DefinitionProblemService"]

_log = logging.getLogger(__name__)

_TRIES: Final = 3
"""How often a write is tried if the definition changes between read and write."""


@dataclass(frozen=True, kw_only=True)
class DefinitionProblemService:
    """Notes failures. If one cannot be stored, that is logged: either the failure repeats itself, or it is over."""

    definitions: DefinitionTable
    clock: Clock

    def note(
        self, owner_id: str, definition_id: str, work: BackgroundWork, error: AwsError | CopyTimeoutError
    ) -> Problem | None:
        """Note that schedules could not be written, or that the job of a due time could not be created.

        Returns
        -------
        Problem | None
            The stored problem; None if the definition is gone, its schedules are written by now, or the problem could not be stored.
        """
        try:
            for _ in range(_TRIES):
                definition = self.definitions.get(owner_id, definition_id)
                if definition is None or (work is BackgroundWork.SCHEDULES and definition.is_synced):
                    return None
                after, problem = self._with_failure(definition, work, Failure(error.code, error.message))
                if self.definitions.change(definition, after):
                    return problem
        except AwsError:
            _log.exception("problem not noted", extra={"definition_id": definition_id, "work": work.value})
        return None

    def is_retry_due(self, problem: Problem | None) -> bool:
        """Check whether to try work with this problem, or none, now."""
        return problem is None or problem.retry_at <= self.clock()

    def _with_failure(
        self, definition: Definition, work: BackgroundWork, failure: Failure
    ) -> tuple[Definition, Problem]:
        is_about_schedules = work is BackgroundWork.SCHEDULES
        known = definition.schedule_problem if is_about_schedules else definition.tick_problem
        problem = note_failure(known, work, failure, self.clock())
        if is_about_schedules:
            return replace(definition, schedule_problem=problem), problem
        return replace(definition, tick_problem=problem), problem
