"""A new record and a mark, stored in one transaction."""

from datetime import datetime
from typing import Final

from pynamodb.connection import Connection
from pynamodb.exceptions import TransactWriteError
from pynamodb.expressions.condition import Condition
from pynamodb.models import Model
from pynamodb.transactions import TransactWrite

from chalicelib.storage.items import MarkItem
from chalicelib.storage.mark_table import Mark

__all__ = ["MarkExistsError", "MarkedPut"]

_FAILED: Final = "ConditionalCheckFailed"


class MarkExistsError(Exception):
    """The mark that was to be written with a record is there already; nothing was written."""


class MarkedPut:
    """Stores new records with their marks.

    Parameters
    ----------
    marks
        `MarkItem`, bound to its table.
    connection
        pynamodb's connection, for transactions.
    """

    def __init__(self, marks: type[MarkItem], connection: Connection) -> None:
        self._marks = marks
        self._connection = connection

    def put(self, item: Model, mark: Mark, *, item_id: str, is_new: Condition, now: datetime) -> None:
        """Store a record and its mark, both or none; a mark whose time is over counts as none.

        Parameters
        ----------
        item, mark
            The record and the mark.
        item_id
            The record's id, of at most 36 characters: the same call once more stores nothing more.
        is_new
            Holds if the record is not there yet.
        now
            When it is stored.

        Raises
        ------
        MarkExistsError
            If the mark is there already.
        """
        mark_item = self._marks(mark_id=mark.mark_id, value=mark.value, expires_at=mark.expires_at)
        is_free = self._marks.mark_id.does_not_exist() | (self._marks.expires_at < now)
        try:
            with TransactWrite(connection=self._connection, client_request_token=item_id) as transaction:
                transaction.save(mark_item, condition=is_free)
                transaction.save(item, condition=is_new)
        except TransactWriteError as error:
            reasons = error.cancellation_reasons
            if reasons and reasons[0] and reasons[0].code == _FAILED:
                raise MarkExistsError(mark.mark_id) from error
            raise
