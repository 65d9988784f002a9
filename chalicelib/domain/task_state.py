"""The state of an ECS task, parsed from `DescribeTasks` or from a "Task State Change" event: both have the same shape."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from chalicelib.domain.identifiers import RunId

__all__ = ["TaskState", "parse_task"]

_LAUNCH: Final = re.compile("[0-9]{1,9}")


@dataclass(frozen=True)
class TaskState:
    """A task as ECS describes it."""

    task_arn: str
    last_status: str
    """PROVISIONING, PENDING, ACTIVATING, RUNNING, …, STOPPED."""
    desired_status: str
    """RUNNING, or STOPPED once ECS stops it or was requested to."""
    run_id: RunId | None
    """Parsed from `startedBy`; None if this stack did not start the task."""
    launch: int | None
    """The number of the launch; None if the overrides do not contain it."""
    stop_code: str
    stopped_reason: str
    exit_code: int | None
    """The runner container's exit code, once it has one."""
    container_reason: str

    @property
    def has_stopped(self) -> bool:
        """Whether the task has stopped."""
        return self.last_status == "STOPPED"

    @property
    def is_stopping(self) -> bool:
        """Whether the task has stopped, or ECS is stopping it or was requested to."""
        return self.has_stopped or self.desired_status == "STOPPED"

    @property
    def was_stopped_by_request(self) -> bool:
        """Whether somebody, usually this service, called `StopTask`."""
        return self.stop_code == "UserInitiated"


def parse_task(task: Mapping[str, Any]) -> TaskState:
    """Parse a task. Missing fields stay empty."""
    containers = task.get("containers") or [{}]
    container = next((item for item in containers if item.get("name") == "runner"), containers[0])
    return TaskState(
        task_arn=task["taskArn"],
        last_status=task.get("lastStatus", ""),
        desired_status=task.get("desiredStatus") or "",
        run_id=RunId.parse(task.get("startedBy") or ""),
        launch=_launch(task),
        stop_code=task.get("stopCode") or "",
        stopped_reason=task.get("stoppedReason") or "",
        exit_code=container.get("exitCode"),
        container_reason=container.get("reason") or "",
    )


def _launch(task: Mapping[str, Any]) -> int | None:
    overrides = (task.get("overrides") or {}).get("containerOverrides") or []
    values = [
        variable.get("value", "")
        for override in overrides
        for variable in override.get("environment") or []
        if variable.get("name") == "LAUNCH"
    ]
    return int(values[0]) if values and _LAUNCH.fullmatch(values[0] or "") else None
