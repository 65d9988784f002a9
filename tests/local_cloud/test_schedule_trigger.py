"""Which schedules fire when, with a clock of the test's own."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from local_cloud.schedule_delivery import Delivery
from local_cloud.schedule_trigger import ScheduleTrigger, due_times

DUE = datetime(2026, 3, 1, 10, 0, tzinfo=UTC)
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


def schedule(**fields: Any) -> dict[str, Any]:
    before = (DUE - timedelta(days=1)).timestamp()
    return {
        "ScheduleExpression": "cron(* * * * ? *)",
        "State": "ENABLED",
        "CreationDate": before,
        "LastModificationDate": before,
        **fields,
    }


def minutes_due(**fields: Any) -> list[int]:
    """The minutes due after 10:00 until 10:05."""
    return [each.minute for each in due_times(schedule(**fields), DUE, DUE + timedelta(minutes=5))]


def test_a_schedule_is_due_while_it_is_enabled_between_start_and_end() -> None:
    assert minutes_due() == [1, 2, 3, 4, 5]
    assert minutes_due(State="DISABLED") == []
    assert minutes_due(StartDate=(DUE + timedelta(minutes=2)).timestamp()) == [2, 3, 4, 5]
    assert minutes_due(EndDate=(DUE + timedelta(minutes=2)).timestamp()) == [1, 2]
    assert minutes_due(StartDate=None, EndDate=None) == [1, 2, 3, 4, 5]


def test_what_was_due_before_a_change_was_not_the_changed_schedules() -> None:
    assert minutes_due(LastModificationDate=(DUE + timedelta(minutes=2, seconds=1)).timestamp()) == [3, 4, 5]


def test_a_rate_begins_at_the_start_or_else_at_the_creation() -> None:
    rate = {"ScheduleExpression": "rate(2 minutes)"}
    assert minutes_due(**rate) == [2, 4]
    assert minutes_due(**rate, StartDate=(DUE + timedelta(minutes=1)).timestamp()) == [3, 5]


class Clock:
    """Sweeps over one schedule that is due every minute, at the times it is told."""

    def __init__(self, started: datetime, *others: Mapping[str, Any]) -> None:
        self.sent: list[str] = []
        target = {"Arn": "arn:queue", "Input": "<aws.scheduler.scheduled-time>"}
        schedules = [*others, schedule(Arn="arn:schedule", Target=target)]
        self._trigger = ScheduleTrigger(lambda: schedules, self._send, started=started)

    def _send(self, _delivery: Delivery, _queue_arn: str, body: str, _attributes: Mapping[str, str]) -> None:
        self.sent.append(body[11:16])

    def strike(self, instants: Iterable[datetime]) -> list[str]:
        """Give what was sent at these instants."""
        before = len(self.sent)
        for instant in instants:
            self._trigger.check(instant)
        return self.sent[before:]


def seconds(first: datetime, count: int) -> list[datetime]:
    return [first + number * SECOND for number in range(count)]


def test_each_minute_is_sent_once_at_its_first_second() -> None:
    clock = Clock(DUE - SECOND)
    assert clock.strike([DUE - SECOND]) == []
    assert clock.strike([DUE]) == ["10:00"]
    assert clock.strike(seconds(DUE, 60)) == []
    assert clock.strike(seconds(DUE + MINUTE, 60)) == ["10:01"]


def test_a_minute_that_began_before_the_start_is_not_sent() -> None:
    assert Clock(DUE).strike(seconds(DUE, 90)) == ["10:01"]


def test_a_sweep_that_comes_late_sends_what_was_due() -> None:
    clock = Clock(DUE - SECOND)
    assert clock.strike([DUE + 40 * SECOND]) == ["10:00"]


def test_what_was_due_while_the_machine_slept_is_not_sent() -> None:
    clock = Clock(DUE - SECOND)
    assert clock.strike([DUE, DUE + 60 * MINUTE + 5 * SECOND]) == ["10:00", "11:00"]


def test_a_clock_that_is_set_back_sends_nothing_again() -> None:
    clock = Clock(DUE - SECOND)
    assert clock.strike([DUE + MINUTE]) == ["10:01"]
    assert clock.strike(seconds(DUE - SECOND, 120)) == []
    assert clock.strike([DUE + 2 * MINUTE]) == ["10:02"]


def test_one_bad_schedule_does_not_disturb_the_others() -> None:
    bad = [
        schedule(ScheduleExpression="cron(nonsense)", Arn="arn:bad", Target={"Arn": "arn:queue", "Input": "bad"}),
        schedule(ScheduleExpressionTimezone="Mars/Olympus", Arn="arn:bad"),
        schedule(CreationDate=None, Arn="arn:bad"),
        {"State": "ENABLED"},
        schedule(Arn="arn:without-target"),
        schedule(Arn="arn:odd-target", Target="queue"),
    ]
    assert Clock(DUE - SECOND, *bad).strike([DUE]) == ["10:00"]
