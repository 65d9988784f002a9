"""Which jobs of a definition are kept: always the newest success, and of the others the last few, if the definition says how many."""

from dataclasses import dataclass
from itertools import islice
from typing import Final

from chalicelib.config import SchedulerSettings
from chalicelib.domain.definitions.definition import Definition
from chalicelib.domain.retention import expiry
from chalicelib.services.clock import Clock
from chalicelib.storage.job_lists import JobLists
from chalicelib.storage.job_table import JobTable

__all__ = ["KeptJobService"]

_MOST: Final = 100
"""Jobs beyond the last ones that are looked at after a run; the next run continues. Usually there is one."""


@dataclass(frozen=True, kw_only=True)
class KeptJobService:
    """Sets when jobs of a definition expire. Each step can be repeated."""

    settings: SchedulerSettings
    jobs: JobTable
    lists: JobLists
    clock: Clock

    def follow(self, old: Definition, new: Definition) -> None:
        """Set what expires after a definition has counted a run.

        Raises
        ------
        AwsError
            If DynamoDB failed.
        """
        before, after = old.health.last_success, new.health.last_success
        if after and after != before:
            self.jobs.keep(new.owner_id, after.job_id)
            if before:
                self._release(new.owner_id, before.job_id)
        if new.counted_runs != old.counted_runs and new.options.keep_last is not None:
            self._expire_older(new, new.options.keep_last)

    def _release(self, owner_id: str, job_id: str) -> None:
        """Let a job that was the newest success expire when it would have."""
        now = self.clock()
        job = self.jobs.get(owner_id, job_id, now)
        expires_at = expiry(job.spec, self.settings.retention, job.end_time or now) if job else None
        if expires_at:
            self.jobs.expire(owner_id, job_id, max(expires_at, now))

    def _expire_older(self, definition: Definition, keep: int) -> None:
        """Let the ended jobs before the last ones expire now; DynamoDB deletes them within days, and no list shows them until then."""
        newest, now = definition.health.last_success, self.clock()
        ended = self.lists.ended_of_definition(definition.owner_id, definition.definition_id, now)
        for job_id in islice(ended, keep, keep + _MOST):
            if newest is None or job_id != newest.job_id:
                self.jobs.expire(definition.owner_id, job_id, now)
