"""A runner as the service sees it: started by a task's overrides, talking HTTP."""

import hashlib
from dataclasses import dataclass, field
from typing import Any

from tests.support.http_api import Answer, Api

__all__ = ["Run", "instance_id"]

_API_URL = "https://api.example.com/v1"


def instance_id(name: str) -> str:
    """Make an instance id of a name."""
    return hashlib.md5(name.encode()).hexdigest()


@dataclass
class Run:
    """One container's view of its run."""

    task: dict[str, Any]
    token: str = ""
    api: Api = field(default_factory=lambda: Api(user_arn=None))

    @property
    def task_arn(self) -> str:
        return str(self.task["taskArn"])

    @property
    def environ(self) -> dict[str, str]:
        """What the container is started with."""
        (override,) = self.task["overrides"]["containerOverrides"]
        return {each["name"]: each["value"] for each in override["environment"]}

    @property
    def path(self) -> str:
        return self.environ["RUN_URL"].removeprefix(_API_URL)

    @property
    def attempt(self) -> int:
        return int(self.path.rpartition("/")[2])

    def check_in(self, instance: str = "a", **fields: Any) -> Answer:
        """Check in; the session token is kept."""
        body = {
            "instance_id": instance_id(instance),
            "launch": int(self.environ["LAUNCH"]),
            "launch_code": self.environ["LAUNCH_CODE"],
            **fields,
        }
        answer = self.api.post(f"{self.path}/check-in", body)
        if answer.status == 200:
            self.token = answer.body["session_token"]
        return answer

    def work_order(self) -> Answer:
        return self.api.get(f"{self.path}/work-order", headers=self._session)

    def beat(self, phase: str = "running", **fields: Any) -> Answer:
        return self.api.post(f"{self.path}/beat", {"phase": phase, **fields}, headers=self._session)

    def output_urls(self, *files: dict[str, Any]) -> Answer:
        return self.api.post(f"{self.path}/output-urls", {"files": list(files)}, headers=self._session)

    def report(self, code: str = "succeeded", **fields: Any) -> Answer:
        return self.api.post(f"{self.path}/report", {"outcome": {"code": code, **fields}}, headers=self._session)

    @property
    def _session(self) -> dict[str, str]:
        return {"x-session-token": self.token}
