"""Limits on waiting jobs and definitions per owner, which do not affect other owners."""

from collections.abc import Iterator

import pytest

from chalicelib.config import Limits
from tests.support.definitions import Definitions
from tests.support.faults import Lost, Meanwhile
from tests.support.scheduler import BOB, LocalScheduler, notebook, scheduler, settings

_MOST = 3


@pytest.fixture
def local() -> Iterator[LocalScheduler]:
    """A scheduler with small limits, whose admin is Bob."""
    limits = {"max_waiting_jobs_per_owner": _MOST, "max_definitions_per_owner": _MOST}
    with scheduler(settings(limits=limits, ownership={"admins": (BOB,)})) as made:
        yield made


def test_the_defaults_fit_into_one_page_of_a_query() -> None:
    fields = Limits.model_fields
    assert [Limits().max_waiting_jobs_per_owner, Limits().max_definitions_per_owner] == [1000, 1000]
    highest = {name: [each.le for each in fields[name].metadata if hasattr(each, "le")] for name in fields}
    assert highest["max_waiting_jobs_per_owner"] == [2500]
    assert highest["max_definitions_per_owner"] == [5000]


def test_a_waiting_job_over_the_limit_is_rejected_with_advice(local: LocalScheduler) -> None:
    jobs = [local.create() for _ in range(_MOST)]
    before = local.objects()
    response = local.post_job()
    assert (response.status, response.body["code"]) == (409, "limit_reached")
    assert "has 3 waiting jobs, the most that limits.max_waiting_jobs_per_owner allows" in response.body["message"]
    assert "stop some" in response.body["message"]
    assert len(local.items()) == _MOST
    assert [each for each in local.objects() if not each.startswith("uploads/")] == [
        each for each in before if not each.startswith("uploads/")
    ]
    local.create(api=local.api.as_user(BOB))
    assert local.api.patch(f"/scheduler/jobs/{jobs[0]}", {"status": "STOPPED"}).status == 204
    local.create()
    assert local.post_job().status == 409
    local.dispatch()
    local.create()


def test_a_job_that_waits_for_its_next_attempt_counts(local: LocalScheduler) -> None:
    run = local.start(max_retries=1, min_retry_interval_millis=3_600_000)
    assert run.report("notebook_error").body == {"status": "CREATED"}
    local.finish(run)
    for _ in range(_MOST - 1):
        local.create()
    assert local.post_job().status == 409


def test_running_jobs_and_ended_ones_do_not_count(local: LocalScheduler) -> None:
    local.start().report()
    local.start()
    for _ in range(_MOST):
        local.create()
    assert local.post_job().status == 409


def test_a_definition_over_the_limit_is_rejected_with_advice(local: LocalScheduler, made: Definitions) -> None:
    first, *_ = [made.create() for _ in range(_MOST)]
    response = made.post()
    assert (response.status, response.body["code"]) == (409, "limit_reached")
    assert "has 3 job definitions, the most that limits.max_definitions_per_owner allows" in response.body["message"]
    assert len(local.objects("definitions/")) == _MOST
    assert len(made.schedules()) == _MOST
    made.create(api=local.api.as_user(BOB))
    made.patch(first, active=False)
    assert made.post().status == 409
    made.delete(first)
    made.create()


@pytest.mark.parametrize("kind", ["jobs", "job_definitions"])
def test_a_repeated_create_returns_the_first_job_at_the_limit(local: LocalScheduler, kind: str) -> None:
    body = {"name": "n", "input_uri": local.upload(notebook()), "input_filename": "x.ipynb"}
    body |= {"runtime_environment_name": "python", "idempotency_token": "t"}
    url = f"/scheduler/{kind}"
    first = local.api.post(url, body).body
    for i in range(_MOST - 1):
        assert local.api.post(url, {**body, "idempotency_token": f"t{i}"}).status == 200
    assert (local.api.post(url, body).status, local.api.post(url, body).body) == (200, first)
    assert local.api.post(url, {**body, "name": "other"}).body["code"] == "idempotency_token_reused"
    assert local.api.post(url, {**body, "idempotency_token": "new"}).body["code"] == "limit_reached"
    assert local.api.post(url, {**body, "idempotency_token": None}).body["code"] == "limit_reached"


def test_a_create_with_a_lost_response_is_found_by_its_token_at_the_limit(local: LocalScheduler) -> None:
    body = {"name": "n", "input_uri": local.upload(notebook()), "input_filename": "x.ipynb"}
    body |= {"runtime_environment_name": "python", "idempotency_token": "t"}
    for _ in range(_MOST - 1):
        local.create()
    local.hub.listeners.append(Lost("dynamodb:TransactWriteItems"))
    assert local.api.post("/scheduler/jobs", body).status in (200, 500)
    local.hub.listeners.clear()
    assert local.api.post("/scheduler/jobs", body).status == 200
    assert len(local.items()) == _MOST


def test_running_a_definition_counts_for_its_owner_whoever_asks(local: LocalScheduler, made: Definitions) -> None:
    definition_id = made.create()
    jobs = [made.run_now(definition_id, idempotency_token=f"t{i}") for i in range(_MOST)]
    url, bob = f"/scheduler/job_definitions/{definition_id}/jobs", local.api.as_user(BOB)
    for api, query in ((local.api, ""), (bob, f"?owner_id={local.owner_id()}")):
        response = api.post(url + query, {})
        assert (response.status, response.body["code"]) == (409, "limit_reached")
    assert local.api.post(url, {"idempotency_token": "t0"}).body == {"job_id": jobs[0]}
    assert len(local.objects("jobs/")) == _MOST


def test_a_tick_at_the_limit_of_waiting_jobs_is_recorded_and_shown(local: LocalScheduler, made: Definitions) -> None:
    definition_id = made.create()
    jobs = [local.create() for _ in range(_MOST)]
    made.set_clock("13:00", seconds=4)
    assert made.tick(definition_id, made.at("13:00")) == []
    assert len(made.jobs()) == _MOST
    assert made.verdicts() == {"13:00": "refused"}
    described = made.described(definition_id)
    (problem,) = described["problems"]
    assert (problem["work"], problem["code"]) == ("ticks", "limit_reached")
    assert "No job was created for 2026-11-23 13:00 UTC. The owner" in problem["message"]
    assert "limits.max_waiting_jobs_per_owner" in problem["message"]
    assert (described["missed_count"], described["run_count"]) == (1, 0)
    assert described["next_run_time"] == int(made.at("14:00").timestamp() * 1000)
    local.api.delete(f"/scheduler/jobs/{jobs[0]}")
    made.set_clock("14:00", seconds=4)
    assert made.tick(definition_id, made.at("14:00")) == []
    assert made.described(definition_id)["problems"] == []
    assert len(made.jobs(definition_id)) == 1


def test_a_flood_by_definitions_stops_at_the_limit(local: LocalScheduler, made: Definitions) -> None:
    definition_id = made.create(schedule="* * * * *", catch_up_seconds=86_400)
    made.set_clock("12:20", seconds=30)
    made.sweep()
    assert len(made.jobs()) == _MOST
    described = made.described(definition_id)
    assert described["missed_count"] + described["run_count"] == len(made.verdicts())
    assert set(made.verdicts().values()) == {"run", "refused"}


def test_concurrent_creates_may_exceed_the_limit(local: LocalScheduler) -> None:
    """The limit is counted, not locked, as documented."""
    for _ in range(_MOST - 1):
        local.create()
    local.hub.listeners.append(Meanwhile("s3:CopyObject", local.create))
    local.create()
    assert len(local.items()) == _MOST + 1
    assert local.post_job().status == 409


def test_counting_costs_one_query_however_far_over_the_limit() -> None:
    """The case after the operator has lowered the limit."""
    with scheduler(settings(limits={"max_waiting_jobs_per_owner": 100})) as local:
        local.copies(local.create(), 300)
        uri = local.upload(notebook())
        local.calls.clear()
        response = local.post_job(input_uri=uri)
        assert (response.status, response.body["code"]) == (409, "limit_reached")
        assert "has 100 waiting jobs" in response.body["message"]
        assert local.calls == ["s3:GetObject", "dynamodb:Query"]
