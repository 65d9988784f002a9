"""`nbjobs stop`: jobs by their ids, or those of a group."""

import json

import pytest

from tests.jupyter_scheduler_aws.cli.conftest import Nbjobs
from tests.jupyter_scheduler_aws.fake_api import FakeApi
from tests.jupyter_scheduler_aws.fake_server import Fault, Response

JOBS = "/v1/scheduler/jobs"
CHANGED = Response.refusal(409, "The job changed while it was being stopped. Try again.", "conflict")


def add(api: FakeApi, *statuses: str, group: str = "g1") -> list[str]:
    return [api.add_job(status=status, tags=[f"group:{group}"]) for status in statuses]


def statuses(api: FakeApi) -> list[str]:
    return [job.document["status"] for job in api.jobs.values()]


def stopped(api: FakeApi) -> list[str]:
    """Return the ids of the jobs that a request to stop was sent for."""
    return [request.path.rpartition("/")[2] for request in api.seen("PATCH", f"{JOBS}/.*")]


def test_jobs_are_stopped(api: FakeApi, nbjobs: Nbjobs) -> None:
    job_ids = add(api, "IN_PROGRESS", "IN_PROGRESS", "IN_PROGRESS")

    assert nbjobs("stop", *job_ids[:2]).lines == [f"job: {job_id} STOPPING" for job_id in job_ids[:2]]
    assert statuses(api) == ["STOPPING", "STOPPING", "IN_PROGRESS"]


def test_the_jobs_of_a_group_that_have_not_ended_are_stopped(api: FakeApi, nbjobs: Nbjobs) -> None:
    job_ids = add(api, "COMPLETED", "CREATED", "IN_PROGRESS", "FAILED", "QUEUED", "STOPPED")
    add(api, "IN_PROGRESS", group="g2")

    done = nbjobs("stop", "--group", "g1", "--yes")

    assert (done.code, stopped(api)) == (0, [job_ids[1], job_ids[2], job_ids[4]])
    assert done.lines == [f"job: {job_id} STOPPING" for job_id in stopped(api)]
    assert statuses(api)[-1] == "IN_PROGRESS"


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_a_group_is_not_stopped_without_confirmation(api: FakeApi, nbjobs: Nbjobs, options: tuple[str, ...]) -> None:
    add(api, "IN_PROGRESS", "CREATED")

    done = nbjobs("stop", "--group", "g1", *options)

    assert (done.code, done.stdout, stopped(api)) == (2, "", [])
    assert "--yes" in done.stderr


def test_a_group_whose_jobs_have_ended_needs_no_confirmation(api: FakeApi, nbjobs: Nbjobs) -> None:
    add(api, "COMPLETED", "STOPPED")

    done = nbjobs("stop", "--group", "g1")
    assert (done.code, done.stdout, done.stderr) == (0, "", "Every job of group g1 has ended.\n")
    assert nbjobs("stop", "--group", "g1", "--json").stdout == "[]\n"


@pytest.mark.parametrize("group", ["g2", ""])
def test_a_group_without_jobs_is_refused(api: FakeApi, nbjobs: Nbjobs, group: str) -> None:
    add(api, "IN_PROGRESS")

    done = nbjobs("stop", "--group", group, "--yes")

    assert (done.code, done.stdout, stopped(api)) == (4, "", [])
    assert f"Error: Group '{group}' has no jobs" in done.stderr


def test_a_refused_stop_is_reported_and_the_others_are_stopped(api: FakeApi, nbjobs: Nbjobs) -> None:
    job_ids = add(api, "IN_PROGRESS", "IN_PROGRESS", "IN_PROGRESS")
    api.faults.append(Fault("PATCH", f"{JOBS}/{job_ids[1]}", instead=CHANGED))

    done = nbjobs("stop", "--group", "g1", "--yes")

    assert (done.code, done.lines) == (4, [f"job: {job_ids[0]} STOPPING", f"job: {job_ids[2]} STOPPING"])
    assert f"Error: job {job_ids[1]}: The job changed while it was being stopped." in done.stderr
    assert "1 of 3 failed; the same command tries again" in done.stderr
    assert nbjobs("stop", "--group", "g1", "--yes").code == 0
    assert statuses(api) == 3 * ["STOPPING"]


def test_an_unknown_id_does_not_keep_the_others_running(api: FakeApi, nbjobs: Nbjobs) -> None:
    first, second = add(api, "IN_PROGRESS", "IN_PROGRESS")

    done = nbjobs("stop", first, "no-such", second)

    assert (done.code, statuses(api)) == (4, ["STOPPING", "STOPPING"])
    assert "Error: job no-such: There is no job no-such of yours." in done.stderr


@pytest.mark.parametrize(
    ("failure", "code"),
    [({"drops_after": -1}, 3), ({"instead": Response.refusal(500, "It broke.", "internal")}, 3)],
    ids=["unreachable", "failing"],
)
def test_the_worst_failure_is_the_exit_code(
    api: FakeApi, nbjobs: Nbjobs, failure: dict[str, int | Response], code: int
) -> None:
    job_ids = add(api, "IN_PROGRESS", "IN_PROGRESS")
    lasting = [Fault("PATCH", f"{JOBS}/{job_ids[0]}", **failure) for _ in range(6)]  # type: ignore[arg-type]
    api.faults += lasting

    done = nbjobs("stop", *job_ids)
    assert (done.code, done.lines) == (code, [f"job: {job_ids[1]} STOPPING"])
    api.faults += lasting
    assert nbjobs("stop", job_ids[0], "no-such", job_ids[1]).code == 4


def test_json_has_an_entry_for_each_job(api: FakeApi, nbjobs: Nbjobs) -> None:
    first, second = add(api, "IN_PROGRESS", "IN_PROGRESS")
    api.faults.append(Fault("PATCH", f"{JOBS}/{first}", instead=CHANGED))

    done = nbjobs("stop", "--group", "g1", "--yes", "--json")

    assert done.code == 4
    refused, changed = json.loads(done.stdout)
    assert (refused["job_id"], refused["error"]["status"], refused["error"]["code"]) == (first, "409", "conflict")
    assert changed == api.jobs[second].document


def test_json_of_one_job_is_its_error(nbjobs: Nbjobs) -> None:
    done = nbjobs("stop", "no-such", "--json")

    assert (done.code, json.loads(done.stdout)["error"]["status"]) == (4, "404")


def test_a_job_that_is_deleted_meanwhile_is_a_failure(api: FakeApi, nbjobs: Nbjobs) -> None:
    first, second = add(api, "IN_PROGRESS", "IN_PROGRESS")
    gone = Response.refusal(404, f"There is no job {first} of yours.", "not_found")
    api.faults.append(Fault("PATCH", f"{JOBS}/{first}", instead=gone))

    done = nbjobs("stop", "--group", "g1", "--yes")

    assert (done.code, done.lines) == (4, [f"job: {second} STOPPING"])


def test_a_refused_list_stops_nothing(api: FakeApi, nbjobs: Nbjobs) -> None:
    add(api, "IN_PROGRESS")
    api.faults.append(Fault("GET", JOBS, instead=Response.refusal(403, "No.", "not_allowed")))

    assert nbjobs("stop", "--group", "g1", "--yes").code == 4
    assert stopped(api) == []
