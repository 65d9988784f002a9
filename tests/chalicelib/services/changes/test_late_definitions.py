"""Definitions of which a run should have succeeded: told once, until the next success."""

from datetime import timedelta
from typing import Any

import pytest

from tests.support.changes import told
from tests.support.definitions import Definitions
from tests.support.scheduler import LocalScheduler


def test_no_success_in_time_is_told_once_and_the_next_success_ends_it(
    local: LocalScheduler, followed: Definitions
) -> None:
    definition_id = followed.create(schedule="0 13 * * *", success_within_seconds=7200, catch_up_seconds=86_400)
    history = []
    for clock_time in ("12:59", "14:59", "15:00", "15:01", "18:00"):
        followed.set_clock(clock_time)
        followed.sweep()
        history.append("Definition Late" in told(followed))
    assert history == [False, False, True, False, False]
    late = int(followed.at("15:00").timestamp() * 1000)
    assert followed.described(definition_id)["late_since"] == late
    for job in followed.jobs(definition_id):
        run = local.start(job["job_id"])
        run.report()
    assert "Definition Recovered" in told(followed)
    assert followed.described(definition_id)["late_since"] is None
    local.clock.forward(days=1, hours=4)
    followed.sweep()
    assert "Definition Late" in told(followed)


def test_a_success_in_time_is_not_late(local: LocalScheduler, followed: Definitions) -> None:
    definition_id = followed.create(schedule="0 13 * * *", success_within_seconds=7200)
    followed.set_clock("13:00", seconds=5)
    followed.tick(definition_id, followed.at("13:00"))
    local.start(followed.jobs(definition_id)[0]["job_id"]).report()
    followed.follow_changes()
    followed.set_clock("15:30")
    followed.sweep()
    assert "Definition Late" not in told(followed)


@pytest.mark.parametrize("change", [{"active": False}, {"success_within_seconds": None}, {"schedule": "0 5 * * *"}])
def test_a_change_ends_the_wait_for_a_success(
    local: LocalScheduler, followed: Definitions, change: dict[str, Any]
) -> None:
    definition_id = followed.create(schedule="0 13 * * *", success_within_seconds=7200)
    followed.set_clock("14:00")
    followed.patch(definition_id, **change)
    followed.set_clock("16:00")
    followed.sweep()
    assert "Definition Late" not in told(followed)


def test_late_definitions_cost_one_query(local: LocalScheduler, made: Definitions) -> None:
    made.create(schedule="0 13 * * *", success_within_seconds=7200)
    local.calls.clear()
    local.factory.definition_sweep.request_late(local.clock.now + timedelta(minutes=1))
    assert local.calls == ["dynamodb:Query"]
