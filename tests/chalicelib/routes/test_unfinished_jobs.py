"""The list of the jobs that have not ended."""

from typing import Any

from chalicelib.domain.list_query import MAX_RESPONSE_BYTES, response_bytes
from tests.support.scheduler import BOB, LocalScheduler

URL = "/scheduler/jobs/unfinished"


def unfinished(local: LocalScheduler) -> Any:
    response = local.api.get(URL)
    assert response.status == 200, response.body
    return response.body


def test_jobs_that_have_not_ended_come_newest_first_with_one_query_for_each_state(local: LocalScheduler) -> None:
    ended = local.start()
    ended.report()
    local.finish(ended)
    made = []
    for step in (local.start, local.launch, local.start):
        local.clock.forward(milliseconds=1)
        made.append(step().path.split("/")[3])
    running, launched, stopping = made
    assert local.api.patch(f"/scheduler/jobs/{stopping}", {"status": "STOPPED"}).status == 204
    local.clock.forward(milliseconds=1)
    waiting = local.create()
    local.create(api=local.api.as_user(BOB))
    local.calls.clear()
    document = unfinished(local)
    assert list(local.calls) == ["dynamodb:Query"] * 4 + ["dynamodb:BatchGetItem"]
    assert [(each["job_id"], each["status"]) for each in document["jobs"]] == [
        (waiting, "CREATED"),
        (stopping, "STOPPING"),
        (launched, "QUEUED"),
        (running, "IN_PROGRESS"),
    ]
    assert document["has_more"] is False
    rows = local.api.get("/scheduler/jobs").body["jobs"]
    assert document["jobs"][0] == next(row for row in rows if row["job_id"] == waiting)


def test_running_jobs_have_the_phases_of_their_last_heartbeats(local: LocalScheduler) -> None:
    first, second = local.start(), local.start()
    assert first.heartbeat("running", cell=3, cells=7).status == 200
    listed = {each["job_id"]: each["phase"] for each in unfinished(local)["jobs"]}
    [first_id, second_id] = [each.path.split("/")[3] for each in (first, second)]
    assert listed[first_id]["cell"] == 3
    assert listed[first_id] == local.api.get(f"/scheduler/jobs/{first_id}").body["phase"]
    assert listed[second_id] == local.api.get(f"/scheduler/jobs/{second_id}").body["phase"]


def test_without_jobs_the_list_is_empty(local: LocalScheduler) -> None:
    assert unfinished(local) == {"jobs": [], "has_more": False}


def test_of_very_many_jobs_the_newest_hundred_are_listed(local: LocalScheduler) -> None:
    first = local.create()
    local.copies(first, 99)
    assert (len(unfinished(local)["jobs"]), unfinished(local)["has_more"]) == (100, False)
    local.clock.forward(minutes=1)
    newest = local.create()
    document = unfinished(local)
    assert (document["jobs"][0]["job_id"], len(document["jobs"]), document["has_more"]) == (newest, 100, True)


def test_large_jobs_fit_into_a_response(local: LocalScheduler) -> None:
    first = local.create(parameters={f"p{number}": "\x01" * 200 for number in range(190)})
    local.copies(first, 40)
    document = unfinished(local)
    assert 0 < len(document["jobs"]) < 41
    assert document["has_more"] is True
    assert response_bytes(document) < 1.1 * MAX_RESPONSE_BYTES
