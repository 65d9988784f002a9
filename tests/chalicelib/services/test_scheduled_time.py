"""The time that a job is for: of ticks, of requests, in parameters, in work orders, and over attempts."""

import pytest

from tests.support.definitions import Definitions
from tests.support.scheduler import LocalScheduler

_MONTH = {"month": "{{ scheduled_time:%Y-%m-%d %H:%M }}"}


def _millis(made: Definitions, time: str) -> int:
    return int(made.at(time).timestamp() * 1000)


def test_a_late_tick_is_for_its_due_time(local: LocalScheduler, made: Definitions) -> None:
    definition_id = made.create(schedule="0 14 * * *", timezone="Europe/Berlin", parameters=_MONTH)
    made.set_clock("13:55")
    assert made.tick(definition_id, made.at("13:00")) == []
    (stored,) = made.jobs()
    job = local.job(stored["job_id"])
    assert (job["scheduled_time"], job["timezone"]) == (_millis(made, "13:00"), "Europe/Berlin")
    assert job["parameters"] == {"month": "2026-11-23 14:00"}
    assert made.described(definition_id)["parameters"] == _MONTH


def test_every_attempt_has_the_same_time_and_knows_its_number(local: LocalScheduler, made: Definitions) -> None:
    definition_id = made.create(timezone="Europe/Berlin", max_retries=1, parameters=_MONTH)
    made.set_clock("13:00")
    job_id = made.run_now(definition_id)
    first = local.start(job_id)
    orders = [first.work_order().body]
    assert first.report("notebook_error").status == 200
    local.finish(first)
    local.clock.forward(days=1)
    orders.append(local.start(job_id).work_order().body)
    common = {
        "JUPYTER_SCHEDULER_JOB_ID": job_id,
        "JUPYTER_SCHEDULER_DEFINITION_ID": definition_id,
        "JUPYTER_SCHEDULER_SCHEDULED_TIME": "2026-11-23T14:00:00+01:00",
        "JUPYTER_SCHEDULER_TIMEZONE": "Europe/Berlin",
    }
    expected = [common | {"JUPYTER_SCHEDULER_ATTEMPT": number} for number in ("1", "2")]
    assert [order["variables"] for order in orders] == expected
    assert [order["parameters"] for order in orders] == 2 * [{"month": "2026-11-23 14:00"}]


def test_a_request_chooses_the_time(local: LocalScheduler, made: Definitions) -> None:
    time = _millis(made, "03:30")
    job = local.job(local.create(scheduled_time=time, parameters=_MONTH))
    assert (job["scheduled_time"], job["timezone"], job["parameters"]) == (time, None, {"month": "2026-11-23 03:30"})
    definition_id = made.create(timezone="Asia/Kolkata", parameters=_MONTH)
    own = local.job(made.run_now(definition_id, scheduled_time=time))
    assert (own["scheduled_time"], own["parameters"]) == (time, {"month": "2026-11-23 09:00"})


def test_without_one_it_is_the_time_of_the_request(local: LocalScheduler, made: Definitions) -> None:
    made.set_clock("12:34", seconds=5)
    for job in (local.job(local.create()), local.job(made.run_now(made.create()))):
        assert job["scheduled_time"] == job["create_time"]


def test_a_token_stands_for_one_time(local: LocalScheduler, made: Definitions) -> None:
    definition_id, time = made.create(), _millis(made, "03:30")
    first = made.run_now(definition_id, scheduled_time=time, idempotency_token="t")
    assert made.run_now(definition_id, scheduled_time=time, idempotency_token="t") == first
    url, other = (
        f"/scheduler/job_definitions/{definition_id}/jobs",
        {"scheduled_time": time + 1, "idempotency_token": "t"},
    )
    assert local.api.post(url, other).status == 409


@pytest.mark.parametrize("scheduled_time", [-1, 253_402_300_799_999, 10**15, "2026-01-01", 1.5])
def test_what_is_not_a_time_is_refused(local: LocalScheduler, made: Definitions, scheduled_time: object) -> None:
    url = f"/scheduler/job_definitions/{made.create()}/jobs"
    response = local.api.post(url, {"scheduled_time": scheduled_time})
    assert response.status == 400
    assert "scheduled_time" in response.body["message"]


def test_the_last_time_can_be_written_in_every_zone(local: LocalScheduler, made: Definitions) -> None:
    last = 253_402_300_799_999 - 2 * 86_400_000
    for timezone in ("Pacific/Kiritimati", "Pacific/Pago_Pago"):  # 14 hours ahead, 11 behind
        definition_id = made.create(timezone=timezone, parameters=_MONTH)
        job_id = made.run_now(definition_id, scheduled_time=last)
        assert local.job(job_id)["parameters"]["month"].startswith("9999-12-")


def test_a_wrong_template_is_refused_before_anything_is_stored(local: LocalScheduler, made: Definitions) -> None:
    response = made.post(parameters={"day": "{{ scheduled_time:%Q }}"})
    assert response.status == 400
    assert "%Q" in response.body["message"]
    assert local.items("definitions") == []
