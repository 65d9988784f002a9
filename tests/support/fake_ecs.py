"""ECS as far as the launcher uses it: tests set the states of tasks, and client tokens work as in AWS."""

import json
import re
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

__all__ = ["FakeEcs", "refusal"]

_PAGE = 100
"""Tasks that ListTasks returns and DescribeTasks accepts at a time."""

_MOST_TAGS = 50
"""Tags of a task."""

_CLUSTER = "arn:aws:ecs:us-east-1:123456789012:cluster/test"


def refusal(code: str, message: str = "", status: int = 400, **members: Any) -> tuple[Any, dict[str, Any]]:
    """Make the response that botocore gets when an AWS service refuses a call."""
    parsed = {
        "Error": {"Code": code, "Message": message or code},
        "ResponseMetadata": {"HTTPStatusCode": status, "HTTPHeaders": {}},
        **members,
    }
    return SimpleNamespace(status_code=status, headers={}, content=b""), parsed


def _response(**members: Any) -> tuple[Any, dict[str, Any]]:
    return SimpleNamespace(status_code=200, headers={}), {"ResponseMetadata": {"HTTPStatusCode": 200}, **members}


def _checked_tags(tags: list[dict[str, str]]) -> list[dict[str, str]]:
    """Refuse tags as ECS does (Amazon ECS Developer Guide, "Tag restrictions"; API reference, Tag)."""
    assert len(tags) <= _MOST_TAGS
    assert len({tag["key"] for tag in tags}) == len(tags)
    for tag in tags:
        for text, most in ((tag["key"], 128), (tag["value"], 256)):
            assert re.fullmatch(rf"[\w+\-=.:/@ ]{{1,{most}}}", text), text
            assert not text.lower().startswith("aws:"), text
    return tags


@dataclass
class FakeEcs:
    """A cluster. Nothing happens by itself: `move` and `finish` do what Fargate does."""

    tasks: dict[str, dict[str, Any]] = field(default_factory=dict)
    requests: list[dict[str, Any]] = field(default_factory=list)
    """Every request of RunTask."""
    failures: list[str] = field(default_factory=list)
    """Reasons in `failures[]` of the next responses of RunTask, one each."""
    _tokens: dict[str, tuple[str, str]] = field(default_factory=dict)

    def handle(self, operation: str, body: bytes) -> tuple[Any, dict[str, Any]]:
        """Handle one call."""
        calls = {"RunTask": self._run, "DescribeTasks": self._describe, "ListTasks": self._list, "StopTask": self._stop}
        return calls[operation](json.loads(body))

    def move(self, task_arn: str, status: str) -> dict[str, Any]:
        """Move a task to a state; return the event's detail."""
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
        """Stop a task as Fargate does; return the event's detail. The reason of an earlier StopTask is kept."""
        task = self.tasks[task_arn]
        task["desiredStatus"] = "STOPPED"
        task.setdefault("stopCode", stop_code)
        task.setdefault("stoppedReason", reason)
        if exit_code is not None:
            task["containers"][0]["exitCode"] = exit_code
        return self.move(task_arn, "STOPPED")

    @property
    def running(self) -> list[dict[str, Any]]:
        """Tasks that are not stopped and not requested to stop."""
        return [task for task in self.tasks.values() if task["desiredStatus"] == "RUNNING"]

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
            "tags": _checked_tags(request["tags"]),
            "capacityProviderName": request["capacityProviderStrategy"][0]["capacityProvider"],
            "lastStatus": "PROVISIONING",
            "desiredStatus": "RUNNING",
            "containers": [{"name": "runner"}],
        }
        return _response(tasks=[self.tasks[arn]], failures=[])

    def _describe(self, request: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        assert len(request["tasks"]) <= _PAGE
        tasks = [self.tasks[arn] for arn in request["tasks"] if arn in self.tasks]
        return _response(tasks=tasks, failures=[])

    def _list(self, request: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        """List tasks with the default desired status, RUNNING, in pages of a hundred; `startedBy` allows no other filter."""
        assert request.keys() - {"nextToken"} in ({"cluster", "startedBy"}, {"cluster"})
        started_by, first = request.get("startedBy"), int(request.get("nextToken", 0))
        arns = [task["taskArn"] for task in self.running if started_by in (None, task["startedBy"])]
        more = {"nextToken": str(first + _PAGE)} if len(arns) > first + _PAGE else {}
        return _response(taskArns=arns[first : first + _PAGE], **more)

    def _stop(self, request: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        task = self.tasks.get(request["task"])
        if task is None:
            return refusal("InvalidParameterException", "The referenced task was not found.")
        if task["lastStatus"] != "STOPPED":
            task["desiredStatus"] = "STOPPED"
            task.setdefault("stopCode", "UserInitiated")
            task.setdefault("stoppedReason", request.get("reason", ""))
        return _response(task=task)
