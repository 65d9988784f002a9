"""ECS as far as the launcher uses it: tasks whose states the test sets, client tokens as AWS keeps them."""

import json
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

__all__ = ["FakeEcs", "refusal"]

_CLUSTER = "arn:aws:ecs:us-east-1:123456789012:cluster/test"


def refusal(code: str, message: str = "", status: int = 400, **members: Any) -> tuple[Any, dict[str, Any]]:
    """Make what botocore gets when an AWS service refuses a call."""
    parsed = {
        "Error": {"Code": code, "Message": message or code},
        "ResponseMetadata": {"HTTPStatusCode": status, "HTTPHeaders": {}},
        **members,
    }
    return SimpleNamespace(status_code=status, headers={}, content=b""), parsed


def _response(**members: Any) -> tuple[Any, dict[str, Any]]:
    return SimpleNamespace(status_code=200, headers={}), {"ResponseMetadata": {"HTTPStatusCode": 200}, **members}


@dataclass
class FakeEcs:
    """A cluster. Nothing happens in it by itself: `move` and `finish` say what Fargate does."""

    tasks: dict[str, dict[str, Any]] = field(default_factory=dict)
    requests: list[dict[str, Any]] = field(default_factory=list)
    """Every RunTask, as it came."""
    failures: list[str] = field(default_factory=list)
    """Reasons that the next RunTasks give in `failures[]`, one each."""
    _tokens: dict[str, tuple[str, str]] = field(default_factory=dict)

    def handle(self, operation: str, body: bytes) -> tuple[Any, dict[str, Any]]:
        """Serve one call."""
        calls = {"RunTask": self._run, "DescribeTasks": self._describe, "ListTasks": self._list, "StopTask": self._stop}
        return calls[operation](json.loads(body))

    def move(self, task_arn: str, status: str) -> dict[str, Any]:
        """Take a task to a state; give the event's detail."""
        self.tasks[task_arn]["lastStatus"] = status
        return json.loads(json.dumps(self.tasks[task_arn]))  # type: ignore[no-any-return] # a copy of a dict

    def finish(
        self,
        task_arn: str,
        *,
        exit_code: int | None = None,
        stop_code: str = "EssentialContainerExited",
        reason: str = "",
    ) -> dict[str, Any]:
        """Stop a task as Fargate does; give the event's detail. Who asked for a stop has said why already."""
        task = self.tasks[task_arn]
        task["desiredStatus"] = "STOPPED"
        task.setdefault("stopCode", stop_code)
        task.setdefault("stoppedReason", reason)
        if exit_code is not None:
            task["containers"][0]["exitCode"] = exit_code
        return self.move(task_arn, "STOPPED")

    @property
    def running(self) -> list[dict[str, Any]]:
        """Tasks that nobody has stopped or asked to stop."""
        return [each for each in self.tasks.values() if each["desiredStatus"] == "RUNNING"]

    def _run(self, request: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        self.requests.append(request)
        known = self._tokens.get(request["clientToken"])
        if known and known[0] != json.dumps(request, sort_keys=True):
            return refusal("ConflictException", "The token is in use.", resourceIds=[known[1]])
        if known:
            return _response(tasks=[self.tasks[known[1]]], failures=[])
        if self.failures:
            return _response(tasks=[], failures=[{"arn": "", "reason": self.failures.pop(0)}])
        arn = f"arn:aws:ecs:us-east-1:123456789012:task/test/{len(self.tasks):032x}"
        self._tokens[request["clientToken"]] = (json.dumps(request, sort_keys=True), arn)
        self.tasks[arn] = {
            "taskArn": arn,
            "clusterArn": _CLUSTER,
            "startedBy": request["startedBy"],
            "overrides": request["overrides"],
            "capacityProviderName": request["capacityProviderStrategy"][0]["capacityProvider"],
            "lastStatus": "PROVISIONING",
            "desiredStatus": "RUNNING",
            "containers": [{"name": "runner"}],
        }
        return _response(tasks=[self.tasks[arn]], failures=[])

    def _describe(self, request: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        found = [self.tasks[arn] for arn in request["tasks"] if arn in self.tasks]
        return _response(tasks=found, failures=[])

    def _list(self, request: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        """List what is wanted to run: the default of `desiredStatus`, which `startedBy` allows no other filter beside."""
        assert set(request) == {"cluster", "startedBy"}
        found = [each["taskArn"] for each in self.running if each["startedBy"] == request["startedBy"]]
        return _response(taskArns=found)

    def _stop(self, request: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        task = self.tasks.get(request["task"])
        if task is None:
            return refusal("InvalidParameterException", "The referenced task was not found.")
        if task["lastStatus"] != "STOPPED":
            task["desiredStatus"] = "STOPPED"
            task.setdefault("stopCode", "UserInitiated")
            task.setdefault("stoppedReason", request.get("reason", ""))
        return _response(task=task)
