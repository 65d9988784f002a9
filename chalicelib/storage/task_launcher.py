"""ECS: launches tasks, looks at them, stops them."""

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from chalicelib.config import ComputeType
from chalicelib.domain.ecs_failure import classify_launch_error, classify_launch_failures
from chalicelib.domain.identifiers import RunId
from chalicelib.domain.task_state import TaskState, parse_task
from chalicelib.errors import LaunchError
from chalicelib.resources import Resources

if TYPE_CHECKING:
    from mypy_boto3_ecs import ECSClient

__all__ = ["Launcher"]

_CONTAINER: Final = "runner"
_PLATFORM: Final = "1.4.0"
"""Fargate's platform version, pinned: `LATEST` may change under running schedules."""


class Launcher:
    """Starts and stops runner containers.

    Parameters
    ----------
    client
        An ECS client.
    resources
        Cluster, network and task definition families of the stack.
    """

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
    ) -> str:
        """Start a container. Everything that is sent is a function of the arguments, so a repetition is the same call.

        Returns
        -------
        str
            The task's ARN; the first one's, if this launch was made before.

        Raises
        ------
        LaunchError
            If ECS started nothing.
        BotoCoreError, ClientError
            If it is not known whether it did: no answer came, or ECS failed inside. Then the identical call tells.
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
                propagateTags="TASK_DEFINITION",
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
        failures = [(each.get("reason", ""), each.get("detail", "")) for each in response.get("failures", [])]
        raise LaunchError(*classify_launch_failures(failures))

    def describe(self, task_arn: str) -> TaskState | None:
        """Look at a task; None if ECS has forgotten it (about an hour after its end)."""
        response = self._client.describe_tasks(cluster=self._resources.cluster, tasks=[task_arn])
        return parse_task(response["tasks"][0]) if response["tasks"] else None

    def find(self, run_id: RunId) -> list[str]:
        """Find the tasks of a run whose launch was never recorded, by the run id that they were started with.

        ECS lists those that it wants to run: not the stopped ones, nor those that are being stopped. `startedBy` has to be the only
        filter, and of at most 128 characters; a run id has at most 92 (Amazon ECS API reference, `ListTasks`, `RunTask`). What a
        call of a second ago has launched may not be listed yet: the API is eventually consistent.

        Returns
        -------
        list
            Their ARNs; usually one, or none.
        """
        response = self._client.list_tasks(cluster=self._resources.cluster, startedBy=str(run_id))
        return sorted(response["taskArns"])

    def stop(self, task_arn: str, reason: str) -> None:
        """Ask ECS to stop a task; one that is gone already is fine."""
        try:
            self._client.stop_task(cluster=self._resources.cluster, task=task_arn, reason=reason[:255])
        except self._client.exceptions.InvalidParameterException:
            return


def _existing_task(error: ClientError) -> str:
    """Give the task that the same launch has started already.

    Raises
    ------
    LaunchError
        If ECS refused the call.
    ClientError
        The error itself, if ECS failed inside and may have started a task.
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
