"""Due times whose jobs cannot be created: noted on the definition, counted, and retried."""

import pytest

from tests.support.definitions import Definitions
from tests.support.failures import Failures
from tests.support.faults import Always, Lost, Refused
from tests.support.scheduler import LocalScheduler

_DENIED = "AccessDeniedException"


def test_a_failed_tick_is_noted_and_delivered_again(
    local: LocalScheduler, made: Definitions, failures: Failures
) -> None:
    definition_id = made.create()
    made.set_clock("13:00", seconds=4)
    local.hub.listeners.append(Always(_DENIED, "s3:CopyObject", status=403))
    assert made.tick(definition_id, made.at("13:00")) == ["m0"]
    described = made.described(definition_id)
    (problem,) = described["problems"]
    assert (problem["work"], problem["code"], problem["attempts"]) == ("ticks", "denied", 1)
    assert problem["title"] == "Due jobs not created"
    assert f"{_DENIED}: said by the test" in problem["message"]
    assert described["next_run_time"] is None
    assert failures.counted() == ["ticks"]
    assert failures.named("definition_id") == {definition_id}
    local.hub.listeners.clear()
    assert made.tick(definition_id, made.at("13:00")) == []
    described = made.described(definition_id)
    assert (described["problems"], described["run_count"]) == ([], 1)
    assert described["next_run_time"] == int(made.at("14:00").timestamp() * 1000)


def test_a_tick_that_is_written_is_no_problem_although_the_response_was_lost(
    local: LocalScheduler, made: Definitions, failures: Failures
) -> None:
    definition_id = made.create()
    made.set_clock("13:00", seconds=4)
    local.hub.listeners.append(Lost("dynamodb:TransactWriteItems"))
    assert made.tick(definition_id, made.at("13:00")) == ["m0"]
    assert failures.counted() == ["ticks"]
    described = made.described(definition_id)
    assert (described["problems"], described["run_count"]) == ([], 1)


def test_a_tick_is_noted_as_failed_if_its_mark_cannot_be_read(local: LocalScheduler, made: Definitions) -> None:
    definition_id = made.create()
    made.set_clock("13:00", seconds=4)
    copies = Always("SlowDown", "s3:CopyObject", status=503)
    read_of_mark = Refused("ThrottlingException", "dynamodb:GetItem", 3)
    local.hub.listeners += [copies, read_of_mark]
    made.tick(definition_id, made.at("13:00"))
    assert read_of_mark.has_happened
    assert [problem["code"] for problem in made.described(definition_id)["problems"]] == ["busy"]


def test_a_throttled_tick_shows_a_next_run_until_it_fails_repeatedly(local: LocalScheduler, made: Definitions) -> None:
    definition_id = made.create()
    made.set_clock("13:00", seconds=4)
    local.hub.listeners.append(Always("SlowDown", "s3:CopyObject", status=503))
    promises = []
    for _ in range(3):
        made.tick(definition_id, made.at("13:00"))
        promises.append(made.described(definition_id)["next_run_time"] is not None)
    assert promises == [True, True, False]


def test_a_missed_due_time_shows_its_problem_until_the_next_one_runs(
    local: LocalScheduler, made: Definitions, failures: Failures
) -> None:
    definition_id = made.create(schedule="0 13 * * *")
    local.hub.listeners.append(Always(_DENIED, "s3:CopyObject", status=403))
    made.set_clock("13:02")
    for _ in range(65):
        made.sweep()
        local.clock.forward(minutes=1)
    described = made.described(definition_id)
    assert (described["missed_count"], described["run_count"]) == (1, 0)
    problems = [(problem["work"], problem["code"]) for problem in described["problems"]]
    assert problems == [("ticks", "denied"), ("ticks", "missed")]
    assert set(failures.counted()) == {"ticks"}
    local.hub.listeners.clear()
    local.clock.now = made.at("13:00").replace(day=24)
    made.tick(definition_id, local.clock.now)
    assert [problem["code"] for problem in made.described(definition_id)["problems"]] == ["missed"]


@pytest.mark.parametrize(("catch_up", "counted"), [(0, []), (3600, ["ticks"])])
def test_a_missed_due_time_counts_as_a_failure_if_the_sweep_should_have_run_it(
    made: Definitions, failures: Failures, catch_up: int, counted: list[str]
) -> None:
    definition_id = made.create(schedule="0 13 * * *", catch_up_seconds=catch_up)
    made.set_clock("15:00")
    made.sweep()
    assert made.described(definition_id)["missed_count"] == 1
    assert failures.counted() == counted


@pytest.mark.parametrize("kind", ["walk", "sync"])
def test_requests_of_the_sweep_are_not_delivered_again(
    local: LocalScheduler, made: Definitions, failures: Failures, kind: str
) -> None:
    definition_id = made.create()
    made.set_clock("13:05")
    message = {"kind": kind, "owner_id": local.owner_id(), "definition_id": definition_id}
    local.hub.listeners.append(Always("InternalServerError", "dynamodb:GetItem", status=500))
    assert made.deliver(message) == []
    assert failures.counted() == [{"walk": "ticks", "sync": "schedules"}[kind]]


def test_a_failure_that_cannot_be_noted_is_still_counted(
    local: LocalScheduler, made: Definitions, failures: Failures
) -> None:
    definition_id = made.create()
    made.set_clock("13:00", seconds=4)
    local.hub.listeners += [
        Always(_DENIED, "s3:CopyObject", status=403),
        Always(_DENIED, "dynamodb:UpdateItem", status=400),
    ]
    assert made.tick(definition_id, made.at("13:00")) == ["m0"]
    assert failures.counted() == ["ticks"]
