"""What ECS says of a task, read from DescribeTasks or from a "Task State Change" event: both have one shape."""

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
    """RUNNING, or STOPPED once ECS is stopping it or was asked to."""
    run_id: RunId | None
    """Read from `startedBy`; None if this task is none of ours."""
    launch: int | None
    """Which launch it is, where the overrides say."""
    stop_code: str
    stopped_reason: str
    exit_code: int | None
    """The runner container's exit code, once it has one."""
    container_reason: str

    @property
    def has_stopped(self) -> bool:
        """Whether the task is over."""
        return self.last_status == "STOPPED"

    @property
    def is_stopping(self) -> bool:
        """Whether ECS knows that it is to stop, or it has stopped."""
        return self.has_stopped or self.desired_status == "STOPPED"


def parse_task(task: Mapping[str, Any]) -> TaskState:
    """Read a task's description; what is missing is left empty."""
    containers = task.get("containers") or [{}]
    container = next((each for each in containers if each.get("name") == "runner"), containers[0])
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
        each.get("value", "")
        for override in overrides
        for each in override.get("environment") or []
        if each.get("name") == "LAUNCH"
    ]
    return int(values[0]) if values and _LAUNCH.fullmatch(values[0] or "") else None
