"""What the tables of jobs and definitions share: new records, conditional changes, deletes."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, ClassVar, Final, Generic, TypeVar

from pynamodb.connection import Connection
from pynamodb.exceptions import DeleteError, PutError, TransactWriteError, UpdateError
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.transactions import TransactWrite

from chalicelib.domain.definitions.definition import Definition
from chalicelib.domain.job import Job
from chalicelib.storage.aws_errors import CONDITION_FAILED, error_code, raises_aws_errors
from chalicelib.storage.items import DefinitionItem, JobItem, MarkItem
from chalicelib.storage.mark_table import Mark, MarkExistsError

__all__ = ["TRANSACTION_CONDITION_FAILED", "RecordTable", "attributes_of"]

TRANSACTION_CONDITION_FAILED: Final = "ConditionalCheckFailed"
"""Why DynamoDB cancels a transaction when the condition of one of its writes does not hold."""

_Record = TypeVar("_Record", bound=Job | Definition)
_Item = TypeVar("_Item", bound=JobItem | DefinitionItem)


def attributes_of(record: _Record, encode: Callable[[_Record], dict[str, Any]]) -> dict[str, Any]:
    """Return the attributes of a new item: those that have a value."""
    return {name: value for name, value in encode(record).items() if value is not None}


@raises_aws_errors
class RecordTable(Generic[_Record, _Item]):
    """Reads and writes the records of one table, each by its owner and its id.

    Parameters
    ----------
    model, marks
        The table's model and `MarkItem`, each bound to its table: a new record may come with a mark.
    connection
        pynamodb's connection, for transactions.
    encode, decode
        Turn a record into the attributes of an item, and an item into a record.
    """

    _id_name: ClassVar[str]
    """Attribute of a record's id, the range key."""

    _refusals: ClassVar[frozenset[str]] = frozenset({CONDITION_FAILED})
    """Error codes of a change that finds the record changed meanwhile."""

    def __init__(
        self,
        model: type[_Item],
        marks: type[MarkItem],
        connection: Connection,
        *,
        encode: Callable[[_Record], dict[str, Any]],
        decode: Callable[[_Item], _Record],
    ) -> None:
        self._model = model
        self._marks = marks
        self._connection = connection
        self._encode = encode
        self._decode = decode

    def put_new(self, record: _Record, mark: Mark | None = None) -> None:
        """Store a new record, and the mark with it; both or none. Repeating the call is safe, as after a lost response.

        Raises
        ------
        MarkExistsError
            If the mark exists and has not expired.
        """
        item = self._model(**attributes_of(record, self._encode))
        if mark is not None:
            self._put_marked(item, mark, record.create_time)
            return
        try:
            item.save(condition=self._id.does_not_exist())
        except PutError as error:
            if error_code(error) != CONDITION_FAILED:  # else a repeated call: nobody else can have this id
                raise

    def delete(self, owner_id: str, item_id: str) -> bool:
        """Delete a record; False if there is none. The table's stream triggers the cleanup function."""
        try:
            self._model(owner_id, item_id).delete(condition=self._id.exists())
        except DeleteError as error:
            if error_code(error) != CONDITION_FAILED:
                raise
            return False
        return True

    @property
    def _id(self) -> Any:
        return getattr(self._model, self._id_name)

    def _find(self, owner_id: str, item_id: str) -> _Record | None:
        """Read a record consistently; None if there is none."""
        try:
            item: Any = self._model.get(owner_id, item_id, consistent_read=True)
        except self._model.DoesNotExist:
            return None
        return self._decode(item)

    def _put_marked(self, item: _Item, mark: Mark, now: datetime) -> None:
        mark_item = self._marks(mark_id=mark.mark_id, value=mark.value, expires_at=mark.expires_at)
        is_free = self._marks.mark_id.does_not_exist() | (self._marks.expires_at < now)
        item_id = getattr(item, self._id_name)  # at most 36 characters; a repeated call stores nothing more
        try:
            with TransactWrite(connection=self._connection, client_request_token=item_id) as transaction:
                transaction.save(mark_item, condition=is_free)
                transaction.save(item, condition=self._id.does_not_exist())
        except TransactWriteError as error:
            reasons = error.cancellation_reasons
            if reasons and reasons[0] and reasons[0].code == TRANSACTION_CONDITION_FAILED:
                raise MarkExistsError(mark.mark_id) from error
            raise

    def _changes(self, before: _Record, after: _Record, *more: Action) -> list[Action]:
        """Return the actions that write what differs; at least one, because pynamodb writes nothing without actions."""
        old, new = self._encode(before), self._encode(after)
        actions: list[Action] = []
        for name, value in new.items():
            attribute = getattr(self._model, name)
            if value is None and old[name] is not None:
                actions.append(attribute.remove())
            elif value is not None and value != old[name]:
                actions.append(attribute.set(value))
        return [*actions, *more] or [self._model.update_time.set(after.update_time)]

    def _update(self, owner_id: str, item_id: str, actions: Sequence[Action], condition: Condition) -> _Record | None:
        """Change a record; None, and nothing written, if it is gone or the condition does not hold."""
        item = self._model(owner_id, item_id)
        try:
            item.update(actions=list(actions), condition=self._id.exists() & condition)
        except UpdateError as error:
            if error_code(error) not in self._refusals:
                raise
            return None
        return self._decode(item)
