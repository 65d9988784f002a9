"""Problems of definitions: background work that fails is noted on the definition that it is done for."""

import logging
from dataclasses import replace
from typing import Final

from pynamodb.exceptions import PynamoDBException

from chalicelib.domain.background_work import BackgroundWork
from chalicelib.domain.definitions.definition import Definition
from chalicelib.domain.definitions.problem import Problem, note_failure
from chalicelib.services.clock import Clock
from chalicelib.storage.aws_errors import describe_failure
from chalicelib.storage.definition_table import DefinitionTable

__all__ = ["DefinitionProblemService"]

_log = logging.getLogger(__name__)

_TRIES: Final = 3
"""How often a note is tried whose definition changes between read and write."""


class DefinitionProblemService:
    """Notes failures. A note that cannot be stored is logged: the failure that it is about comes again, or is over.

    Parameters
    ----------
    definitions
        The definitions table.
    clock
        Tells the time.
    """

    def __init__(self, *, definitions: DefinitionTable, clock: Clock) -> None:
        self._definitions = definitions
        self._clock = clock

    def note(self, owner_id: str, definition_id: str, work: BackgroundWork, error: Exception) -> Problem | None:
        """Note that schedules could not be written, or that the job of a due minute could not be made.

        Returns
        -------
        Problem | None
            The problem as it is stored now; None if the definition is gone, its schedules are written by now, or the note could not
            be stored.
        """
        try:
            for _ in range(_TRIES):
                definition = self._definitions.get(owner_id, definition_id)
                if definition is None or (work is BackgroundWork.SCHEDULES and definition.is_synced):
                    return None
                after, problem = self._with_failure(definition, work, error)
                if self._definitions.change(definition, after):
                    return problem
        except PynamoDBException:
            _log.exception("problem not noted", extra={"definition_id": definition_id, "work": work.value})
        return None

    def is_retry_due(self, problem: Problem | None) -> bool:
        """Whether work that had this problem, or none, is to be tried now."""
        return problem is None or problem.retry_at <= self._clock()

    def _with_failure(
        self, definition: Definition, work: BackgroundWork, error: Exception
    ) -> tuple[Definition, Problem]:
        is_about_schedules = work is BackgroundWork.SCHEDULES
        known = definition.schedule_problem if is_about_schedules else definition.tick_problem
        problem = note_failure(known, work, describe_failure(error), self._clock())
        if is_about_schedules:
            return replace(definition, schedule_problem=problem), problem
        return replace(definition, tick_problem=problem), problem
