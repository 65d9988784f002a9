"""Output budgets: what each run was given addresses for, kept as a mark."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from chalicelib.config import Limits
from chalicelib.domain.identifiers import output_stem
from chalicelib.domain.job import Job
from chalicelib.domain.output_budget import OutputFile, add_to_budget
from chalicelib.errors import TooManyRequestsError
from chalicelib.services.clock import Clock
from chalicelib.storage.mark_table import MarkTable

__all__ = ["OutputBudgetService"]

_TRIES: Final = 5
"""How often a budget is read again that another request of the same run changed meanwhile."""

_MARGIN: Final = timedelta(days=1)
"""How much longer than its run's maximum run time a budget is kept: starting, saving and uploading come on top."""


class OutputBudgetService:
    """Bounds files and bytes of each run.

    Parameters
    ----------
    limits
        The operator's limits.
    marks
        Where budgets are kept.
    clock
        Tells the time.
    """

    def __init__(self, limits: Limits, *, marks: MarkTable, clock: Clock) -> None:
        self._limits = limits
        self._marks = marks
        self._clock = clock

    def spend(self, job: Job, files: Sequence[OutputFile]) -> None:
        """Note outputs of a job's current attempt, all or none.

        Costs no call for the executed notebook, one for outputs that were announced before, else two. Requests of one run that come
        at the same time are counted one after the other.

        Raises
        ------
        TooLargeError
            If they are over a limit.
        TooManyRequestsError
            If other requests of the same run kept changing the budget.
        """
        notebook = f"{output_stem(job.input_filename, job.create_time)}.ipynb"
        if not add_to_budget(files, {}, self._limits, notebook=notebook):
            return
        expires_at = self._clock() + job.spec.timeout + _MARGIN
        for _ in range(_TRIES):
            before = self._marks.get_output_sizes(job.run_id)
            after = add_to_budget(files, before.sizes, self._limits, notebook=notebook)
            if after == before.sizes or self._marks.put_output_sizes(job.run_id, after, before, expires_at):
                return
        raise TooManyRequestsError("Too many requests for output addresses of one run at one time. Try again.")
