"""Stop, delete, rename and change of the compute type, in every status."""

from typing import Any

import pytest

from tests.support.faults import Meanwhile
from tests.support.runs import Run
from tests.support.scheduler import BOB, LocalScheduler

_STATES = ["CREATED", "QUEUED", "IN_PROGRESS", "STOPPING", "COMPLETED", "FAILED", "STOPPED"]


def _job_in(local: LocalScheduler, state: str) -> str:
    """Bring a job to a status by the usual transitions."""
    job_id = local.create(name="Before")
    if state == "QUEUED":
        local.launch(job_id)
    elif state == "STOPPED":
        _stop(local, job_id)
    elif state != "CREATED":
        run = local.start(job_id)
        if state == "STOPPING":
            _stop(local, job_id)
        elif state != "IN_PROGRESS":
            run.report("succeeded" if state == "COMPLETED" else "notebook_error")
    assert local.status(job_id) == state
    return job_id


def _stop(local: LocalScheduler, job_id: str) -> None:
    assert local.api.patch(f"/scheduler/jobs/{job_id}", {"status": "STOPPED"}).status == 204


@pytest.mark.parametrize(
    ("state", "after"),
    [("CREATED", "STOPPED"), ("QUEUED", "STOPPED"), ("IN_PROGRESS", "STOPPING"), ("STOPPING", "STOPPING")],
)
def test_a_live_job_can_be_stopped(local: LocalScheduler, state: str, after: str) -> None:
    job_id = _job_in(local, state)
    local.clock.forward(seconds=10)
    _stop(local, job_id)
    first = local.item(job_id)
    _stop(local, job_id)
    assert local.item(job_id) == first
    assert first["status"] == after
    if after == "STOPPED":
        stopped = local.job(job_id)
        assert stopped["outcome"]["code"] == "stopped"
        assert stopped["status_message"] is None
        assert stopped["end_time"] == int(local.clock.now.timestamp() * 1000)
        assert not {"waiting", "waiting_key"} & set(first)
        assert ("live_shard" in first) == ("deadline_key" in first) == (state == "QUEUED")


@pytest.mark.parametrize("state", ["COMPLETED", "FAILED", "STOPPED"])
def test_a_job_that_has_ended_stays_as_it_is_when_stopped(local: LocalScheduler, state: str) -> None:
    job_id = _job_in(local, state)
    before = local.item(job_id)
    local.clock.forward(minutes=1)
    _stop(local, job_id)
    assert local.item(job_id) == before


@pytest.mark.parametrize("state", _STATES)
def test_a_job_can_be_renamed_in_any_state(local: LocalScheduler, state: str) -> None:
    job_id = _job_in(local, state)
    before = local.item(job_id)
    assert local.api.patch(f"/scheduler/jobs/{job_id}", {"name": "After"}).status == 204
    changed = {name for name, value in local.item(job_id).items() if value != before.get(name)}
    assert changed <= {"name", "name_key", "update_time"}
    (row,) = local.api.get("/scheduler/jobs?sort_by=asc(name)&name=Af").body["jobs"]
    assert (row["job_id"], row["name"], row["status"]) == (job_id, "After", state)


@pytest.mark.parametrize("state", _STATES)
def test_a_job_can_be_deleted_in_any_state(local: LocalScheduler, state: str) -> None:
    job_id = _job_in(local, state)
    assert local.api.delete(f"/scheduler/jobs/{job_id}").status == 204
    assert local.items() == []
    again = local.api.delete(f"/scheduler/jobs/{job_id}")
    assert (again.status, again.body["code"]) == (404, "not_found")


@pytest.mark.parametrize("state", _STATES)
def test_only_a_waiting_job_can_change_its_compute_type(local: LocalScheduler, state: str) -> None:
    job_id = _job_in(local, state)
    before = local.item(job_id)
    response = local.api.patch(f"/scheduler/jobs/{job_id}", {"compute_type": "large"})
    if state == "CREATED":
        assert response.status == 204
        local.dispatch()
        (task,) = local.tasks()
        assert (task["overrides"]["cpu"], task["overrides"]["memory"]) == ("4096", "16384")
        return
    assert (response.status, response.body["code"]) == (409, "conflict")
    assert local.item(job_id) == before


def test_a_compute_type_that_is_not_offered_is_refused(local: LocalScheduler) -> None:
    job_id = local.create()
    response = local.api.patch(f"/scheduler/jobs/{job_id}", {"compute_type": "huge"})
    assert (response.status, response.body["reason"]) == (400, "compute_type")
    assert local.job(job_id)["compute_type"] == "small"


def test_a_batch_is_deleted_completely_or_not_at_all(local: LocalScheduler) -> None:
    mine = [local.create(), _job_in(local, "IN_PROGRESS")]
    theirs = local.create(api=local.api.as_user(BOB))

    def delete(job_ids: list[str]) -> Any:
        return local.api.delete("/scheduler/batch/jobs?" + "&".join(f"job_id={each}" for each in job_ids))

    for wrong in (theirs, "nothing-here"):
        refused = delete([*mine, wrong])
        assert (refused.status, refused.body["code"]) == (404, "not_found")
        assert wrong in refused.body["message"]
        assert len(local.items()) == 3
    assert delete([*mine, mine[0]]).status == 204
    assert [each["job_id"]["S"] for each in local.items()] == [theirs]


def test_a_hundred_jobs_are_deleted_at_once(local: LocalScheduler) -> None:
    first = local.create()
    made = [first, *local.copies(first, 99)]
    assert local.api.delete("/scheduler/batch/jobs?" + "&".join(f"job_id={each}" for each in made)).status == 204
    assert local.items() == []


def _moves_on(local: LocalScheduler, run: Run, step: str) -> None:
    """Something else happens to the job between read and write."""
    if step == "check-in":
        run.check_in()
    elif step == "retried":
        local.finish(run, stop_code="SpotInterruption")
    elif step == "failed":
        local.finish(run, stop_code="TaskFailedToStart", reason="CannotPullContainerError: not found")
    elif step == "deleted":
        local.api.delete(run_url(run))


def run_url(run: Run) -> str:
    return f"/scheduler/jobs/{run.path.split('/')[3]}"


@pytest.mark.parametrize(
    ("step", "status", "after"),
    [("check-in", 204, "STOPPING"), ("retried", 204, "STOPPED"), ("failed", 204, "FAILED"), ("deleted", 404, None)],
)
def test_a_stop_during_other_operations(local: LocalScheduler, step: str, status: int, after: str | None) -> None:
    run = local.launch()
    local.hub.listeners.append(Meanwhile("dynamodb:UpdateItem", lambda: _moves_on(local, run, step)))
    assert local.api.patch(run_url(run), {"status": "STOPPED"}).status == status
    if after is None:
        assert local.items() == []
        return
    assert local.job(run_url(run).rpartition("/")[2])["status"] == after
    if after in ("STOPPED", "FAILED"):
        (item,) = local.items()
        assert not {"waiting", "waiting_key", "live_shard", "deadline_key"} & set(item)


def test_a_stop_during_dispatch(local: LocalScheduler) -> None:
    """The job is claimed and launched between the read and the write of the stop, which therefore reads again."""
    job_id = local.create()
    local.hub.listeners.append(Meanwhile("dynamodb:UpdateItem", local.dispatch))
    _stop(local, job_id)
    assert local.status(job_id) == "STOPPED"
    assert local.item(job_id)["attempt"] == "1"
