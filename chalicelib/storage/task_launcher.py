"""ECS: starts, describes, finds and stops tasks."""

from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from chalicelib.config import ComputeType
from chalicelib.domain.ecs_failure import classify_launch_error, classify_launch_failures
from chalicelib.domain.identifiers import RunId
from chalicelib.domain.task_state import TaskState, parse_task
from chalicelib.domain.task_tags import STACK_TAG
from chalicelib.errors import LaunchError
from chalicelib.resources import Resources
from chalicelib.storage.aws_errors import raises_aws_errors

if TYPE_CHECKING:
    from mypy_boto3_ecs import ECSClient

__all__ = ["Launcher"]

_CONTAINER: Final = "runner"
_PLATFORM: Final = "1.4.0"
"""Fargate's platform version, pinned: `LATEST` may change while schedules run."""

_BATCH: Final = 100
"""Tasks of one call of `DescribeTasks` (Amazon ECS API reference)."""


@raises_aws_errors
class Launcher:
    """Starts and stops runner containers."""

    def __init__(self, client: "ECSClient", resources: Resources) -> None:
        self._client = client
        self._resources = resources

    def run(
        self,
        run_id: RunId,
        launch: int,
        *,
        environment: str,
        compute_type: ComputeType,
        on_spot: bool,
        launch_code: str,
        tags: Mapping[str, str],
    ) -> str:
        """Start a container. The request depends only on the arguments, so a repeated call is idempotent.

        Parameters
        ----------
        tags
            Tags of the task by key, for AWS's bills. That of the stack is added, and those of the task definition.

        Returns
        -------
        str
            The task's ARN; the same one if this launch was made before.

        Raises
        ------
        LaunchError
            If ECS started no task.
        AwsError
            If that is not known: ECS did not respond, or had an internal error. Repeat the identical call to find out.
        """
        environ = {
            "RUN_URL": f"{self._resources.api_url}/runs/{run_id}",
            "LAUNCH": str(launch),
            "LAUNCH_CODE": launch_code,
        }
        try:
            response = self._client.run_task(
                cluster=self._resources.cluster,
                taskDefinition=f"{self._resources.task_family_prefix}-{environment}",
                capacityProviderStrategy=[{"capacityProvider": "FARGATE_SPOT" if on_spot else "FARGATE", "weight": 1}],
                platformVersion=_PLATFORM,
                count=1,
                clientToken=f"{run_id.job_id}-{run_id.attempt}-{launch}",
                startedBy=str(run_id),
                tags=[{"key": key, "value": value} for key, value in self._with_stack(tags).items()],
                propagateTags="TASK_DEFINITION",
                enableECSManagedTags=True,
                overrides={
                    "cpu": compute_type.cpu_units,
                    "memory": compute_type.memory_mib,
                    "containerOverrides": [
                        {
                            "name": _CONTAINER,
                            "environment": [{"name": name, "value": value} for name, value in environ.items()],
                        }
                    ],
                },
                networkConfiguration={
                    "awsvpcConfiguration": {
                        "subnets": self._resources.subnets,
                        "securityGroups": self._resources.security_groups,
                        "assignPublicIp": "ENABLED" if self._resources.assign_public_ip else "DISABLED",
                    }
                },
            )
        except ClientError as error:
            return _existing_task(error)
        if response["tasks"]:
            return response["tasks"][0]["taskArn"]
        failures = [(item.get("reason", ""), item.get("detail", "")) for item in response.get("failures", [])]
        raise LaunchError(*classify_launch_failures(failures))

    def _with_stack(self, tags: Mapping[str, str]) -> dict[str, str]:
        """Add the tag of the stack; its task definitions' families begin with the stack's name."""
        return {**tags, STACK_TAG: self._resources.task_family_prefix}

    def describe(self, task_arn: str) -> TaskState | None:
        """Describe a task; None if ECS does not know it any more, about an hour after its end."""
        response = self._client.describe_tasks(cluster=self._resources.cluster, tasks=[task_arn])
        return parse_task(response["tasks"][0]) if response["tasks"] else None

    def running(self) -> list[str]:
        """List the ARNs of all tasks of the cluster whose desired status is RUNNING: one call for each hundred."""
        pages = self._client.get_paginator("list_tasks").paginate(cluster=self._resources.cluster)
        return [task_arn for page in pages for task_arn in page["taskArns"]]

    def describe_all(self, task_arns: Sequence[str]) -> Iterator[TaskState]:
        """Yield the states of tasks that ECS still knows: one call for each hundred, the most that it describes at a time."""
        for first in range(0, len(task_arns), _BATCH):
            response = self._client.describe_tasks(
                cluster=self._resources.cluster, tasks=list(task_arns[first : first + _BATCH])
            )
            yield from map(parse_task, response["tasks"])

    def find(self, run_id: RunId) -> list[str]:
        """Find the tasks of a run whose launch was not recorded, by the run id in their `startedBy`.

        ECS lists tasks whose desired status is RUNNING. `startedBy` has to be the only filter and has at most 128 characters; a run id
        has at most 92 (Amazon ECS API reference, `ListTasks`, `RunTask`). A task that was started a second ago may not be listed yet:
        the API is eventually consistent.

        Returns
        -------
        list
            Their ARNs; usually one or none.
        """
        response = self._client.list_tasks(cluster=self._resources.cluster, startedBy=str(run_id))
        return sorted(response["taskArns"])

    def stop(self, task_arn: str, reason: str) -> None:
        """Request that ECS stops a task; it need not exist any more."""
        try:
            self._client.stop_task(cluster=self._resources.cluster, task=task_arn, reason=reason[:255])
        except self._client.exceptions.InvalidParameterException:
            return


def _existing_task(error: ClientError) -> str:
    """Return the ARN of the task that the same launch has started before.

    Raises
    ------
    LaunchError
        If ECS refused the call.
    ClientError
        If ECS had an internal error and may have started a task.
    """
    described: dict[str, Any] = dict(error.response["Error"])
    code, message = described.get("Code", ""), described.get("Message", "")
    if code == "ConflictException":
        arns = error.response.get("resourceIds") or []
        if arns:
            return str(arns[0])  # type: ignore[index] # a modelled member of this error
    if error.response["ResponseMetadata"]["HTTPStatusCode"] >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise error
    raise LaunchError(*classify_launch_error(code, message)) from error
