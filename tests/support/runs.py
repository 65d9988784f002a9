"""A runner as the service sees it: started with a task's overrides, sending HTTP requests."""

import hashlib
import hmac
from dataclasses import dataclass, field
from typing import Any

from tests.support.http_api import Api, Response

__all__ = ["RUNNER_KEY", "Run", "forged_token", "instance_id", "proof"]

_API_URL = "https://api.example.com/v1"

RUNNER_KEY = "s3cr3t"
"""The secret in Secrets Manager, which ECS passes to each container."""


def instance_id(name: str) -> str:
    """Make an instance id from a name."""
    return hashlib.md5(name.encode()).hexdigest()


def proof(factor: str, run_id: str, launch: int, instance: str) -> str:
    """Make the proof of a factor, as docs/runner-protocol.md describes."""
    return hmac.new(factor.encode(), f"check-in|{run_id}|{launch}|{instance}".encode(), hashlib.sha256).hexdigest()


def forged_token(runner_key: str, run_id: str, instance: str) -> str:
    """Make a session token, as anybody with the runner key can."""
    return f"{instance}.{hmac.new(runner_key.encode(), f'session|{run_id}|{instance}'.encode(), hashlib.sha256).hexdigest()}"


@dataclass
class Run:
    """One container's view of its run."""

    task: dict[str, Any]
    token: str = ""
    api: Api = field(default_factory=lambda: Api(user_arn=None))
    runner_key: str = RUNNER_KEY

    @property
    def task_arn(self) -> str:
        return str(self.task["taskArn"])

    @property
    def environ(self) -> dict[str, str]:
        """The environment variables of the container."""
        (override,) = self.task["overrides"]["containerOverrides"]
        return {variable["name"]: variable["value"] for variable in override["environment"]}

    @property
    def path(self) -> str:
        return self.environ["RUN_URL"].removeprefix(_API_URL)

    @property
    def attempt(self) -> int:
        return int(self.path.rpartition("/")[2])

    @property
    def run_id(self) -> str:
        return self.path.removeprefix("/runs/")

    def check_in(self, instance: str = "a", *, launch_code: str | None = None, **fields: Any) -> Response:
        """Check in, and keep the session token."""
        launch = int(self.environ["LAUNCH"])
        about = (self.run_id, fields.get("launch", launch), instance_id(instance))
        body = {
            "instance_id": instance_id(instance),
            "launch": launch,
            "key_proof": proof(self.runner_key, *about),
            "code_proof": proof(self.environ["LAUNCH_CODE"] if launch_code is None else launch_code, *about),
            **fields,
        }
        response = self.api.post(f"{self.path}/check-in", body)
        if response.status == 200:
            self.token = response.body["session_token"]
        return response

    def work_order(self) -> Response:
        return self.api.get(f"{self.path}/work-order", headers=self._session)

    def heartbeat(self, phase: str = "running", **fields: Any) -> Response:
        return self.api.post(f"{self.path}/heartbeat", {"phase": phase, **fields}, headers=self._session)

    def output_urls(self, *files: dict[str, Any]) -> Response:
        return self.api.post(f"{self.path}/output-urls", {"files": list(files)}, headers=self._session)

    def report(self, code: str = "succeeded", **fields: Any) -> Response:
        return self.send_report({"outcome": {"code": code, **fields}})

    def send_report(self, body: dict[str, Any]) -> Response:
        return self.api.post(f"{self.path}/report", body, headers=self._session)

    @property
    def _session(self) -> dict[str, str]:
        return {"x-session-token": self.token}
