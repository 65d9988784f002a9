"""Lists of jobs: pages for users, and the sparse indexes that dispatch and sweep read."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile
from typing import Final

from pynamodb.expressions.condition import Condition

from chalicelib.domain.identifiers import LIVE_SHARDS
from chalicelib.domain.job import Job, JobStatus, LiveJob, WaitingJob
from chalicelib.domain.list_query import JobQuery, ListPlan, plan_list
from chalicelib.domain.timestamps import to_millis
from chalicelib.storage.aws_errors import raises_aws_errors
from chalicelib.storage.items import JobItem
from chalicelib.storage.job_codec import WAITING, deadline_key, definition_key, to_job, waiting_key
from chalicelib.storage.pagination import PageReader, PageRequest, count_page

__all__ = ["JobLists", "JobPage"]

_AFTER_ALL: Final = "~"
"""Sorts after every character that follows an owner id in a range key."""


@dataclass(frozen=True)
class JobPage:
    """One page of a list."""

    jobs: tuple[Job, ...]
    next_token: str | None
    total: int | None
    """Known on the last page only."""


@raises_aws_errors
class JobLists:
    """Reads lists of jobs, never with a scan."""

    def __init__(self, model: type[JobItem]) -> None:
        self._model = model
        self._pages = PageReader(model, "job_id")

    def page(self, owner_id: str, query: JobQuery, now: datetime) -> JobPage:
        """Read one page: with one Query if no filter drops rows, else with at most four."""
        plan = plan_list(query)
        by_definition = plan.index.name == "by_definition"
        request = PageRequest(
            plan=plan,
            owner_id=owner_id,
            hash_value=definition_key(owner_id, query.job_definition_id or "") if by_definition else owner_id,
            condition=self._filter(query, plan, now),
            max_items=query.max_items,
            next_token=query.next_token,
        )
        page = self._pages.read(request)
        return JobPage(tuple(to_job(row) for row in page.rows), page.next_token, page.total)

    def count(self, owner_id: str, status: JobStatus, now: datetime) -> int:
        """Count an owner's jobs in a state."""
        return self._model.by_status.count(owner_id, self._model.status_key.startswith(f"{status}#"), self._kept(now))

    def count_waiting(self, owner_id: str, most: int) -> int:
        """Count an owner's waiting jobs up to `most`, with one Query.

        A page of DynamoDB has 1 MiB and a row of the index about 350 bytes, so a page holds about 2,900.
        """
        condition = self._model.waiting_key.startswith(f"{owner_id}#")
        return count_page(self._model.by_waiting.query(WAITING, condition, limit=most, attributes_to_get=["owner_id"]))

    def waiting(self, now: datetime, *, per_owner: int) -> Iterator[list[WaitingJob]]:
        """Yield each owner's jobs that may run now, oldest first: one Query for each owner."""
        cursor = " "
        while True:
            rows = list(self._model.by_waiting.query(WAITING, self._model.waiting_key > cursor, limit=per_owner))
            if not rows:
                return
            owner_id = rows[0].owner_id
            due = waiting_key(owner_id, to_millis(now), _AFTER_ALL)
            ready = takewhile(lambda row: row.owner_id == owner_id and row.waiting_key <= due, rows)  # noqa: B023 - used at once
            jobs = [WaitingJob(row.owner_id, row.job_id, row.not_before, row.job_definition_id) for row in ready]
            if jobs:
                yield jobs
            cursor = f"{owner_id}#{_AFTER_ALL}"

    def live(self) -> list[LiveJob]:
        """Read all jobs that hold a slot, including those that have ended and whose task may still run: one Query for each shard."""
        return [self._live_row(row) for shard in range(LIVE_SHARDS) for row in self._model.by_live.query(str(shard))]

    def of_definition(self, owner_id: str, definition_id: str) -> Iterator[str]:
        """Yield the ids of all jobs of a definition."""
        for row in self._model.by_definition.query(definition_key(owner_id, definition_id)):
            yield row.job_id

    def overdue(self, now: datetime) -> Iterator[LiveJob]:
        """Yield the jobs with a task whose deadline has passed."""
        end = deadline_key(to_millis(now), _AFTER_ALL)
        for shard in range(LIVE_SHARDS):
            for row in self._model.by_live.query(str(shard), self._model.deadline_key <= end):
                yield self._live_row(row)

    @staticmethod
    def _live_row(row: JobItem) -> LiveJob:
        return LiveJob(row.owner_id, row.job_id, JobStatus(row.status), row.job_definition_id, row.task_arn)

    def _filter(self, query: JobQuery, plan: ListPlan, now: datetime) -> Condition:
        model = self._model
        condition = self._kept(now)
        if "status" in plan.filters and query.status:
            condition &= model.status == query.status.value
        if "name" in plan.filters and query.name:
            condition &= model.name.startswith(query.name)
        if "start_time" in plan.filters and query.start_time:
            condition &= model.start_time >= query.start_time
        if "job_definition_id" in plan.filters and query.job_definition_id:
            condition &= model.job_definition_id == query.job_definition_id
        for tag in query.tags:
            condition &= model.spec["tags"].contains(tag)
        return condition

    def _kept(self, now: datetime) -> Condition:
        """Leave out expired jobs: DynamoDB may take days to delete them."""
        kept: Condition = self._model.expires_at.does_not_exist() | (self._model.expires_at > now)
        return kept
