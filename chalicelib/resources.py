"""Names and addresses of this stack's resources."""

from collections.abc import Mapping

from chalicelib.errors import ConfigurationError

__all__ = ["Resources"]


class Resources:
    """Names and addresses of this stack's resources: one property for each environment variable that the stack sets.

    A function has only the variables that it uses; reading another one raises `ConfigurationError`.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ

    def _get(self, name: str) -> str:
        value = self._environ.get(name, "")
        if not value:
            raise ConfigurationError(
                f"The environment variable {name} is not set for this function; deploy the stack again."
            )
        return value

    @property
    def region(self) -> str:
        """The region of the stack; Lambda sets it."""
        return self._get("AWS_REGION")

    @property
    def jobs_table(self) -> str:
        """Name of the jobs table."""
        return self._get("JOBS_TABLE")

    @property
    def definitions_table(self) -> str:
        """Name of the definitions table."""
        return self._get("DEFINITIONS_TABLE")

    @property
    def marks_table(self) -> str:
        """Name of the marks table."""
        return self._get("MARKS_TABLE")

    @property
    def owners_table(self) -> str:
        """Name of the owners table."""
        return self._get("OWNERS_TABLE")

    @property
    def notifications_table(self) -> str:
        """Name of the notifications table."""
        return self._get("NOTIFICATIONS_TABLE")

    @property
    def bucket(self) -> str:
        """Name of the bucket."""
        return self._get("BUCKET")

    @property
    def event_bus(self) -> str:
        """Name of the event bus."""
        return self._get("EVENT_BUS")

    @property
    def wake_up_queue_url(self) -> str:
        """URL of the FIFO queue that wakes the dispatcher."""
        return self._get("WAKE_UP_QUEUE_URL")

    @property
    def cleanup_queue_url(self) -> str:
        """URL of the queue of second cleanups, which delivers after 15 minutes."""
        return self._get("CLEANUP_QUEUE_URL")

    @property
    def tick_queue_url(self) -> str:
        """URL of the queue of ticks."""
        return self._get("TICK_QUEUE_URL")

    @property
    def tick_queue_arn(self) -> str:
        """ARN of the queue that schedules send ticks to."""
        return self._get("TICK_QUEUE_ARN")

    @property
    def tick_dead_letter_queue_arn(self) -> str:
        """ARN of the queue for ticks that EventBridge Scheduler could not deliver."""
        return self._get("TICK_DEAD_LETTER_QUEUE_ARN")

    @property
    def schedule_group(self) -> str:
        """Name of the stack's schedule group."""
        return self._get("SCHEDULE_GROUP")

    @property
    def scheduler_role_arn(self) -> str:
        """ARN of the role with which EventBridge Scheduler sends ticks."""
        return self._get("SCHEDULER_ROLE_ARN")

    @property
    def runner_key_arn(self) -> str:
        """ARN of the secret that holds the runner key."""
        return self._get("RUNNER_KEY_ARN")

    @property
    def cluster(self) -> str:
        """ARN of the ECS cluster."""
        return self._get("CLUSTER")

    @property
    def task_family_prefix(self) -> str:
        """Prefix of the task definition families; a hyphen and the environment's name follow."""
        return self._get("TASK_FAMILY_PREFIX")

    @property
    def subnets(self) -> list[str]:
        """Ids of the subnets that tasks start in."""
        return self._get("SUBNETS").split(",")

    @property
    def security_groups(self) -> list[str]:
        """Ids of the tasks' security groups."""
        return self._get("SECURITY_GROUPS").split(",")

    @property
    def assign_public_ip(self) -> bool:
        """Whether tasks get a public address, in public subnets without NAT."""
        return self._get("ASSIGN_PUBLIC_IP") == "ENABLED"

    @property
    def api_url(self) -> str:
        """The API's stage URL for runners, without a slash at the end."""
        return self._get("API_URL").rstrip("/")

    @property
    def runner_log_group(self) -> str:
        """Name of the runners' log group; streams are `runner/runner/<task id>`."""
        return self._get("RUNNER_LOG_GROUP")
