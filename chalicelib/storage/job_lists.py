"""The jobs table's lists: pages for people, and the sparse indexes that dispatch and sweep read."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile
from typing import Any, Final

from pynamodb.expressions.condition import Condition

from chalicelib.domain.instants import to_millis
from chalicelib.domain.job import Job, JobStatus, LiveJob, WaitingJob
from chalicelib.domain.listing import JobQuery, ListPlan, PageToken, plan_list
from chalicelib.domain.naming import LIVE_SHARDS
from chalicelib.storage.items import JobItem
from chalicelib.storage.job_codec import WAITING, deadline_key, definition_key, to_job, waiting_key

__all__ = ["JobLists", "JobPage"]

_MOST_QUERIES: Final = 4
"""A filtered list gives up after this many Queries and ends with a short page and a token."""

_FILTERED_PAGE: Final = 500
"""Rows read at a time when a filter may drop most of them."""

_AFTER_ALL: Final = "~"
"""Sorts after every character of a range key that follows an owner id."""


@dataclass(frozen=True)
class JobPage:
    """One page of a list."""

    jobs: tuple[Job, ...]
    next_token: str | None
    total: int | None
    """Known on the last page only."""


class JobLists:
    """Reads lists of jobs; never by a scan.

    Parameters
    ----------
    model
        `JobItem`, bound to the table.
    """

    def __init__(self, model: type[JobItem]) -> None:
        self._model = model

    def page(self, owner_id: str, query: JobQuery, now: datetime) -> JobPage:
        """Read one page: one Query when no filter drops rows, at most four otherwise."""
        plan = plan_list(query)
        token = PageToken.decode(query.next_token, plan) if query.next_token else None
        wanted, seen = query.max_items, token.seen if token else 0
        rows: list[JobItem] = []
        start = self._start_key(owner_id, query, plan, token) if token else None
        for _ in range(_MOST_QUERIES):
            size = wanted + 1 if not plan.filters else max(_FILTERED_PAGE, wanted + 1)
            found, start = self._query(owner_id, query, plan, now=now, start=start, size=size)
            rows += found
            if start is None or len(rows) > wanted:
                break
        jobs = tuple(to_job(row) for row in rows[:wanted])
        if len(rows) >= wanted and (start is not None or len(rows) > wanted):
            position = self._key_of(rows[wanted - 1], plan)
        elif start is not None:
            position = self._key_in(start, plan)
        else:
            return JobPage(jobs, None, seen + len(jobs))
        return JobPage(jobs, PageToken(plan.index.name, *position, seen + len(jobs)).encode(), None)

    def count(self, owner_id: str, status: JobStatus, now: datetime) -> int:
        """Count an owner's jobs in a state."""
        return self._model.by_status.count(owner_id, self._model.status_key.startswith(f"{status}#"), self._kept(now))

    def waiting(self, now: datetime, *, per_owner: int) -> Iterator[list[WaitingJob]]:
        """Read the jobs that may run now, owner by owner, each oldest first: one Query an owner."""
        cursor = " "
        while True:
            rows = list(self._model.by_waiting.query(WAITING, self._model.waiting_key > cursor, limit=per_owner))
            if not rows:
                return
            owner_id = rows[0].owner_id
            due = waiting_key(owner_id, to_millis(now), _AFTER_ALL)
            mine = takewhile(lambda row: row.owner_id == owner_id and row.waiting_key <= due, rows)  # noqa: B023 - used at once
            jobs = [WaitingJob(row.owner_id, row.job_id, row.not_before, row.job_definition_id) for row in mine]
            if jobs:
                yield jobs
            cursor = f"{owner_id}#{_AFTER_ALL}"

    def live(self) -> list[LiveJob]:
        """Read all jobs that hold a slot: one Query a shard."""
        return [self._live_row(row) for shard in range(LIVE_SHARDS) for row in self._model.by_live.query(str(shard))]

    def overdue(self, now: datetime) -> Iterator[LiveJob]:
        """Read the live jobs whose deadline has passed."""
        end = deadline_key(to_millis(now), _AFTER_ALL)
        for shard in range(LIVE_SHARDS):
            for row in self._model.by_live.query(str(shard), self._model.deadline_key <= end):
                yield self._live_row(row)

    @staticmethod
    def _live_row(row: JobItem) -> LiveJob:
        return LiveJob(row.owner_id, row.job_id, JobStatus(row.status), row.job_definition_id, row.task_arn)

    def _query(
        self, owner_id: str, query: JobQuery, plan: ListPlan, *, now: datetime, start: Any, size: int
    ) -> tuple[list[JobItem], Any]:
        """Make exactly one Query; give its rows and where it ended, None at the end of the list."""
        range_attribute = getattr(self._model, plan.index.range_attribute)
        pages = self._model.query(
            self._hash(owner_id, query, plan),
            range_attribute.startswith(plan.prefix) if plan.prefix else None,
            self._filter(query, plan, now),
            consistent_read=plan.index.name is None,
            index_name=plan.index.name,
            scan_index_forward=plan.ascending,
            page_size=size,
            last_evaluated_key=start,
        ).page_iter
        page = next(pages)
        return [self._model.from_raw_data(raw) for raw in page["Items"]], page.get("LastEvaluatedKey")

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
        """Leave out jobs whose time is over: DynamoDB may take days to remove them."""
        kept: Condition = self._model.expires_at.does_not_exist() | (self._model.expires_at > now)
        return kept

    @staticmethod
    def _hash(owner_id: str, query: JobQuery, plan: ListPlan) -> str:
        return (
            definition_key(owner_id, query.job_definition_id or "") if plan.index.name == "by_definition" else owner_id
        )

    def _start_key(self, owner_id: str, query: JobQuery, plan: ListPlan, token: PageToken) -> dict[str, dict[str, str]]:
        index = plan.index
        key = {
            "owner_id": owner_id,
            "job_id": token.job_id,
            index.hash_attribute: self._hash(owner_id, query, plan),
            index.range_attribute: token.range_key,
        }
        return {name: {"S": value} for name, value in key.items()}

    @staticmethod
    def _key_of(row: JobItem, plan: ListPlan) -> tuple[str, str]:
        return getattr(row, plan.index.range_attribute), row.job_id

    @staticmethod
    def _key_in(key: dict[str, dict[str, str]], plan: ListPlan) -> tuple[str, str]:
        return key[plan.index.range_attribute]["S"], key["job_id"]["S"]
