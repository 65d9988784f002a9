"""The notifications table: deliveries, and the sparse index of those that have not ended."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from pynamodb.exceptions import PutError

from chalicelib.domain.notifications.delivery import Delivery
from chalicelib.domain.timestamps import to_millis
from chalicelib.storage.aws_errors import CONDITION_FAILED, error_code, raises_aws_errors
from chalicelib.storage.items import NotificationItem
from chalicelib.storage.record_attributes import attribute_values, read_record

__all__ = ["DUE", "NotificationTable"]

DUE: Final = "due"
"""The only partition of the index of deliveries that have not ended; most of them are in it for a second."""


@raises_aws_errors
class NotificationTable:
    """Reads and writes deliveries."""

    def __init__(self, model: type[NotificationItem]) -> None:
        self._model = model

    def put_new(self, delivery: Delivery) -> None:
        """Store a new delivery, which requests it: the table's stream triggers the notifications function. If it exists, nothing changes."""
        try:
            self._item(delivery).save(condition=self._model.delivery_id.does_not_exist())
        except PutError as error:
            if error_code(error) != CONDITION_FAILED:
                raise

    def get(self, delivery_id: str) -> Delivery | None:
        """Read a delivery consistently; None if there is none."""
        try:
            return read_record(Delivery, self._model.get(delivery_id, consistent_read=True))
        except self._model.DoesNotExist:
            return None

    def change(self, before: Delivery, after: Delivery) -> bool:
        """Store a delivery again, if it is still as it was read; False, and nothing written, otherwise."""
        unchanged = (self._model.state == before.state.value) & (self._model.attempts == before.attempts)
        try:
            self._item(after).save(condition=unchanged)
        except PutError as error:
            if error_code(error) != CONDITION_FAILED:
                raise
            return False
        return True

    def due(self, until: datetime) -> Iterator[str]:
        """Yield the ids of the deliveries that have not ended and whose next try is not later than `until`, the most overdue first."""
        for row in self._model.by_due.query(DUE, self._model.due_key <= f"{to_millis(until):015d}~"):
            yield row.delivery_id

    def _item(self, delivery: Delivery) -> NotificationItem:
        values: dict[str, Any] = attribute_values(delivery)
        if delivery.next_try is not None:
            values |= {"due": DUE, "due_key": f"{to_millis(delivery.next_try):015d}#{delivery.delivery_id}"}
        return self._model(**{name: value for name, value in values.items() if value is not None})
