"""The duties of a sweep share its time: one that is slow, or fails, leaves the next its turn and continues with the next sweep."""

from types import SimpleNamespace
from typing import Any

import pytest

from chalicelib import events
from tests.support.definitions import Definitions
from tests.support.failures import Failures
from tests.support.faults import Always, Slow
from tests.support.scheduler import LocalScheduler
from tests.support.watching import is_asked_to_stop, job_id_of

_CONTEXT: Any = SimpleNamespace(aws_request_id="r", get_remaining_time_in_millis=lambda: 120_000)


def _silent_runs(local: LocalScheduler, number: int) -> list[Any]:
    runs = [local.start() for _ in range(number)]
    local.clock.forward(hours=2, minutes=1)  # none is connected, so all may be cut off, for up to two hours
    return runs


def test_slow_checks_of_runs_leave_time_for_the_other_duties_and_continue_with_the_next_sweep(
    local: LocalScheduler, made: Definitions, failures: Failures
) -> None:
    made.create(schedule="* * * * *")
    runs = _silent_runs(local, 8)
    orphan = runs.pop(0)
    local.client("dynamodb").delete_item(
        TableName="jobs", Key={"owner_id": {"S": local.owner_id()}, "job_id": {"S": job_id_of(orphan)}}
    )
    failures.counted()
    local.hub.listeners.append(Slow(local.clock.forward, "ecs:DescribeTasks", seconds=10))
    events.sweep({}, _CONTEXT)
    stopped = [run for run in runs if is_asked_to_stop(run)]
    assert 0 < len(stopped) < len(runs)
    assert is_asked_to_stop(orphan)
    assert [message["kind"] for message in made.asked()] == ["walk"]
    assert failures.counted() == ["runs"]
    for _ in range(3):
        events.sweep({}, _CONTEXT)
    assert all(is_asked_to_stop(run) for run in runs)


def test_jobs_whose_checks_always_fail_do_not_use_up_the_time_of_each_sweep(
    local: LocalScheduler, failures: Failures
) -> None:
    runs = _silent_runs(local, 6)
    failures.counted()
    slow_and_broken = (
        Slow(local.clock.forward, "ecs:DescribeTasks", seconds=20),
        Always("ServerException", "ecs:DescribeTasks"),
    )
    local.hub.listeners += slow_and_broken
    events.sweep({}, _CONTEXT)
    assert failures.counted() == ["runs", "runs"]  # a failure, and the lack of time
    local.hub.listeners.clear()
    checked_first = {job.job_id for job in local.factory._job_lists.overdue(local.clock())}
    assert 0 < len(checked_first) < len(runs)
    local.clock.forward(minutes=1)
    in_order = [job.job_id for job in local.factory._job_lists.overdue(local.clock())]
    assert set(in_order[: len(checked_first)]) == checked_first
    events.sweep({}, _CONTEXT)
    assert all(is_asked_to_stop(run) for run in runs)


@pytest.mark.parametrize(
    ("failing", "counted"),
    [
        ("ecs:ListTasks", ["orphaned-tasks"]),
        ("sqs:SendMessageBatch", ["tick-requests"]),
        ("ecs:DescribeTasks", ["runs"]),
    ],
)
def test_a_failing_duty_counts_once_whatever_the_number_of_its_rows(
    local: LocalScheduler, made: Definitions, failures: Failures, failing: str, counted: list[str]
) -> None:
    for _ in range(2):
        made.create(schedule="* * * * *")
    _silent_runs(local, 3)
    failures.counted()
    local.hub.listeners.append(Always("ThrottlingException", failing))
    events.sweep({}, _CONTEXT)
    assert failures.counted() == counted


def test_without_time_a_sweep_starts_nothing(local: LocalScheduler, made: Definitions, failures: Failures) -> None:
    made.create(schedule="* * * * *")
    (run,) = _silent_runs(local, 1)
    failures.counted()
    events.sweep({}, SimpleNamespace(aws_request_id="r", get_remaining_time_in_millis=lambda: 29_000))
    assert not is_asked_to_stop(run)
    assert made.asked() == []
    assert failures.counted() == ["tick-requests", "runs"]
