"""The owner's current right to an environment counts at every step, not an earlier right and not that of an admin who acts for the owner."""

from collections.abc import Iterator
from typing import Any

import pytest

from chalicelib.config import SchedulerSettings
from tests.support.definitions import Definitions
from tests.support.http_api import Response
from tests.support.scheduler import ANNA, BOB, LocalScheduler, notebook, scheduler, settings

ADMIN = "arn:aws:iam::123456789012:user/ada"
EVIL = notebook("import os; os.environ")
_PATH = "/scheduler/job_definitions"


def chosen(*users: str, **environments: Any) -> SchedulerSettings:
    """Settings with an environment `finance`, open to everybody or to these users only. Ada is an admin but not a user."""
    stored = settings().model_dump()
    return settings(
        environments={"finance": {**stored["environments"]["python"], "users": users}, **environments},
        ownership={"admins": (ADMIN,)},
    )


class Bob:
    """Bob's definition in the environment `finance`, created while it was open, and requests of Bob and the admin."""

    def __init__(self, local: LocalScheduler) -> None:
        self.local = local
        self.api, self.admin, self.made = local.api.as_user(BOB), local.api.as_user(ADMIN), Definitions(local)
        self.owner_id = local.owner_id(self.api)
        self.definition_id = self.made.create(api=self.api, runtime_environment_name="finance")

    def patch(self, **fields: Any) -> Response:
        return self.api.patch(f"{_PATH}/{self.definition_id}", fields)

    def patched_by_admin(self, **fields: Any) -> Response:
        return self.admin.patch(f"{_PATH}/{self.definition_id}?owner_id={self.owner_id}", fields)

    def run(self, **body: Any) -> Response:
        return self.api.post(f"{_PATH}/{self.definition_id}/jobs", body)

    def run_by_admin(self, **body: Any) -> Response:
        return self.admin.post(f"{_PATH}/{self.definition_id}/jobs?owner_id={self.owner_id}", body)

    def tick(self, clock_time: str) -> list[dict[str, Any]]:
        """Deliver a tick, dispatch, and return all jobs of the definition."""
        self.made.set_clock(clock_time, seconds=1)
        assert self.made.tick(self.definition_id, self.made.at(clock_time), api=self.api) == []
        self.local.dispatch()
        return self.made.jobs(self.definition_id)

    def described(self) -> dict[str, Any]:
        return dict(self.api.get(f"{_PATH}/{self.definition_id}").body)

    def new_code(self) -> dict[str, str]:
        return {"input_uri": self.local.upload(EVIL, api=self.api), "input_filename": "report.ipynb"}


@pytest.fixture
def bob() -> Iterator[Bob]:
    with scheduler(chosen()) as local:
        yield Bob(local)


def refused(response: Response, message: str) -> None:
    assert (response.status, response.body["code"]) == (403, "not_allowed"), response.body
    assert message in response.body["message"]


def test_an_admins_right_does_not_replace_the_owners(bob: Bob) -> None:
    """The attack: an admin who is a user of the environment changes Bob's definition; then Bob adds his own code."""
    bob.local.serve(chosen(ADMIN, ANNA))
    refused(bob.patched_by_admin(tags=["checked"]), "The owner (arn:aws:iam::123456789012:user/bob) may not use")
    assert bob.patched_by_admin(name="Checked").status == 204
    refused(bob.patch(**bob.new_code()), "You (arn:aws:iam::123456789012:user/bob) may not use")
    refused(bob.run(), "You (arn:aws:iam::123456789012:user/bob) may not use")
    refused(bob.run_by_admin(), "The owner (arn:aws:iam::123456789012:user/bob) may not use")
    assert bob.tick("13:00") == []
    assert bob.local.items() == []
    assert bob.local.tasks() == []


def test_a_tag_of_an_admin_keeps_the_owner_s_identity(bob: Bob) -> None:
    """The same attack, with the change of the tag while the environment is open."""
    assert bob.patched_by_admin(tags=["checked"]).status == 204
    assert bob.patched_by_admin(parameters={"n": "1"}).status == 204
    bob.local.serve(chosen(ADMIN))
    refused(bob.patch(**bob.new_code()), "You (arn:aws:iam::123456789012:user/bob) may not use")
    refused(bob.run(), "You (arn:aws:iam::123456789012:user/bob) may not use")
    assert bob.tick("13:00") == []
    assert bob.local.tasks() == []


def test_a_job_that_waits_for_somebody_removed_is_not_launched(bob: Bob) -> None:
    assert bob.patched_by_admin(tags=["checked"]).status == 204
    job_id = bob.run().body["job_id"]
    by_admin = bob.run_by_admin().body["job_id"]
    bob.local.serve(chosen(ADMIN))
    bob.local.dispatch()
    assert bob.local.tasks() == []
    for each in (job_id, by_admin):
        ended = bob.local.job(each, bob.api)
        assert (ended["status"], ended["outcome"]["code"]) == ("FAILED", "not_allowed")
        assert "The owner (arn:aws:iam::123456789012:user/bob) may not use" in ended["outcome"]["message"]


def test_an_admin_does_not_restore_the_right_of_a_removed_owner(bob: Bob) -> None:
    bob.local.serve(chosen(BOB))
    assert bob.patch(tags=["mine"]).status == 204
    assert len(bob.tick("13:00")) == 1
    bob.local.serve(chosen(ADMIN))
    for fields in ({"schedule": "* * * * *"}, {"active": True}, {"tags": ["x"]}, {"parameters": {"n": "1"}}):
        refused(bob.patched_by_admin(**fields), "The owner (arn:aws:iam::123456789012:user/bob) may not use")
    assert len(bob.tick("14:00")) == 1
    assert len(bob.local.tasks()) == 1


@pytest.mark.parametrize(
    "fields",
    [
        {"parameters": {"n": "1"}},
        {"runtime_environment_parameters": {"n": "1"}},
        {"runtime_environment_name": "finance"},
        {"compute_type": "large"},
        {"output_formats": ["ipynb"]},
        {"tags": ["x"]},
        {"timeout_seconds": 60},
        {"max_retries": 1},
        {"schedule": "0 8 * * *"},
        {"timezone": "Europe/Berlin"},
        {"overlap_policy": "skip"},
        {"max_runs": 3},
        {"active": True},
        {"active": False, "parameters": {"n": "1"}},
    ],
    ids=str,
)
def test_without_the_right_an_owner_cannot_change_what_runs(bob: Bob, fields: dict[str, Any]) -> None:
    bob.local.serve(chosen(ANNA))
    before = bob.made.stored(bob.definition_id, bob.api)
    assert bob.patch(**fields).status == 403
    assert bob.made.stored(bob.definition_id, bob.api) == before


def test_without_the_right_an_owner_may_rename_pause_leave_the_environment_and_delete(bob: Bob) -> None:
    bob.local.serve(chosen(ANNA))
    assert bob.patch(name="Old").status == 204
    assert bob.patch(active=False).status == 204
    assert bob.patch(runtime_environment_name="python", active=True).status == 204
    assert bob.run().status == 200
    assert bob.api.delete(f"{_PATH}/{bob.definition_id}").status == 204


def test_an_admin_who_is_not_a_user_cannot_change_code(bob: Bob) -> None:
    bob.local.serve(chosen(BOB))
    upload = bob.local.upload(EVIL, api=bob.admin)
    for fields in (
        {"input_uri": upload, "input_filename": "report.ipynb"},
        {"parameters": {"n": "1"}},
        {"runtime_environment_parameters": {"n": "1"}},
        {"runtime_environment_name": "finance"},
    ):
        refused(bob.patched_by_admin(**fields), f"You ({ADMIN}) may not use")
    refused(bob.run_by_admin(), f"You ({ADMIN}) may not use")
    refused(bob.run_by_admin(parameters={"n": "1"}), f"You ({ADMIN}) may not use")
    assert bob.local.items() == []


def test_an_admin_who_is_not_a_user_can_manage_a_definition(bob: Bob) -> None:
    bob.local.serve(chosen(BOB))
    for fields in ({"tags": ["checked"]}, {"schedule": "0 8 * * *"}, {"active": False}, {"active": True}):
        assert bob.patched_by_admin(**fields).status == 204
    assert bob.run().status == 200


def test_an_admin_cannot_move_a_definition_to_an_environment_closed_to_its_owner(bob: Bob) -> None:
    python = settings().model_dump()["environments"]["python"]
    bob.local.serve(chosen(BOB, audit={**python, "users": (ADMIN,)}))
    refused(
        bob.patched_by_admin(runtime_environment_name="audit"),
        "The owner (arn:aws:iam::123456789012:user/bob) may not use the environment 'audit'",
    )


def test_a_definition_older_than_the_users_runs_for_those_among_them(bob: Bob) -> None:
    """Definitions created while the environment was open also store their owner's names."""
    job_id = bob.run().body["job_id"]
    bob.local.serve(chosen(BOB, ADMIN))
    bob.local.dispatch()
    assert bob.local.job(job_id, bob.api)["status"] == "QUEUED"
    assert len(bob.tick("13:00")) == 2
    assert bob.run().status == 200
    assert bob.run_by_admin().status == 200
    bob.local.dispatch()
    assert len(bob.local.tasks()) == 4


def test_a_refused_tick_is_shown_and_creates_no_job(bob: Bob) -> None:
    bob.local.serve(chosen(ANNA))
    for hour in (13, 14):
        assert bob.tick(f"{hour}:00") == []
    found = bob.described()
    (problem,) = found["problems"]
    assert (problem["work"], problem["code"], problem["attempts"]) == ("ticks", "not_allowed", 2)
    assert problem["title"] == "Due jobs not created"
    assert "The owner (arn:aws:iam::123456789012:user/bob) may not use the environment 'finance'" in problem["message"]
    assert (found["run_count"], found["missed_count"], found["next_run_time"]) == (0, 2, None)
    assert bob.made.verdicts() == {"13:00": "refused", "14:00": "refused"}
    assert bob.local.objects("jobs/") == []


def test_the_next_due_time_after_the_right_is_restored_runs(bob: Bob) -> None:
    bob.local.serve(chosen(ANNA))
    assert bob.tick("13:00") == []
    bob.local.serve(chosen(BOB))
    assert bob.tick("13:00") == []
    assert len(bob.tick("14:00")) == 1
    assert bob.described()["problems"] == []


def test_an_allowed_edit_clears_the_problem(bob: Bob) -> None:
    bob.local.serve(chosen(ANNA))
    assert bob.tick("13:00") == []
    assert bob.patch(name="Still refused").status == 204
    assert len(bob.described()["problems"]) == 1
    assert bob.patch(runtime_environment_name="python").status == 204
    assert bob.described()["problems"] == []
    assert bob.described()["next_run_time"] is not None


@pytest.mark.parametrize("gone", ["environment", "compute type"])
def test_a_due_time_of_a_missing_environment_creates_no_job(bob: Bob, gone: str) -> None:
    stored = chosen(BOB).model_dump()
    if gone == "environment":
        del stored["environments"]["finance"]
    else:
        for each in stored["environments"].values():
            each.update(compute_types=("medium",), default_compute_type="medium")
        del stored["compute_types"]["small"]
    bob.local.serve(SchedulerSettings.model_validate(stored))
    assert bob.tick("13:00") == []
    (problem,) = bob.described()["problems"]
    assert f"there is no {gone} " in problem["message"]
    assert bob.run().status == 400
    assert bob.local.items() == []


def test_changing_the_compute_type_of_a_waiting_job_needs_the_right(bob: Bob) -> None:
    job_id = bob.run().body["job_id"]
    bob.local.serve(chosen(ANNA))
    refused(
        bob.api.patch(f"/scheduler/jobs/{job_id}", {"compute_type": "large"}),
        "The owner (arn:aws:iam::123456789012:user/bob) may not use",
    )
    assert bob.api.patch(f"/scheduler/jobs/{job_id}", {"status": "STOPPED"}).status == 204


def test_a_session_with_an_admins_name_is_not_an_admin() -> None:
    """The attack: somebody who may assume a role chooses the session name of an admin. Synth rejects the setting, and the service ignores it."""
    ops = "arn:aws:sts::123456789012:assumed-role/ops/ada"
    with pytest.raises(ValueError, match="everybody who assumes this role can choose this session name"):
        settings(ownership={"admins": (ops,)})
    with scheduler(settings(ownership={"admins": ("arn:aws:iam::123456789012:user/ada",)})) as local:
        assert local.api.as_user(ops).get("/scheduler/health").body["you"]["admin"] is False


def test_sessions_of_a_role_share_its_right_and_keep_none_of_their_own() -> None:
    role = "arn:aws:iam::123456789012:role/analysts"
    session = "arn:aws:sts::123456789012:assumed-role/analysts/{}"
    with scheduler(chosen(role)) as local:
        made = Definitions(local)
        one, other = (local.api.as_user(session.format(name)) for name in ("one", "other"))
        definition_id = made.create(api=one, runtime_environment_name="finance")
        stored = made.stored(definition_id, one)
        assert role in stored.spec.owner_principals
        assert not any("one" in each.rpartition("/")[2] for each in stored.spec.owner_principals)
        assert other.patch(f"{_PATH}/{definition_id}", {"parameters": {"n": "1"}}).status == 204
        assert other.post(f"{_PATH}/{definition_id}/jobs", {}).status == 200
