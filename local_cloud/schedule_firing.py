"""What fires schedules: a look at all of them at every full second.

Nothing is remembered over a restart: what was due before the launcher started is not delivered, as with a machine that was off.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from local_cloud.schedule_deliveries import Deliveries, Delivery, Send
from local_cloud.schedule_expression import parse_expression
from local_cloud.scheduler import EmulatedScheduler

__all__ = ["Firing", "due_instants", "firing"]

_log = logging.getLogger(__name__)

_LATEST: Final = timedelta(minutes=1)
"""What is found due later than this, because the machine slept, is not delivered any more."""


@contextmanager
def firing(scheduler: EmulatedScheduler) -> Iterator[None]:
    """Fire what becomes due inside the context, from a thread of its own."""
    stop = threading.Event()
    each = Firing(scheduler.schedules, scheduler.send, started=_now())
    thread = threading.Thread(target=each.run, args=(stop,), name="schedules", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


class Firing:
    """Finds the schedules that are due and delivers their messages.

    Parameters
    ----------
    schedules
        Gives all schedules, each as `GetSchedule` answers it.
    send
        Sends one message.
    started
        Only what is due later is delivered.
    """

    def __init__(self, schedules: Callable[[], Iterable[Mapping[str, Any]]], send: Send, *, started: datetime) -> None:
        self._schedules = schedules
        self._swept = started
        self._deliveries = Deliveries(send)

    def run(self, stop: threading.Event) -> None:
        """Sweep at every full second until told to stop."""
        while not stop.wait(1 - time.time() % 1):
            self.sweep(_now())

    def sweep(self, now: datetime) -> None:
        """Deliver what has become due since the last sweep, and try again what could not be delivered.

        Each due instant is delivered once, also if the clock is set back.
        """
        after, self._swept = max(self._swept, now - _LATEST), max(self._swept, now)
        for schedule in self._schedules():
            try:
                self._fire(schedule, after, now)
            except Exception:  # noqa: BLE001  whatever is wrong with one schedule must not keep the others from firing
                _log.exception("the schedule %s cannot fire", schedule.get("Arn"))
        self._deliveries.attempt(now)

    def _fire(self, schedule: Mapping[str, Any], after: datetime, now: datetime) -> None:
        for due in due_instants(schedule, after, now):
            self._deliveries.add(
                Delivery(schedule_arn=schedule["Arn"], target=schedule["Target"], due=due, not_before=now)
            )


def due_instants(schedule: Mapping[str, Any], after: datetime, until: datetime) -> list[datetime]:
    """Give the UTC instants, `after` < instant <= `until`, at which a schedule is to be delivered.

    Parameters
    ----------
    schedule
        As `GetSchedule` answers it, with times in seconds of the Unix epoch. What was due before its last change was not its.

    Raises
    ------
    InvalidExpressionError
        If its expression or zone is none.
    """
    if schedule.get("State") != "ENABLED":
        return []
    created, changed = _instant(schedule["CreationDate"]), _instant(schedule["LastModificationDate"])
    start = _instant(schedule["StartDate"]) if schedule.get("StartDate") else None
    end = _instant(schedule["EndDate"]) if schedule.get("EndDate") else until
    timezone = schedule.get("ScheduleExpressionTimezone") or "UTC"
    expression = parse_expression(schedule["ScheduleExpression"], timezone, anchor=start or created)
    due = expression.due_times(max(after, changed), min(until, end))
    return [each for each in due if start is None or each >= start]


def _instant(epoch_seconds: float) -> datetime:
    return datetime.fromtimestamp(epoch_seconds, UTC)


def _now() -> datetime:
    return datetime.now(UTC)
