"""EventBridge Scheduler: the schedules of definitions, always written whole."""

import json
from typing import TYPE_CHECKING, Any, Final

from chalicelib.resources import Resources
from chalicelib.storage.aws_errors import raises_aws_errors

if TYPE_CHECKING:
    from mypy_boto3_scheduler import EventBridgeSchedulerClient

__all__ = ["Schedules"]

_MAX_AGE_SECONDS: Final = 3600
"""How long EventBridge Scheduler tries to deliver a tick; after that the sweep finds it missing."""

_MAX_RETRIES: Final = 185
"""The maximum of EventBridge Scheduler."""


@raises_aws_errors
class Schedules:
    """Writes and deletes schedules in the stack's schedule group."""

    def __init__(self, client: "EventBridgeSchedulerClient", resources: Resources) -> None:
        self._client = client
        self._resources = resources

    def write(
        self,
        owner_id: str,
        definition_id: str,
        slot: int,
        *,
        expression: str,
        timezone: str,
        revision: int,
        enabled: bool,
    ) -> None:
        """Create or replace one schedule; with every field, because a replacement resets the fields that it omits."""
        request: dict[str, Any] = {
            "Name": _name(definition_id, slot),
            "GroupName": self._resources.schedule_group,
            "ScheduleExpression": expression,
            "ScheduleExpressionTimezone": timezone,
            "State": "ENABLED" if enabled else "DISABLED",
            "FlexibleTimeWindow": {"Mode": "OFF"},
            "Description": f"Job definition {definition_id} of {owner_id}",
            "Target": self._target(owner_id, definition_id, revision),
        }
        try:
            self._client.create_schedule(**request)
        except self._client.exceptions.ConflictException:
            self._client.update_schedule(**request)

    def delete(self, definition_id: str, slot: int) -> None:
        """Delete one schedule; it need not exist."""
        try:
            self._client.delete_schedule(Name=_name(definition_id, slot), GroupName=self._resources.schedule_group)
        except self._client.exceptions.ResourceNotFoundException:
            return

    def _target(self, owner_id: str, definition_id: str, revision: int) -> dict[str, Any]:
        message = {
            "owner_id": owner_id,
            "definition_id": definition_id,
            "revision": revision,
            "due": "<aws.scheduler.scheduled-time>",
        }
        return {
            "Arn": self._resources.tick_queue_arn,
            "RoleArn": self._resources.scheduler_role_arn,
            "Input": json.dumps(message),
            "RetryPolicy": {"MaximumEventAgeInSeconds": _MAX_AGE_SECONDS, "MaximumRetryAttempts": _MAX_RETRIES},
            "DeadLetterConfig": {"Arn": self._resources.tick_dead_letter_queue_arn},
        }


def _name(definition_id: str, slot: int) -> str:
    """Return the name of a schedule: at most 64 characters, 36 of them the definition's id."""
    return f"{definition_id}-{slot}"
