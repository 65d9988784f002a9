"""Read the secrets of a task with its execution role, as ECS does; MiniStack reads them without a permission check."""
# ruff: noqa: SLF001  private members of MiniStack are what this file is about

from collections.abc import Iterator, Mapping
from functools import wraps
from typing import Any, Final

from local_cloud.authorization import EmulatedAuthorization
from local_cloud.emulator_compatibility import require

__all__ = ["TaskSecrets"]

_REQUIRED: Final[Mapping[str, Mapping[str, tuple[str, ...] | None]]] = {
    "ministack.services.ecs": {
        "_SecretResolutionError": None,
        "_start_task_worker": ("task", "td", "container_overrides", "docker_client"),
    },
}

_ARN_PARTS: Final = 7
"""The number of parts in the ARN of a secret; JSON key, stage and version may follow (Amazon ECS developer guide, secrets)."""


class TaskSecrets:
    """Check `secretsmanager:GetSecretValue` of the execution role before a task starts.

    A task whose role may not read a secret does not start (Amazon ECS developer guide, "Amazon ECS task execution IAM role").

    Parameters
    ----------
    authorization
        Evaluates the permissions.

    Raises
    ------
    EmulatorMismatchError
        If MiniStack lacks something that is used here.
    """

    def __init__(self, authorization: EmulatedAuthorization) -> None:
        self._ecs: Any = require(_REQUIRED)["ministack.services.ecs"]
        self._authorization = authorization

    def patch(self) -> None:
        """Replace the function that starts a task."""
        start = self._ecs._start_task_worker

        @wraps(start)
        def start_allowed(task: dict[str, Any], td: dict[str, Any], *rest: Any) -> None:
            for arn in _secrets(td):
                self._check(task, td.get("executionRoleArn") or "", arn)
            start(task, td, *rest)

        self._ecs._start_task_worker = start_allowed

    def _check(self, task: Mapping[str, Any], role_arn: str, secret_arn: str) -> None:
        action = "secretsmanager:GetSecretValue"
        allowed = role_arn and self._authorization.allows_service(
            role_arn, action, secret_arn, service="ecs-tasks.amazonaws.com", source_arn=task["taskArn"]
        )
        if not allowed:
            raise self._ecs._SecretResolutionError(
                f"unable to retrieve secret from asm: AccessDeniedException: {role_arn or 'no execution role'} is not authorized to"
                f" perform: {action} on resource: {secret_arn}"
            )


def _secrets(definition: Mapping[str, Any]) -> Iterator[str]:
    for container in definition.get("containerDefinitions", ()):
        for secret in container.get("secrets") or ():
            yield ":".join(secret["valueFrom"].split(":")[:_ARN_PARTS])
