"""Lists of jobs: pages for users, and the sparse indexes that dispatch and sweep read."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from heapq import merge
from itertools import chain, groupby, takewhile
from typing import Final

from pynamodb.expressions.condition import Condition

from chalicelib.domain.identifiers import LIVE_SHARDS
from chalicelib.domain.job import Job, JobStatus, LiveJob, WaitingJob, WaitingQueue
from chalicelib.domain.list_query import JobQuery, ListPlan, plan_list
from chalicelib.domain.timestamps import to_millis
from chalicelib.storage.aws_errors import raises_aws_errors
from chalicelib.storage.items import JobItem
from chalicelib.storage.job_codec import WAITING, deadline_key, definition_key, to_job
from chalicelib.storage.pagination import PageReader, PageRequest, count_page

__all__ = ["JobLists", "JobPage"]

_AFTER_ALL: Final = "~"
"""Sorts after every character that follows an owner id in a range key."""

_PAGE: Final = 100
"""Rows of one Query for waiting jobs: about 35 kB."""


@dataclass(frozen=True)
class JobPage:
    """One page of a list."""

    jobs: tuple[Job, ...]
    next_token: str | None
    total: int | None
    """Rows of the list; None if they were not counted."""


@raises_aws_errors
class JobLists:
    """Reads lists of jobs, never with a scan."""

    def __init__(self, model: type[JobItem]) -> None:
        self._model = model
        self._pages = PageReader(model, "job_id")

    def page(self, owner_id: str, query: JobQuery, now: datetime) -> JobPage:
        """Read one page: with one Query if no filter drops rows and another one for the total, else with at most four."""
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

    def waiting(self, now: datetime) -> Iterator[WaitingQueue]:
        """Yield the queues of jobs that may run now.

        One Query reads a hundred rows, of as many queues as there are in them. If the last queue has more rows, they are read when somebody
        asks for these jobs, a hundred at a time. So finding all queues takes no more Queries than a hundredth of the waiting jobs, or than
        there are queues, whichever is less, and one more.
        """
        after = " "
        while True:
            page = self._waiting_page(after)
            if not page:
                return
            queues = [list(rows) for _, rows in groupby(page, key=_queue_of)]
            for rows in queues[:-1]:
                yield from self._queue(rows, now, is_complete=True)
            is_complete = len(page) < _PAGE
            yield from self._queue(queues[-1], now, is_complete=is_complete)
            if is_complete:
                return
            after = _end_of(page[-1])

    def _queue(self, rows: list[JobItem], now: datetime, *, is_complete: bool) -> Iterator[WaitingQueue]:
        """Yield the queue that begins with some rows, if any of its jobs may run now."""
        more = () if is_complete else self._rest_of(rows[-1])
        ready = takewhile(lambda row: row.not_before <= now, chain(rows, more))
        jobs = (WaitingJob(row.owner_id, row.job_id, row.not_before, row.job_definition_id) for row in ready)
        if rows[0].not_before <= now:
            yield WaitingQueue(rows[0].owner_id, rows[0].job_definition_id, jobs)

    def _rest_of(self, row: JobItem) -> Iterator[JobItem]:
        """Yield the rows that follow one in its queue, reading them as they are needed."""
        key = self._model.waiting_key
        yield from self._model.by_waiting.query(
            WAITING, key.between(f"{row.waiting_key} ", _end_of(row)), page_size=_PAGE
        )

    def _waiting_page(self, after: str) -> list[JobItem]:
        """Read the first hundred rows whose key sorts after another, with one Query."""
        return list(
            self._model.by_waiting.query(WAITING, self._model.waiting_key > after, limit=_PAGE, page_size=_PAGE)
        )

    def live(self) -> list[LiveJob]:
        """Read all jobs that hold a slot, including those that have ended and whose task may still run: one Query for each shard."""
        return [self._live_row(row) for shard in range(LIVE_SHARDS) for row in self._model.by_live.query(str(shard))]

    def of_definition(self, owner_id: str, definition_id: str) -> Iterator[str]:
        """Yield the ids of all jobs of a definition."""
        for row in self._model.by_definition.query(definition_key(owner_id, definition_id)):
            yield row.job_id

    def ended_of_definition(self, owner_id: str, definition_id: str, now: datetime) -> Iterator[str]:
        """Yield the ids of the ended jobs of a definition that have not expired, newest first."""
        key = definition_key(owner_id, definition_id)
        rows = self._model.by_definition.query(key, scan_index_forward=False, filter_condition=self._kept(now))
        yield from (row.job_id for row in rows if JobStatus(row.status).is_terminal)

    def overdue(self, now: datetime) -> Iterator[LiveJob]:
        """Yield the jobs with a task whose deadline has passed, the most overdue first: no partition of the index comes before another."""
        end = deadline_key(to_millis(now), _AFTER_ALL)
        shards = [
            self._model.by_live.query(str(shard), self._model.deadline_key <= end) for shard in range(LIVE_SHARDS)
        ]
        yield from map(self._live_row, merge(*shards, key=lambda row: row.deadline_key))

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


def _queue_of(row: JobItem) -> str:
    """Return what the keys of a queue have in common; the keys of jobs that waited when the definition was added have only the owner."""
    return row.waiting_key.rsplit("#", 2)[0]


def _end_of(row: JobItem) -> str:
    """Return a key that sorts after all of a row's queue."""
    return f"{_queue_of(row)}#{_AFTER_ALL}"
