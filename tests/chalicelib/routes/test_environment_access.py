"""The second table of docs/access.md, tested with requests as API Gateway sends them: whose right to an environment each step needs."""

from collections.abc import Callable
from typing import Any, Final

import pytest

from chalicelib.config import SchedulerSettings
from chalicelib.domain.authorization.environment_access import REQUIRED_RIGHTS, Party, Step
from tests.support.definitions import Definitions
from tests.support.http_api import Response
from tests.support.scheduler import LocalScheduler, notebook, scheduler, settings

_IAM: Final = "arn:aws:iam::123456789012"
_FINANCE = "finance"
_MEMBER, _OUTSIDER = f"{_IAM}:user/member", f"{_IAM}:user/outsider"
_ADMIN_MEMBER, _ADMIN_OUTSIDER = f"{_IAM}:user/admin-member", f"{_IAM}:user/admin-outsider"


class Case:
    """A job and a definition in an environment that got its users, if any, afterwards."""

    def __init__(self, local: LocalScheduler, owner: str, caller: str, *, is_open: bool) -> None:
        self.local, self.made = local, Definitions(local)
        local.serve(_settings())
        self.owner, self.caller = local.api.as_user(owner), local.api.as_user(caller)
        self.owner_id = local.owner_id(self.owner)
        self.definition_id = self.made.create(api=self.owner, runtime_environment_name=_FINANCE)
        self.job_id = local.create(api=self.owner, runtime_environment_name=_FINANCE)
        if not is_open:
            local.serve(_settings(_MEMBER, _ADMIN_MEMBER))

    def create(self) -> bool:
        return _is_allowed(self.local.post_job(api=self.caller, runtime_environment_name=_FINANCE)) and _is_allowed(
            self.made.post(api=self.caller, runtime_environment_name=_FINANCE)
        )

    def edit(self) -> bool:
        return self._patched({"tags": ["a"]}) and self._patched({"schedule": "5 * * * *"})

    def edit_code(self) -> bool:
        uri = self.local.upload(notebook(), api=self.caller)
        changes = ({"input_uri": uri, "input_filename": "n.ipynb"}, {"parameters": {"n": "1"}})
        results = {self._patched(each) for each in (*changes, {"runtime_environment_name": _FINANCE})}
        assert len(results) == 1
        return results.pop()

    def look_after(self) -> bool:
        read = [self.caller.get(self._url(path)).status for path in (f"jobs/{self.job_id}", f"jobs/{self.job_id}/logs")]
        assert read == [200, 200]
        return self._patched({"active": False, "name": "x"}) and _is_allowed(
            self.caller.patch(self._url(f"jobs/{self.job_id}"), {"status": "STOPPED"})
        )

    def run_now(self) -> bool:
        return _is_allowed(self.caller.post(self._url(f"job_definitions/{self.definition_id}/jobs"), {}))

    def resize(self) -> bool:
        return _is_allowed(self.caller.patch(self._url(f"jobs/{self.job_id}"), {"compute_type": "large"}))

    def tick(self) -> bool:
        self.local.clock.forward(hours=1)
        due = self.local.clock.now.replace(minute=0, second=0, microsecond=0)
        assert self.made.tick(self.definition_id, due, api=self.owner) == []
        return len(self.made.jobs(self.definition_id)) == 1

    def launch(self) -> bool:
        self.local.dispatch()
        return any(self.job_id in each["startedBy"] for each in self.local.tasks())

    def _patched(self, body: dict[str, Any]) -> bool:
        return _is_allowed(self.caller.patch(self._url(f"job_definitions/{self.definition_id}"), body))

    def _url(self, path: str) -> str:
        return f"/scheduler/{path}?owner_id={self.owner_id}"


def _is_allowed(response: Response) -> bool:
    assert response.status in (200, 204) or (response.status, response.body["code"]) == (403, "not_allowed"), (
        response.body
    )
    return response.status != 403


def _settings(*users: str) -> SchedulerSettings:
    python = settings().model_dump()["environments"]["python"]
    return settings(
        environments={_FINANCE: {**python, "users": users}}, ownership={"admins": (_ADMIN_MEMBER, _ADMIN_OUTSIDER)}
    )


ACTIONS: dict[Step, Callable[[Case], bool]] = {
    Step.CREATE: Case.create,
    Step.EDIT: Case.edit,
    Step.EDIT_CODE: Case.edit_code,
    Step.MANAGE: Case.look_after,
    Step.RUN_NOW: Case.run_now,
    Step.RESIZE: Case.resize,
    Step.TICK: Case.tick,
    Step.LAUNCH: Case.launch,
}
SITUATIONS = {
    "owner is a user": (_MEMBER, _MEMBER),
    "owner is none": (_OUTSIDER, _OUTSIDER),
    "admin who is a user, for an owner who is none": (_OUTSIDER, _ADMIN_MEMBER),
    "admin who is none, for an owner who is a user": (_MEMBER, _ADMIN_OUTSIDER),
}


@pytest.mark.parametrize("is_open", [True, False], ids=["open", "with users"])
@pytest.mark.parametrize("step", Step, ids=lambda each: each.name)
def test_whose_right_to_the_environment_a_step_needs(step: Step, *, is_open: bool) -> None:
    with scheduler(_settings()) as local:
        for situation, (owner, caller) in SITUATIONS.items():
            maker = caller if step is Step.CREATE else owner
            needed = {Party.OWNER: maker, Party.CALLER: caller}
            lacking = [each for each in REQUIRED_RIGHTS[step] if needed[each] in (_OUTSIDER, _ADMIN_OUTSIDER)]
            case = Case(local, owner, caller, is_open=is_open)
            assert ACTIONS[step](case) is (is_open or not lacking), situation
