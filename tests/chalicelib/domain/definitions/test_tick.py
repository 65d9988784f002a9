"""Due times: which ones a definition has, the decision about each, and the next one."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.definitions.definition import Definition, LastRun, ScheduleOptions
from chalicelib.domain.definitions.tick import (
    TickVerdict,
    advance_next_due,
    after_tick,
    decide_tick,
    due_times,
    next_due_after,
)
from tests.chalicelib.domain.builders import job, spec

_NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
_FAR = datetime(9999, 12, 31, 23, 59, tzinfo=UTC)


def _definition(
    schedule: str | None = "0 * * * *", options: dict[str, Any] | None = None, **changes: Any
) -> Definition:
    plain = Definition(
        owner_id="ann-1",
        definition_id="d-1",
        name="Nightly",
        input_filename="report.ipynb",
        spec=spec(),
        snapshot_id="s",
        create_time=_NOON,
        update_time=_NOON,
        effective_from=_NOON,
        schedule=schedule,
        options=ScheduleOptions(**(options or {})),
    )
    return replace(plain, **changes)


def _hours(definition: Definition, until: int = 23) -> list[int]:
    return [each.hour for each in due_times(definition, _NOON - timedelta(hours=5), _NOON.replace(hour=until))]


def test_a_definition_has_no_due_time_before_its_creation() -> None:
    assert _hours(_definition(), 16) == [13, 14, 15, 16]
    assert _hours(_definition(effective_from=_NOON - timedelta(milliseconds=1)), 14) == [12, 13, 14]


@pytest.mark.parametrize(
    ("definition", "expected"),
    [
        (_definition(None), []),
        (_definition(active=False), []),
        (_definition(options={"max_runs": 3}, run_count=3), []),
        (_definition(options={"max_runs": 3}, run_count=2), [13, 14, 15, 16]),
        (_definition(options={"start": _NOON.replace(hour=15)}), [15, 16]),
        (_definition(options={"end": _NOON.replace(hour=15)}), [13, 14, 15]),
        (_definition(options={"start": _NOON.replace(hour=14), "end": _NOON.replace(hour=14)}), [14]),
        (_definition(options={"end": _NOON.replace(hour=9)}), []),
        (_definition("0 22 * * *", timezone="Asia/Kathmandu"), []),
        (_definition("45 21 * * *", timezone="Asia/Kathmandu"), [16]),
    ],
)
def test_due_times_of_a_definition(definition: Definition, expected: list[int]) -> None:
    assert _hours(definition, 16) == expected


def test_a_distant_due_time_is_not_an_error() -> None:
    assert next_due_after(_definition("0 9 29 2 *", {"start": _FAR}), _NOON) is None
    assert next_due_after(_definition(options={"end": _FAR}), _NOON) == _NOON.replace(hour=13)
    assert next_due_after(_definition("0 9 29 2 */7"), _NOON) is not None


@given(late=st.timedeltas(timedelta(0), timedelta(hours=3)), catch_up=st.timedeltas(timedelta(0), timedelta(hours=3)))
def test_a_due_time_runs_within_its_catch_up_window(late: timedelta, catch_up: timedelta) -> None:
    due = _NOON.replace(hour=13)
    verdict = decide_tick(_definition(next_due=due, options={"catch_up": catch_up}), due, due + late)
    assert verdict is (TickVerdict.RUN if late <= catch_up else TickVerdict.MISSED)


def test_a_late_due_time_before_the_next_one_was_recorded_before() -> None:
    due = _NOON.replace(hour=13)
    definition = _definition(next_due=_NOON.replace(hour=15), options={"catch_up": timedelta(hours=1)})
    assert decide_tick(definition, due, due + timedelta(hours=2)) is TickVerdict.NOT_DUE
    assert decide_tick(definition, due, due + timedelta(hours=1)) is TickVerdict.RUN


@given(minute=st.integers(-90, 90))
def test_the_decision_that_a_time_is_due_matches_the_list(minute: int) -> None:
    definition = _definition("*/7 * * * *", {"start": _NOON + timedelta(minutes=20)})
    due = _NOON + timedelta(minutes=minute)
    listed = list(due_times(definition, _NOON - timedelta(hours=3), _NOON + timedelta(hours=3)))
    assert (decide_tick(definition, due, due) is TickVerdict.RUN) == (due in listed)


@pytest.mark.parametrize(("due", "next_due"), [(13, 14), (14, 13)])
def test_next_due_advances_only_with_its_own_tick(due: int, next_due: int) -> None:
    before = _definition(next_due=_NOON.replace(hour=13), synced_revision=1)
    made, instant = job(), _NOON.replace(hour=due)
    after = after_tick(before, instant, TickVerdict.RUN, made)
    assert after.next_due == _NOON.replace(hour=next_due)
    assert (after.run_count, after.missed_count, after.synced_revision) == (1, 0, 1)
    assert after.last_run == LastRun(made.job_id, instant)


@pytest.mark.parametrize("verdict", [TickVerdict.MISSED, TickVerdict.SKIPPED])
def test_a_tick_without_a_job_counts_no_run(verdict: TickVerdict) -> None:
    before = _definition(next_due=_NOON.replace(hour=13), options={"max_runs": 1})
    after = after_tick(before, _NOON.replace(hour=13), verdict, None)
    assert (after.run_count, after.missed_count, after.last_run) == (0, int(verdict is TickVerdict.MISSED), None)
    assert after.next_due == _NOON.replace(hour=14)


@pytest.mark.parametrize("due", [13, 14])
def test_after_the_last_run_there_is_no_next_due_time_and_the_schedules_are_out_of_date(due: int) -> None:
    before = _definition(next_due=_NOON.replace(hour=13), options={"max_runs": 1}, synced_revision=1)
    after = after_tick(before, _NOON.replace(hour=due), TickVerdict.RUN, job())
    assert (after.next_due, after.synced_revision) == (None, 0)


def test_next_due_advances_until_the_end() -> None:
    before = _definition(options={"end": _NOON.replace(hour=14)}, synced_revision=1)
    assert advance_next_due(before, _NOON.replace(hour=13)) == replace(before, next_due=_NOON.replace(hour=14))
    assert advance_next_due(before, _NOON.replace(hour=14)) == replace(before, next_due=None, synced_revision=0)
