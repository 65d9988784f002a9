"""The definitions table: single records, lists, and the sparse indexes that the sweep reads."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from pynamodb.connection import Connection
from pynamodb.exceptions import DeleteError, PutError, TransactWriteError, UpdateError
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.transactions import TransactWrite

from chalicelib.domain.definitions.definition import Definition
from chalicelib.domain.identifiers import LIVE_SHARDS
from chalicelib.domain.job import Job
from chalicelib.domain.list_query import DefinitionQuery, ListPlan, plan_definitions
from chalicelib.domain.timestamps import to_millis
from chalicelib.storage.aws_errors import cause_code
from chalicelib.storage.definition_codec import UNSYNCED, definition_attributes, due_key, to_definition
from chalicelib.storage.items import DefinitionItem, JobItem, MarkItem
from chalicelib.storage.job_codec import job_attributes
from chalicelib.storage.mark_table import Mark
from chalicelib.storage.marked_put import MarkedPut
from chalicelib.storage.pagination import PageReader, PageRequest, count_page

__all__ = ["DefinitionPage", "DefinitionTable"]

_REFUSED: Final = "ConditionalCheckFailedException"

_IN_BETWEEN: Final = frozenset({"ConditionalCheckFailed", "TransactionConflict"})
"""Why DynamoDB cancels a transaction when somebody else has written, or is just writing, one of its items."""


@dataclass(frozen=True)
class DefinitionPage:
    """One page of a list."""

    definitions: tuple[Definition, ...]
    next_token: str | None
    total: int | None
    """Known on the last page only."""


class DefinitionTable:
    """Reads and writes definitions.

    Parameters
    ----------
    model, jobs, marks
        `DefinitionItem`, `JobItem` and `MarkItem`, each bound to its table: a tick writes to all three at once, and a new one may
        come with a mark.
    connection
        pynamodb's connection, for transactions.
    """

    def __init__(
        self, model: type[DefinitionItem], *, jobs: type[JobItem], marks: type[MarkItem], connection: Connection
    ) -> None:
        self._model = model
        self._jobs = jobs
        self._marks = marks
        self._marked = MarkedPut(marks, connection)
        self._connection = connection
        self._pages = PageReader(model, "definition_id")

    def put_new(self, definition: Definition, mark: Mark | None = None) -> None:
        """Store a new definition, and the mark with it; both or none. The same once more is fine: an answer may have been lost.

        Raises
        ------
        MarkExistsError
            If the mark is there already.
        """
        attributes = {name: value for name, value in definition_attributes(definition).items() if value is not None}
        item, is_new = self._model(**attributes), self._model.definition_id.does_not_exist()
        if mark is not None:
            self._marked.put(item, mark, item_id=definition.definition_id, is_new=is_new, now=definition.create_time)
            return
        try:
            item.save(condition=is_new)
        except PutError as error:
            if cause_code(error) != _REFUSED:
                raise

    def get(self, owner_id: str, definition_id: str) -> Definition | None:
        """Read a definition consistently; None if there is none."""
        try:
            return to_definition(self._model.get(owner_id, definition_id, consistent_read=True))
        except self._model.DoesNotExist:
            return None

    def change(self, before: Definition, after: Definition) -> Definition | None:
        """Write what differs, if the definition still stands as it was read; None otherwise."""
        return self._update(before, self._difference(before, after))

    def mark_synced(self, definition: Definition) -> None:
        """Note that the schedules are written for the definition as it was read, if it still stands; that ends their problem."""
        synced = replace(definition, synced_revision=definition.revision)
        # Removed though it may not have been there when the definition was read: another writer may have noted it meanwhile.
        self._update(definition, [*self._difference(definition, synced), self._model.schedule_problem.remove()])

    def _update(self, before: Definition, actions: list[Action]) -> Definition | None:
        item = self._model(before.owner_id, before.definition_id)
        try:
            item.update(actions=actions, condition=self._stands(before))
        except UpdateError as error:
            if cause_code(error) not in (_REFUSED, "TransactionConflictException"):
                raise
            return None
        return to_definition(item)

    def delete(self, owner_id: str, definition_id: str) -> bool:
        """Remove the record; False if there was none. The table's stream tells the cleanup function."""
        try:
            self._model(owner_id, definition_id).delete(condition=self._model.definition_id.exists())
        except DeleteError as error:
            if cause_code(error) != _REFUSED:
                raise
            return False
        return True

    def count(self, owner_id: str, most: int) -> int:
        """Count an owner's definitions, at most so many: one Query, as long as these fit into a page of DynamoDB's 1 MB.

        A row of the index has about 120 bytes, so about 8,700 fit.
        """
        return count_page(self._model.by_owner.query(owner_id, limit=most, attributes_to_get=["owner_id"]))

    def page(self, owner_id: str, query: DefinitionQuery) -> DefinitionPage:
        """Read one page: one Query when no filter drops rows, at most four otherwise."""
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
        """Read owner and id of the definitions whose next due minute is at `until` or before it."""
        end = due_key(to_millis(until), "~")
        for shard in range(LIVE_SHARDS):
            for row in self._model.by_due.query(str(shard), self._model.due_key <= end):
                yield row.owner_id, row.definition_id

    def unsynced(self, until: datetime) -> Iterator[tuple[str, str]]:
        """Read owner and id of the definitions that changed by `until` and whose schedules have not been written since."""
        for row in self._model.by_unsynced.query(UNSYNCED, self._model.unsynced_key <= due_key(to_millis(until), "~")):
            yield row.owner_id, row.definition_id

    def run_tick(self, before: Definition, after: Definition, mark: Mark, job: Job | None) -> bool:
        """Take one tick in one transaction: the mark, the job if there is to be one, and the definition's progress.

        Parameters
        ----------
        before
            The definition as it was judged: it must still stand so.
        after
            The definition with its next due minute, runs and counts.
        mark
            The tick's mark: it must not be there yet.
        job
            The job that it makes; None for a tick that is skipped or missed.

        Returns
        -------
        bool
            False if any of these conditions does not hold (any more); nothing is written then.
        """
        mark_item = self._marks(mark_id=mark.mark_id, value=mark.value, expires_at=mark.expires_at)
        try:
            with TransactWrite(connection=self._connection) as transaction:
                transaction.save(mark_item, condition=self._marks.mark_id.does_not_exist())
                transaction.update(
                    self._model(before.owner_id, before.definition_id),
                    actions=self._difference(before, after),
                    condition=self._stands(before),
                )
                if job is not None:
                    values = {name: value for name, value in job_attributes(job).items() if value is not None}
                    transaction.save(self._jobs(**values), condition=self._jobs.job_id.does_not_exist())
        except TransactWriteError as error:
            if _IN_BETWEEN.isdisjoint(reason.code for reason in error.cancellation_reasons if reason):
                raise
            return False
        return True

    def take_over(self, before: Definition, after: Definition, new: Definition) -> bool:
        """Store a new definition and change the one that it takes the place of, both or none.

        Returns
        -------
        bool
            False if the old one does not stand as it was read any more; nothing is written then.
        """
        values = {name: value for name, value in definition_attributes(new).items() if value is not None}
        try:
            with TransactWrite(connection=self._connection) as transaction:
                transaction.save(self._model(**values), condition=self._model.definition_id.does_not_exist())
                transaction.update(
                    self._model(before.owner_id, before.definition_id),
                    actions=self._difference(before, after),
                    condition=self._model.definition_id.exists() & self._stands(before),
                )
        except TransactWriteError as error:
            if _IN_BETWEEN.isdisjoint(reason.code for reason in error.cancellation_reasons if reason):
                raise
            return False
        return True

    def _stands(self, before: Definition) -> Condition:
        """Whether no edit, no tick and no write of its schedules has come in between."""
        condition: Condition = self._model.revision == before.revision
        for name in ("synced_revision", "update_time", "run_count", "missed_count"):
            condition &= getattr(self._model, name) == getattr(before, name)
        due = self._model.next_due
        condition &= due.does_not_exist() if before.next_due is None else due == before.next_due
        return condition

    def _difference(self, before: Definition, after: Definition) -> list[Action]:
        """Write what differs; DynamoDB takes no update of nothing."""
        old, new = definition_attributes(before), definition_attributes(after)
        actions: list[Action] = []
        for name, value in new.items():
            attribute = getattr(self._model, name)
            if value is None and old[name] is not None:
                actions.append(attribute.remove())
            elif value is not None and value != old[name]:
                actions.append(attribute.set(value))
        return actions or [self._model.revision.set(before.revision)]

    def _filter(self, query: DefinitionQuery, plan: ListPlan) -> Condition | None:
        model = self._model
        conditions: list[Any] = [model.spec["tags"].contains(tag) for tag in query.tags]
        if "name" in plan.filters and query.name:
            conditions.append(model.name.startswith(query.name))
        if "create_time" in plan.filters and query.create_time:
            conditions.append(model.create_time >= query.create_time)
        condition: Condition | None = None
        for each in conditions:
            condition = each if condition is None else condition & each
        return condition
