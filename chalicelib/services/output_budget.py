"""Output budgets: the outputs for which each run has upload URLs, kept as a mark."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from chalicelib.config import Limits
from chalicelib.domain.identifiers import output_stem
from chalicelib.domain.job import Job
from chalicelib.domain.output_budget import OutputFile, admit
from chalicelib.errors import TooManyRequestsError
from chalicelib.services.clock import Clock
from chalicelib.storage.mark_table import MarkTable

__all__ = ["OutputBudgetService"]

_TRIES: Final = 5
"""How often a write is tried if another request of the same run changes the budget meanwhile."""

_MARGIN: Final = timedelta(days=1)
"""How much longer than the maximum run time a budget is kept, for starting, saving and uploading."""


@dataclass(frozen=True, kw_only=True)
class OutputBudgetService:
    """Limits files and bytes of each run."""

    limits: Limits
    marks: MarkTable
    clock: Clock

    def spend(self, job: Job, files: Sequence[OutputFile]) -> None:
        """Count outputs of a job's current attempt, all or none.

        Makes no AWS call for the executed notebook, one for outputs that were announced before, else two. Simultaneous requests of one
        run are counted one after the other.

        Raises
        ------
        TooLargeError
            If they exceed a limit.
        TooManyRequestsError
            If other requests of the same run kept changing the budget.
        """
        notebook = f"{output_stem(job.input_filename, job.create_time)}.ipynb"
        if not admit(files, {}, self.limits, notebook=notebook):
            return
        expires_at = self.clock() + job.spec.timeout + _MARGIN
        for _ in range(_TRIES):
            before = self.marks.get_output_sizes(job.run_id)
            after = admit(files, before.sizes, self.limits, notebook=notebook)
            if after == before.sizes or self.marks.put_output_sizes(job.run_id, after, before, expires_at):
                return
        raise TooManyRequestsError("One run has requested output URLs too often at the same time. Try again.")
