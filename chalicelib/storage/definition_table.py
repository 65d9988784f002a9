"""The definitions table: single records, lists, and the sparse indexes that the sweep reads."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from functools import reduce
from heapq import merge
from operator import and_
from typing import Any, Final

from pynamodb.connection import Connection
from pynamodb.exceptions import TransactWriteError
from pynamodb.expressions.condition import Condition
from pynamodb.models import Model
from pynamodb.transactions import TransactWrite

from chalicelib.domain.definitions.definition import Definition
from chalicelib.domain.identifiers import LIVE_SHARDS
from chalicelib.domain.job import Job
from chalicelib.domain.list_query import DefinitionQuery, ListPlan, plan_definitions
from chalicelib.domain.timestamps import to_millis
from chalicelib.storage.aws_errors import CONDITION_FAILED, raises_aws_errors
from chalicelib.storage.definition_codec import LATE, UNSYNCED, definition_attributes, due_key, to_definition
from chalicelib.storage.items import DefinitionItem, JobItem, MarkItem
from chalicelib.storage.job_codec import job_attributes
from chalicelib.storage.mark_table import Mark
from chalicelib.storage.pagination import PageReader, PageRequest, count_page
from chalicelib.storage.record_table import TRANSACTION_CONDITION_FAILED, RecordTable, attributes_of

__all__ = ["DefinitionPage", "DefinitionTable"]

_CONFLICTS: Final = frozenset({TRANSACTION_CONDITION_FAILED, "TransactionConflict"})
"""Why DynamoDB cancels a transaction when somebody else has written, or is writing, one of its items."""


@dataclass(frozen=True)
class DefinitionPage:
    """One page of a list."""

    definitions: tuple[Definition, ...]
    next_token: str | None
    total: int | None
    """Rows of the list; None if they were not counted."""


@raises_aws_errors
class DefinitionTable(RecordTable[Definition, DefinitionItem]):
    """Reads and writes definitions.

    Parameters
    ----------
    model, jobs, marks
        `DefinitionItem`, `JobItem` and `MarkItem`, each bound to its table: a tick writes to all three in one transaction.
    connection
        pynamodb's connection, for transactions.
    """

    _id_name = "definition_id"
    _refusals = frozenset({CONDITION_FAILED, "TransactionConflictException"})

    def __init__(
        self, model: type[DefinitionItem], *, jobs: type[JobItem], marks: type[MarkItem], connection: Connection
    ) -> None:
        super().__init__(model, marks, connection, encode=definition_attributes, decode=to_definition)
        self._jobs = jobs
        self._pages = PageReader(model, self._id_name)

    def get(self, owner_id: str, definition_id: str) -> Definition | None:
        """Read a definition consistently; None if there is none."""
        return self._find(owner_id, definition_id)

    def change(self, before: Definition, after: Definition) -> Definition | None:
        """Write what differs, if the definition is still as it was read; None otherwise."""
        actions = self._changes(before, after)
        return self._update(before.owner_id, before.definition_id, actions, self._is_unchanged(before))

    def mark_synced(self, definition: Definition) -> None:
        """Note that the schedules of a definition are written, if it is still as it was read; that ends their problem."""
        synced = replace(definition, synced_revision=definition.revision)
        # Removed even if it was not there when the definition was read: another writer may have noted it meanwhile.
        actions = self._changes(definition, synced, self._model.schedule_problem.remove())
        self._update(definition.owner_id, definition.definition_id, actions, self._is_unchanged(definition))

    def count(self, owner_id: str, most: int) -> int:
        """Count an owner's definitions up to `most`, with one Query.

        A page of DynamoDB has 1 MiB and a row of the index about 120 bytes, so a page holds about 8,700.
        """
        return count_page(self._model.by_owner.query(owner_id, limit=most, attributes_to_get=["owner_id"]))

    def page(self, owner_id: str, query: DefinitionQuery) -> DefinitionPage:
        """Read one page: with one Query if no filter drops rows and another one for the total, else with at most four."""
        plan = plan_definitions(query)
        request = PageRequest(
            plan=plan,
            owner_id=owner_id,
            hash_value=owner_id,
            condition=self._filter(query, plan),
            max_items=query.max_items,
            next_token=query.next_token,
        )
        page = self._pages.read(request)
        return DefinitionPage(tuple(to_definition(row) for row in page.rows), page.next_token, page.total)

    def overdue(self, until: datetime) -> Iterator[tuple[str, str]]:
        """Yield owner and id of the definitions whose next due time is not later than `until`, the most overdue first."""
        end = due_key(to_millis(until), "~")
        shards = [self._model.by_due.query(str(shard), self._model.due_key <= end) for shard in range(LIVE_SHARDS)]
        for row in merge(*shards, key=lambda row: row.due_key):
            yield row.owner_id, row.definition_id

    def unsynced(self, until: datetime) -> Iterator[tuple[str, str]]:
        """Yield owner and id of the definitions that changed not later than `until` and whose schedules are not written yet."""
        for row in self._model.by_unsynced.query(UNSYNCED, self._model.unsynced_key <= due_key(to_millis(until), "~")):
            yield row.owner_id, row.definition_id

    def late(self, until: datetime) -> Iterator[tuple[str, str]]:
        """Yield owner and id of the definitions of which a run should have succeeded by `until`."""
        for row in self._model.by_late.query(LATE, self._model.late_key <= due_key(to_millis(until), "~")):
            yield row.owner_id, row.definition_id

    def run_tick(self, before: Definition, after: Definition, mark: Mark, job: Job | None) -> bool:
        """Write one tick in one transaction: its mark, its job if there is one, and the definition's progress.

        Parameters
        ----------
        before
            The definition that the verdict is about; it must not have changed since.
        after
            The definition with its next due time, runs and counts.
        mark
            The tick's mark; it must not exist yet.
        job
            The job of the tick; None for a tick that is skipped or missed.

        Returns
        -------
        bool
            False if one of these conditions does not hold; nothing is written then.
        """
        mark_item = self._marks(mark_id=mark.mark_id, value=mark.value, expires_at=mark.expires_at)
        new: list[tuple[Model, Condition]] = [(mark_item, self._marks.mark_id.does_not_exist())]
        if job is not None:
            job_item = self._jobs(**attributes_of(job, job_attributes))
            new.append((job_item, self._jobs.job_id.does_not_exist()))
        return self._transact(before, after, new)

    def count_run(self, before: Definition, after: Definition, mark: Mark) -> bool:
        """Write what an ended run means for its definition, once: together with the run's mark.

        Returns
        -------
        bool
            False if the run has its mark, or the definition has changed since it was read; nothing is written then.
        """
        mark_item = self._marks(mark_id=mark.mark_id, value=mark.value, expires_at=mark.expires_at)
        return self._transact(before, after, [(mark_item, self._marks.mark_id.does_not_exist())])

    def take_over(self, before: Definition, after: Definition, new: Definition) -> bool:
        """Store a new definition and change the one that it replaces, both or none.

        Returns
        -------
        bool
            False if the old one has changed since it was read; nothing is written then.
        """
        item = self._model(**attributes_of(new, definition_attributes))
        return self._transact(before, after, [(item, self._id.does_not_exist())])

    def _transact(self, before: Definition, after: Definition, new: list[tuple[Model, Condition]]) -> bool:
        """Store new items and change a definition, all or none."""
        try:
            with TransactWrite(connection=self._connection) as transaction:
                for item, condition in new:
                    transaction.save(item, condition=condition)
                transaction.update(
                    self._model(before.owner_id, before.definition_id),
                    actions=self._changes(before, after),
                    condition=self._is_unchanged(before),
                )
        except TransactWriteError as error:
            if _CONFLICTS.isdisjoint(reason.code for reason in error.cancellation_reasons if reason):
                raise
            return False
        return True

    def _counts(self, runs: int) -> Condition:
        """Hold that no other run was counted meanwhile; an item that an older release stored has no count."""
        counted: Condition = self._model.counted_runs == runs
        return counted if runs else counted | self._model.counted_runs.does_not_exist()

    def _is_unchanged(self, before: Definition) -> Condition:
        """Hold that no edit, no tick and no write of its schedules has come in between."""
        condition: Condition = self._model.revision == before.revision
        for name in ("synced_revision", "update_time", "run_count", "missed_count"):
            condition &= getattr(self._model, name) == getattr(before, name)
        due = self._model.next_due
        condition &= due.does_not_exist() if before.next_due is None else due == before.next_due
        condition &= self._counts(before.counted_runs)
        return condition

    def _filter(self, query: DefinitionQuery, plan: ListPlan) -> Condition | None:
        model = self._model
        conditions: list[Any] = [model.spec["tags"].contains(tag) for tag in query.tags]
        if "name" in plan.filters and query.name:
            conditions.append(model.name.startswith(query.name))
        if "create_time" in plan.filters and query.create_time:
            conditions.append(model.create_time >= query.create_time)
        return reduce(and_, conditions) if conditions else None
