"""When schedules are triggered, with a clock of the test."""

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
    """Return the minutes that are due after 10:00 until 10:05."""
    return [time.minute for time in due_times(schedule(**fields), DUE, DUE + timedelta(minutes=5))]


def test_a_schedule_is_due_while_it_is_enabled_between_start_and_end() -> None:
    assert minutes_due() == [1, 2, 3, 4, 5]
    assert minutes_due(State="DISABLED") == []
    assert minutes_due(StartDate=(DUE + timedelta(minutes=2)).timestamp()) == [2, 3, 4, 5]
    assert minutes_due(EndDate=(DUE + timedelta(minutes=2)).timestamp()) == [1, 2]
    assert minutes_due(StartDate=None, EndDate=None) == [1, 2, 3, 4, 5]


def test_due_times_before_the_last_change_do_not_count() -> None:
    assert minutes_due(LastModificationDate=(DUE + timedelta(minutes=2, seconds=1)).timestamp()) == [3, 4, 5]


def test_a_rate_starts_at_its_start_date_or_at_its_creation() -> None:
    rate = {"ScheduleExpression": "rate(2 minutes)"}
    assert minutes_due(**rate) == [2, 4]
    assert minutes_due(**rate, StartDate=(DUE + timedelta(minutes=1)).timestamp()) == [3, 5]


class Clock:
    """Check a schedule that is due every minute, at the times of the test."""

    def __init__(self, started: datetime, *others: Mapping[str, Any]) -> None:
        self.sent: list[str] = []
        target = {"Arn": "arn:queue", "Input": "<aws.scheduler.scheduled-time>"}
        schedules = [*others, schedule(Arn="arn:schedule", Target=target)]
        self._trigger = ScheduleTrigger(lambda: schedules, self._send, started=started)

    def _send(self, _delivery: Delivery, _queue_arn: str, body: str, _attributes: Mapping[str, str]) -> None:
        self.sent.append(body[11:16])

    def check_at(self, times: Iterable[datetime]) -> list[str]:
        """Return what was sent at these times."""
        before = len(self.sent)
        for time in times:
            self._trigger.check(time)
        return self.sent[before:]


def seconds(first: datetime, count: int) -> list[datetime]:
    return [first + number * SECOND for number in range(count)]


def test_a_minute_is_sent_once_in_its_first_second() -> None:
    clock = Clock(DUE - SECOND)
    assert clock.check_at([DUE - SECOND]) == []
    assert clock.check_at([DUE]) == ["10:00"]
    assert clock.check_at(seconds(DUE, 60)) == []
    assert clock.check_at(seconds(DUE + MINUTE, 60)) == ["10:01"]


def test_a_minute_before_the_start_is_not_sent() -> None:
    assert Clock(DUE).check_at(seconds(DUE, 90)) == ["10:01"]


def test_a_late_check_sends_what_was_due() -> None:
    clock = Clock(DUE - SECOND)
    assert clock.check_at([DUE + 40 * SECOND]) == ["10:00"]


def test_due_times_while_the_machine_was_suspended_are_not_sent() -> None:
    clock = Clock(DUE - SECOND)
    assert clock.check_at([DUE, DUE + 60 * MINUTE + 5 * SECOND]) == ["10:00", "11:00"]


def test_setting_the_clock_back_sends_nothing_twice() -> None:
    clock = Clock(DUE - SECOND)
    assert clock.check_at([DUE + MINUTE]) == ["10:01"]
    assert clock.check_at(seconds(DUE - SECOND, 120)) == []
    assert clock.check_at([DUE + 2 * MINUTE]) == ["10:02"]


def test_an_invalid_schedule_does_not_affect_the_others() -> None:
    bad = [
        schedule(ScheduleExpression="cron(nonsense)", Arn="arn:bad", Target={"Arn": "arn:queue", "Input": "bad"}),
        schedule(ScheduleExpressionTimezone="Mars/Olympus", Arn="arn:bad"),
        schedule(CreationDate=None, Arn="arn:bad"),
        {"State": "ENABLED"},
        schedule(Arn="arn:without-target"),
        schedule(Arn="arn:odd-target", Target="queue"),
    ]
    assert Clock(DUE - SECOND, *bad).check_at([DUE]) == ["10:00"]
