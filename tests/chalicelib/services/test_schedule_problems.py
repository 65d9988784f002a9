"""Schedules that EventBridge Scheduler refuses: the definition shows it until it succeeds, and due times run meanwhile."""

from dataclasses import replace

import pytest

from chalicelib.domain.background_work import BackgroundWork
from chalicelib.errors import AwsError
from tests.support.aws import Listener
from tests.support.definitions import Definitions
from tests.support.failures import Failures
from tests.support.faults import Always, Killed, KilledBefore, Meanwhile, Refused
from tests.support.scheduler import LocalScheduler, notebook

_PATH = "/scheduler/job_definitions"
_NO_RESPONSE = AwsError("EndpointConnectionError", "no response")

_TWO = "0 13 1 * 1"
"""A crontab that needs two EventBridge schedules."""

_REFUSALS = {
    "AccessDeniedException": ("denied", 403, "permission"),
    "ServiceQuotaExceededException": ("quota", 402, "quota"),
    "ValidationException": ("invalid", 400, "another schedule or time zone"),
    "ResourceNotFoundException": ("missing", 404, "deploy again"),
    "ThrottlingException": ("busy", 429, "is usually temporary"),
    "InternalServerException": ("unavailable", 500, "is usually temporary"),
}


def _refusing(code: str, status: int = 400) -> Listener:
    return Always(code, "scheduler:CreateSchedule", "scheduler:UpdateSchedule", status=status)


@pytest.mark.parametrize("code", _REFUSALS)
def test_a_refusal_is_in_every_response(
    local: LocalScheduler, made: Definitions, code: str, failures: Failures
) -> None:
    reason, status, advice = _REFUSALS[code]
    local.hub.listeners.append(_refusing(code, status))
    response = made.post()
    assert response.status == 200
    (problem,) = response.body["problems"]
    assert (problem["work"], problem["code"], problem["attempts"]) == ("schedules", reason, 1)
    assert problem["since"] == int(local.clock.now.timestamp() * 1000)
    assert problem["title"] == "Schedule not written"
    assert f"{code}: said by the test" in problem["message"]
    assert advice in problem["message"]
    definition_id = response.body["job_definition_id"]
    assert made.described(definition_id)["problems"] == [problem]
    assert failures.counted() == ["schedules"]


@pytest.mark.parametrize("sort", ["create_time", "name", "input_filename"])
def test_a_list_shows_problems_with_one_query(local: LocalScheduler, made: Definitions, sort: str) -> None:
    local.hub.listeners.append(_refusing("AccessDeniedException"))
    made.create(name="refused")
    local.hub.listeners.clear()
    made.create(name="accepted")
    local.calls.clear()
    rows = local.api.get(f"{_PATH}?sort_by={sort}").body["job_definitions"]
    assert local.calls == ["dynamodb:Query"]
    assert {row["name"]: [problem["code"] for problem in row["problems"]] for row in rows} == {
        "refused": ["denied"],
        "accepted": [],
    }


def test_a_response_without_problems_equals_the_stock_schedulers(made: Definitions) -> None:
    assert made.post().body.keys() == {"job_definition_id"}


def test_a_permanent_refusal_is_retried_every_five_minutes_and_counted(
    local: LocalScheduler, made: Definitions, failures: Failures
) -> None:
    local.hub.listeners.append(_refusing("AccessDeniedException"))
    definition_id = made.create(schedule="0 0 1 1 *")
    start, tries = local.clock.now, []
    for minute in range(1, 31):
        local.clock.forward(minutes=1)
        local.calls.clear()
        made.sweep()
        tries += [minute] * local.calls.count("scheduler:CreateSchedule")
    assert tries == [1, 3, 7, 12, 17, 22, 27]
    (problem,) = made.described(definition_id)["problems"]
    assert (problem["since"], problem["attempts"]) == (int(start.timestamp() * 1000), 8)
    assert failures.counted() == ["schedules"] * 8


@pytest.mark.parametrize("code", ["ThrottlingException", "AccessDeniedException"])
def test_a_problem_ends_when_a_retry_succeeds(local: LocalScheduler, made: Definitions, code: str) -> None:
    local.hub.listeners.append(_refusing(code))
    definition_id = made.create()
    local.clock.forward(minutes=1)
    made.sweep()
    assert made.described(definition_id)["problems"][0]["attempts"] == 2
    local.hub.listeners.clear()
    local.clock.forward(minutes=2)
    made.sweep()
    assert made.described(definition_id)["problems"] == []
    assert made.stored(definition_id).is_synced
    assert len(made.schedules()) == 1


def test_a_refusal_of_the_second_schedule_is_a_problem(local: LocalScheduler, made: Definitions) -> None:
    local.hub.listeners.append(Refused("ServiceQuotaExceededException", "scheduler:CreateSchedule", turn=1))
    definition_id = made.create(schedule=_TWO)
    assert made.described(definition_id)["problems"][0]["code"] == "quota"
    local.clock.forward(minutes=1)
    made.sweep()
    assert made.described(definition_id)["problems"] == []
    assert len(made.schedules()) == 2


def test_an_edit_with_a_refused_schedule_is_stored_with_the_problem(local: LocalScheduler, made: Definitions) -> None:
    definition_id = made.create()
    local.hub.listeners.append(_refusing("AccessDeniedException"))
    made.patch(definition_id, schedule="30 * * * *")
    described = made.described(definition_id)
    assert (described["schedule"], described["problems"][0]["code"]) == ("30 * * * *", "denied")
    local.hub.listeners.clear()
    made.patch(definition_id, timezone="Asia/Tokyo")
    assert made.described(definition_id)["problems"] == []


def test_another_edit_continues_the_problem(local: LocalScheduler, made: Definitions) -> None:
    local.hub.listeners.append(_refusing("AccessDeniedException"))
    definition_id = made.create()
    (first,) = made.described(definition_id)["problems"]
    local.clock.forward(seconds=10)
    made.patch(definition_id, active=False)
    (second,) = made.described(definition_id)["problems"]
    assert (second["since"], second["attempts"]) == (first["since"], 2)


def test_a_repeated_create_retries_the_schedules_of_the_first(local: LocalScheduler, made: Definitions) -> None:
    uri = local.upload(notebook())
    local.hub.listeners.append(_refusing("AccessDeniedException"))
    first = made.post(input_uri=uri, idempotency_token="t").body
    again = made.post(input_uri=uri, idempotency_token="t").body
    assert again["job_definition_id"] == first["job_definition_id"]
    assert [problem["attempts"] for problem in again["problems"]] == [2]
    local.hub.listeners.clear()
    assert made.post(input_uri=uri, idempotency_token="t").body == {"job_definition_id": first["job_definition_id"]}
    assert len(made.schedules()) == 1


@pytest.mark.parametrize(("catch_up", "verdict"), [(3600, "run"), (180, "run"), (120, "missed"), (0, "missed")])
def test_next_run_time_is_correct_without_schedules(
    local: LocalScheduler, made: Definitions, catch_up: int, verdict: str
) -> None:
    """Without schedules, the sweep finds due times: soon enough for a catch-up window of three minutes."""
    local.hub.listeners.append(_refusing("AccessDeniedException"))
    definition_id = made.create(schedule="0 13 * * *", catch_up_seconds=catch_up)
    promised = made.described(definition_id)["next_run_time"]
    assert promised == (int(made.at("13:00").timestamp() * 1000) if verdict == "run" else None)
    made.set_clock("13:02", seconds=29)  # the previous sweep ran just before the 90 s of grace were over
    made.sweep()
    assert made.described(definition_id)["missed_count"] == (verdict == "missed")
    assert len(made.jobs(definition_id)) == (verdict == "run")


def test_a_paused_definition_shows_its_problem_and_no_next_run(local: LocalScheduler, made: Definitions) -> None:
    definition_id = made.create()
    local.hub.listeners.append(_refusing("AccessDeniedException"))
    made.patch(definition_id, active=False)
    described = made.described(definition_id)
    assert (described["next_run_time"], len(described["problems"])) == (None, 1)


def test_a_concurrent_refusal_does_not_outlast_a_success(local: LocalScheduler, made: Definitions) -> None:
    """One writer notes a problem between the read and the success of another: in the end there is no problem."""
    local.hub.listeners.append(Refused("ThrottlingException", "scheduler:CreateSchedule"))
    definition_id = made.create()
    definition = made.stored(definition_id)

    def refuse_another_writer() -> None:
        problems = local.factory.schedule_sync.problems
        problems.note(definition.owner_id, definition_id, BackgroundWork.SCHEDULES, _NO_RESPONSE)
        assert made.stored(definition_id).problems

    local.hub.listeners[:] = [Meanwhile("scheduler:CreateSchedule", refuse_another_writer)]
    local.factory.schedule_sync.sync(replace(definition, schedule_problem=None))
    after = made.stored(definition_id)
    assert (after.is_synced, after.problems) == (True, ())


def test_a_refusal_is_not_noted_after_a_success(local: LocalScheduler, made: Definitions) -> None:
    definition_id = made.create()
    problems = local.factory.schedule_sync.problems
    problems.note(local.owner_id(), definition_id, BackgroundWork.SCHEDULES, _NO_RESPONSE)
    assert made.described(definition_id)["problems"] == []


def test_a_refusal_is_not_noted_if_another_writer_succeeds_meanwhile(local: LocalScheduler, made: Definitions) -> None:
    local.hub.listeners.append(Refused("ThrottlingException", "scheduler:CreateSchedule"))
    definition_id = made.create()
    definition, problems = made.stored(definition_id), local.factory.schedule_sync.problems
    sync = local.factory.schedule_sync.sync
    local.hub.listeners[:] = [Meanwhile("dynamodb:UpdateItem", lambda: sync(definition))]
    assert problems.note(definition.owner_id, definition_id, BackgroundWork.SCHEDULES, _NO_RESPONSE) is None
    after = made.stored(definition_id)
    assert (after.is_synced, after.problems) == (True, ())


@pytest.mark.parametrize("turn", range(3))
def test_the_sweep_continues_after_a_function_is_killed(local: LocalScheduler, made: Definitions, turn: int) -> None:
    """The function is killed before the schedule is written, after the refusal, or after the problem is noted."""
    calls = ["scheduler:CreateSchedule", "dynamodb:GetItem", "dynamodb:UpdateItem"]
    local.create()  # records the owner
    local.hub.listeners += [KilledBefore(calls[turn]), _refusing("AccessDeniedException")]
    with pytest.raises(Killed):
        made.post()
    local.hub.listeners.clear()
    (item,) = local.items("definitions")
    definition_id = item["definition_id"]["S"]
    assert made.described(definition_id)["problems"] == []
    local.hub.listeners.append(_refusing("AccessDeniedException"))
    local.clock.forward(seconds=61)
    made.sweep()
    assert made.described(definition_id)["problems"][0]["attempts"] == 1
    local.hub.listeners.clear()
    local.clock.forward(seconds=61)
    made.sweep()
    assert made.described(definition_id)["problems"] == []
    assert len(made.schedules()) == 1


def test_a_deleted_definition_leaves_no_problem(local: LocalScheduler, made: Definitions) -> None:
    local.hub.listeners.append(_refusing("AccessDeniedException"))
    definition_id = made.create()
    made.delete(definition_id)
    message = {"kind": "sync", "owner_id": local.owner_id(), "definition_id": definition_id}
    assert made.deliver(message) == []
    assert local.items("definitions") == []
