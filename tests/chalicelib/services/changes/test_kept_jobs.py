"""Which jobs of a definition are kept, and what a run knows of the runs before it."""

from datetime import timedelta

from tests.support.changes import finish_run
from tests.support.definitions import Definitions
from tests.support.faults import NeverSent
from tests.support.scheduler import LocalScheduler


def expiry(local: LocalScheduler, job_id: str) -> int | None:
    value = local.item(job_id).get("expires_at")
    return None if value is None else int(value)


def in_days(local: LocalScheduler, days: int) -> int:
    return int((local.clock.now + timedelta(days=days)).timestamp())


def test_the_newest_success_is_always_kept(local: LocalScheduler, followed: Definitions) -> None:
    definition_id = followed.create(job_retention_days=5)
    first = finish_run(followed, definition_id)
    expected = in_days(local, 5)
    followed.follow_changes()
    assert expiry(local, first) is None
    local.clock.forward(hours=1)
    failed = finish_run(followed, definition_id, "notebook_error")
    followed.follow_changes()
    assert (expiry(local, first), expiry(local, failed)) == (None, in_days(local, 5))
    second = finish_run(followed, definition_id)
    followed.follow_changes()
    assert (expiry(local, first), expiry(local, second)) == (expected, None)


def test_an_old_success_expires_when_a_newer_one_comes(local: LocalScheduler, followed: Definitions) -> None:
    definition_id = followed.create(job_retention_days=5)
    old = finish_run(followed, definition_id)
    followed.follow_changes()
    local.clock.forward(days=50)
    finish_run(followed, definition_id)
    followed.follow_changes()
    assert expiry(local, old) == in_days(local, 0)
    assert local.api.get(f"/scheduler/jobs/{old}").status == 404


def test_only_the_last_jobs_and_the_newest_success_are_kept(local: LocalScheduler, followed: Definitions) -> None:
    definition_id = followed.create(keep_last=2, pause_after_failures=0)
    success = finish_run(followed, definition_id)
    failed = []
    for _ in range(4):
        local.clock.forward(minutes=1)
        failed.append(finish_run(followed, definition_id, "notebook_error"))
        followed.follow_changes()
    waiting = followed.run_now(definition_id)
    listed = local.api.get(f"/scheduler/jobs?job_definition_id={definition_id}").body["jobs"]
    assert {job["job_id"] for job in listed} == {success, *failed[2:], waiting}


def test_a_fault_while_jobs_expire_is_made_good(local: LocalScheduler, followed: Definitions) -> None:
    definition_id = followed.create(keep_last=1, pause_after_failures=0)
    first = finish_run(followed, definition_id, "notebook_error")
    followed.follow_changes()
    local.clock.forward(minutes=1)
    finish_run(followed, definition_id, "notebook_error")
    assert followed.deliver_changes(*followed.changes()) == []
    records = followed.changes()
    local.hub.listeners.append(NeverSent("dynamodb:UpdateItem"))
    assert followed.deliver_changes(*records) != []
    assert followed.deliver_changes(*records) == []
    assert expiry(local, first) == in_days(local, 0)


def test_a_run_knows_the_last_success(local: LocalScheduler, followed: Definitions) -> None:
    definition_id = followed.create(timezone="Europe/Berlin")
    finish_run(followed, definition_id)
    followed.follow_changes()
    local.clock.forward(hours=1)
    job_id = followed.run_now(definition_id)
    variables = local.start(job_id).work_order().body["variables"]
    assert variables["JUPYTER_SCHEDULER_LAST_SUCCESS"] == "2026-11-23T13:00:00+01:00"
    assert local.job(job_id)["last_success"] == int(local.clock.now.timestamp() * 1000) - 3_600_000
