"""Due times, waiting jobs and retries of a disabled owner do not run; running jobs go on."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from tests.support.definitions import Definitions
from tests.support.faults import Killed, KilledAfter, KilledBefore, Refused, Slow
from tests.support.scheduler import BOB, LocalScheduler, scheduler, settings

_CAROL = "arn:aws:iam::123456789012:user/carol"


@pytest.fixture
def local() -> Iterator[LocalScheduler]:
    """A scheduler whose admin is Bob."""
    with scheduler(settings(ownership={"admins": (BOB,)})) as made:
        yield made


def set_disabled(local: LocalScheduler, owner_id: str, *, disabled: bool = True) -> None:
    body = {"disabled": disabled, "reason": "left"}
    assert local.api.as_user(BOB).patch(f"/scheduler/owners/{owner_id}", body).status == 204


def described(local: LocalScheduler, definition_id: str, owner_id: str) -> dict[str, Any]:
    response = local.api.as_user(BOB).get(f"/scheduler/job_definitions/{definition_id}?owner_id={owner_id}")
    return dict(response.body)


def test_a_due_time_makes_no_job_and_the_definition_shows_why(local: LocalScheduler, made: Definitions) -> None:
    definition_id, owner_id = made.create(), local.owner_id()
    message = {"owner_id": owner_id, "definition_id": definition_id, "revision": 1}
    set_disabled(local, owner_id)
    for minute in ("13:00", "14:00"):
        due = made.set_clock(minute, seconds=4).replace(second=0)
        assert made.deliver({**message, "due": due.strftime("%Y-%m-%dT%H:%M:%SZ")}) == []
    assert made.jobs() == []
    assert local.objects("jobs/") == []
    assert made.verdicts() == {"13:00": "refused", "14:00": "refused"}
    found = described(local, definition_id, owner_id)
    (problem,) = found["problems"]
    assert (problem["work"], problem["code"], problem["attempts"]) == ("ticks", "owner_disabled", 2)
    assert problem["message"].startswith(
        "No job was created for 2026-11-23 14:00 UTC. The owner is disabled since 2026-11-23 12:00"
    )
    assert f"by {BOB}: left. An admin can enable it." in problem["message"]
    assert "AWS" not in problem["message"]
    assert (found["next_run_time"], found["missed_count"], found["run_count"]) == (None, 2, 0)

    set_disabled(local, owner_id, disabled=False)
    due = made.set_clock("15:00", seconds=4).replace(second=0)
    assert made.deliver({**message, "due": due.strftime("%Y-%m-%dT%H:%M:%SZ")}) == []
    assert len(made.jobs()) == 1
    assert made.described(definition_id)["problems"] == []


def test_a_missed_due_time_that_the_sweep_finds_makes_no_job(local: LocalScheduler, made: Definitions) -> None:
    made.create()
    set_disabled(local, local.owner_id())
    made.set_clock("13:05")
    made.sweep()
    assert made.jobs() == []
    assert made.verdicts() == {"13:00": "refused"}


def test_a_tick_reads_immediately_that_the_owner_is_disabled(local: LocalScheduler, made: Definitions) -> None:
    """Other processes of the API may cache it for a minute; ticks and dispatch do not cache it."""
    definition_id, owner_id = made.create(), local.owner_id()
    made.set_clock("13:00", seconds=4)
    set_disabled(local, owner_id)
    assert (
        made.deliver(
            {"owner_id": owner_id, "definition_id": definition_id, "revision": 1, "due": "2026-11-23T13:00:00Z"}
        )
        == []
    )
    assert made.jobs() == []


def test_a_tick_is_delivered_again_if_the_owner_cannot_be_read(local: LocalScheduler, made: Definitions) -> None:
    message = {"owner_id": local.owner_id(), "definition_id": made.create(), "due": "2026-11-23T13:00:00Z"}
    made.set_clock("13:00", seconds=4)
    local.hub.listeners.append(Refused("ThrottlingException", "dynamodb:GetItem", turn=2))
    assert made.deliver({**message, "revision": 1}) == ["m0"]
    local.hub.listeners.clear()
    assert made.jobs() == []
    assert made.deliver({**message, "revision": 1}) == []
    assert len(made.jobs()) == 1


def test_waiting_jobs_end_with_an_outcome_and_jobs_of_others_are_launched(local: LocalScheduler) -> None:
    jobs = [local.create() for _ in range(3)]
    owner_id, carol = local.owner_id(), local.api.as_user(_CAROL)
    hers = local.create(api=carol)
    set_disabled(local, owner_id)
    local.dispatch()
    assert [task["startedBy"].split("/")[1] for task in local.tasks()] == [hers]
    for job_id in jobs:
        job = local.api.as_user(BOB).get(f"/scheduler/jobs/{job_id}?owner_id={owner_id}").body
        assert (job["status"], job["attempt"], job["outcome"]["code"]) == ("FAILED", 0, "owner_disabled")
        assert (
            job["outcome"]["message"] == f"The owner of this job is disabled since 2026-11-23 12:00 UTC by {BOB}: left."
        )
        assert job["outcome"]["retryable"] is False
        assert job["end_time"]


def test_waiting_jobs_end_even_if_the_owner_has_no_slot_left() -> None:
    with scheduler(settings(ownership={"admins": (BOB,)}, limits={"max_running_jobs_per_owner": 1})) as local:
        running = local.start()
        job_id, owner_id = local.create(), local.owner_id()
        local.dispatch()
        set_disabled(local, owner_id)
        local.dispatch()
        bob, mine = local.api.as_user(BOB), f"?owner_id={owner_id}"
        assert bob.get(f"/scheduler/jobs/{job_id}{mine}").body["status"] == "FAILED"
        assert running.heartbeat().body == {"action": "continue"}
        run_job = running.path.split("/")[3]
        assert bob.patch(f"/scheduler/jobs/{run_job}{mine}", {"status": "STOPPED"}).status == 204
        assert running.heartbeat().body == {"action": "stop"}


def test_a_running_job_goes_on_but_is_not_retried(local: LocalScheduler) -> None:
    run = local.start(max_retries=3)
    owner_id, job_id = local.owner_id(), run.path.split("/")[3]
    set_disabled(local, owner_id)
    assert run.heartbeat().body == {"action": "continue"}
    assert run.output_urls({"format": "files", "path": "x", "size_bytes": 1}).status == 200
    assert run.report("notebook_error").body == {"status": "CREATED"}
    local.finish(run)
    local.clock.forward(minutes=30)
    local.dispatch()
    job = local.api.as_user(BOB).get(f"/scheduler/jobs/{job_id}?owner_id={owner_id}").body
    assert (job["status"], job["outcome"]["code"]) == ("FAILED", "owner_disabled")
    assert len(local.tasks()) == 1


def test_all_waiting_jobs_end_even_if_one_dispatch_cannot_handle_them(local: LocalScheduler) -> None:
    job_id = local.create()
    local.copies(job_id, 120)
    set_disabled(local, local.owner_id())
    local.hub.listeners.append(Slow(local.clock.forward, "dynamodb:UpdateItem", seconds=0.1))
    for _ in range(2):
        wake_ups = local.wake_ups()
        local.factory.dispatch.run(until=local.clock.now + timedelta(seconds=16))  # half of it is for these jobs
        assert local.wake_ups() > wake_ups
    assert {item["status"]["S"] for item in local.items()} == {"FAILED"}
    assert local.tasks() == []


@pytest.mark.parametrize("killed", [KilledBefore, KilledAfter])
def test_an_interrupted_registration_is_repaired_by_the_next_create(
    local: LocalScheduler, killed: type[KilledBefore | KilledAfter]
) -> None:
    local.hub.listeners.append(killed("dynamodb:UpdateItem"))
    with pytest.raises(Killed):
        local.create()
    assert local.items() == []
    local.hub.listeners.clear()
    local.create()
    assert [item["owner_id"]["S"] for item in local.items("owners")] == [local.owner_id()]
