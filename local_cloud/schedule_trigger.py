"""Trigger schedules: check all of them at every full second.

After a restart, what was due before the launcher started is not delivered, as if the machine had been off.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from local_cloud.schedule_delivery import Delivery, DeliveryQueue, Send
from local_cloud.schedule_expression import parse_expression
from local_cloud.scheduler import EmulatedScheduler

__all__ = ["ScheduleTrigger", "due_times", "running_trigger"]

_log = logging.getLogger(__name__)

_MAX_DELAY: Final = timedelta(minutes=1)
"""What is found due later than this, because the machine was suspended, is not delivered."""


@contextmanager
def running_trigger(scheduler: EmulatedScheduler) -> Iterator[None]:
    """Trigger schedules in a thread until the block ends."""
    stop = threading.Event()
    trigger = ScheduleTrigger(scheduler.schedules, scheduler.send, started=_now())
    thread = threading.Thread(target=trigger.run, args=(stop,), name="schedules", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


class ScheduleTrigger:
    """Find the schedules that are due, and deliver their messages.

    Parameters
    ----------
    schedules
        Returns all schedules in the format of `GetSchedule`.
    send
        Sends a message.
    started
        What was due earlier is not delivered.
    """

    def __init__(self, schedules: Callable[[], Iterable[Mapping[str, Any]]], send: Send, *, started: datetime) -> None:
        self._schedules = schedules
        self._checked = started
        self._delivery_queue = DeliveryQueue(send)

    def run(self, stop: threading.Event) -> None:
        """Check the schedules at every full second until the event is set."""
        while not stop.wait(1 - time.time() % 1):
            self.check(_now())

    def check(self, now: datetime) -> None:
        """Deliver what has become due since the last check, and retry failed deliveries.

        Each due time is delivered once, even if the clock is set back.
        """
        after, self._checked = max(self._checked, now - _MAX_DELAY), max(self._checked, now)
        for schedule in self._schedules():
            try:
                self._trigger(schedule, after, now)
            except Exception:  # noqa: BLE001  an error of one schedule must not affect the others
                _log.exception("the schedule %s cannot be triggered", schedule.get("Arn"))
        self._delivery_queue.attempt(now)

    def _trigger(self, schedule: Mapping[str, Any], after: datetime, now: datetime) -> None:
        for due_time in due_times(schedule, after, now):
            self._delivery_queue.add(
                Delivery(schedule_arn=schedule["Arn"], target=schedule["Target"], due=due_time, not_before=now)
            )


def due_times(schedule: Mapping[str, Any], after: datetime, until: datetime) -> list[datetime]:
    """Return the due times of a schedule in UTC, `after` < time <= `until`.

    Parameters
    ----------
    schedule
        In the format of `GetSchedule`, with times in seconds of the Unix epoch. It has no due times before its last change.

    Raises
    ------
    InvalidExpressionError
        If the expression or the time zone is invalid.
    """
    if schedule.get("State") != "ENABLED":
        return []
    created, changed = _utc(schedule["CreationDate"]), _utc(schedule["LastModificationDate"])
    start = _utc(schedule["StartDate"]) if schedule.get("StartDate") else None
    end = _utc(schedule["EndDate"]) if schedule.get("EndDate") else until
    timezone = schedule.get("ScheduleExpressionTimezone") or "UTC"
    expression = parse_expression(schedule["ScheduleExpression"], timezone, anchor=start or created)
    times = expression.due_times(max(after, changed), min(until, end))
    return [time for time in times if start is None or time >= start]


def _utc(epoch_seconds: float) -> datetime:
    return datetime.fromtimestamp(epoch_seconds, UTC)


def _now() -> datetime:
    return datetime.now(UTC)
