"""`nbjobs owners`, `nbjobs definitions take-over`, and who stopped a job."""

import json

from tests.jupyter_scheduler_aws.cli.conftest import Nbjobs
from tests.jupyter_scheduler_aws.fake_api import FakeApi


def test_owners_are_listed_with_their_state(api: FakeApi, nbjobs: Nbjobs) -> None:
    for name in ("ben", "cleo", "dora"):
        api.add_owner(name)
    assert nbjobs("owners", "disable", "user-cleo", "--reason", "left").code == 0
    done = nbjobs("owners", "list")
    assert done.code == 0
    assert [line.split()[:2] for line in done.lines] == [
        ["OWNER", "STATE"],
        ["user-ben", "enabled"],
        ["user-cleo", "disabled"],
        ["user-dora", "enabled"],
    ]
    assert "arn:aws:iam::1:user/ben" in done.stdout
    assert [item["owner_id"] for item in json.loads(nbjobs("owners", "list", "--json").stdout)] == list(api.owners)
    assert "There are more" in nbjobs("owners", "list", "--limit", 1).stderr


def test_an_empty_list_of_owners_prints_a_message(nbjobs: Nbjobs) -> None:
    assert "Nobody has created anything yet." in nbjobs("owners", "list").stderr


def test_an_owner_is_shown_with_who_disabled_it_and_why(api: FakeApi, nbjobs: Nbjobs) -> None:
    owner_id = api.add_owner("ben")
    nbjobs("owners", "disable", owner_id, "--reason", "left \x1b[31mthe company")
    done = nbjobs("owners", "show", owner_id)
    assert "disabled by  arn:aws:iam::1:user/ann" in done.stdout
    assert "left" in done.stdout
    assert "\x1b" not in done.stdout
    assert f"nbjobs --owner {owner_id} definitions list" in done.stderr
    assert json.loads(nbjobs("owners", "show", owner_id, "--json").stdout) == api.owners[owner_id]


def test_an_owner_is_disabled_and_enabled(api: FakeApi, nbjobs: Nbjobs) -> None:
    owner_id, job_id = api.add_owner("ben"), api.add_job(status="IN_PROGRESS")
    assert nbjobs("owners", "disable", owner_id).lines == [f"owner: {owner_id} disabled"]
    assert api.jobs[job_id].document["status"] == "IN_PROGRESS"
    assert nbjobs("owners", "enable", owner_id).lines == [f"owner: {owner_id} enabled"]
    assert api.owners[owner_id]["disabled"] is None


def test_stop_jobs_stops_the_jobs_of_the_owner(api: FakeApi, nbjobs: Nbjobs) -> None:
    owner_id = api.add_owner("ben")
    jobs = [api.add_job(status=status) for status in ("CREATED", "QUEUED", "IN_PROGRESS", "IN_PROGRESS", "COMPLETED")]
    done = nbjobs("owners", "disable", owner_id, "--stop-jobs", "--json")
    assert done.code == 0
    assert set(json.loads(done.stdout)["stopped"]) == set(jobs[:4])
    assert [api.jobs[item].document["status"] for item in jobs] == ["STOPPING"] * 4 + ["COMPLETED"]
    for request in api.seen("PATCH", "/v1/scheduler/jobs/.*"):
        assert ("owner_id", owner_id) in request.query


def test_an_unknown_owner_is_an_error(nbjobs: Nbjobs) -> None:
    done = nbjobs("owners", "disable", "user-nobody")
    assert done.code != 0
    assert "There is no owner user-nobody" in done.stderr


def test_a_definition_is_taken_over(api: FakeApi, nbjobs: Nbjobs) -> None:
    old_id = api.add_definition(schedule="0 9 * * *")
    done = nbjobs("--owner", "user-ben", "definitions", "take-over", old_id)
    (own_id,) = set(api.definitions) - {old_id}
    assert done.lines == [f"definition: {own_id} active"]
    (request,) = api.seen("POST", ".*/take_over")
    assert ("owner_id", "user-ben") in request.query
    (looked,) = api.seen("GET", f".*/{own_id}")
    assert looked.query == []
    shown = nbjobs("--owner", "user-ben", "definitions", "show", old_id).stdout
    assert "by arn:aws:iam::1:user/ann (ann-1)" in shown
    assert f"as {own_id}" in shown


def test_who_stopped_a_job_is_shown(api: FakeApi, nbjobs: Nbjobs) -> None:
    job_id = api.add_job(status="IN_PROGRESS")
    assert "stopped by" not in nbjobs("show", job_id).stdout
    assert nbjobs("--owner", "user-ben", "stop", job_id).code == 0
    assert "stopped by   arn:aws:iam::1:user/ann" in nbjobs("show", job_id).stdout
