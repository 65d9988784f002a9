"""Patch MiniStack's EventBridge Scheduler: MiniStack stores the schedules, `schedule_trigger.py` triggers them.

MiniStack's own trigger runs every 10 s, ignores time zones, does not fill in the due time, and does not retry.
"""
# ruff: noqa: SLF001  private members of MiniStack are what this file is about

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from local_cloud.authorization import EmulatedAuthorization
from local_cloud.emulator_compatibility import require
from local_cloud.schedule_delivery import Delivery, SendError
from local_cloud.schedule_expression import InvalidExpressionError, parse_expression

__all__ = ["EmulatedScheduler"]

_REQUIRED: Final[Mapping[str, Mapping[str, tuple[str, ...] | None]]] = {
    "ministack.core.responses": {"request_scope": ("account_id", "region")},
    "ministack.services.scheduler": {
        "_create_schedule": ("name", "body"),
        "_error": ("status", "code", "message"),
        "_schedules": None,
        "_update_schedule": ("name", "body"),
        "start_scheduler": (),
    },
    "ministack.services.sqs": {"_Err": None, "_act_send_message": ("data", "qurl"), "_queue_by_arn": ("arn",)},
}
"""What this file uses of MiniStack: module, name, and the first parameters of a function."""

_ARN_PARTS: Final = 6

_SERVICE: Final = "scheduler.amazonaws.com"


class EmulatedScheduler:
    """MiniStack's schedules.

    Parameters
    ----------
    authorization
        Checks whether the role of a schedule may send.

    Raises
    ------
    EmulatorMismatchError
        If MiniStack lacks something that is used here.
    """

    def __init__(self, authorization: EmulatedAuthorization) -> None:
        self._authorization = authorization
        modules = require(_REQUIRED)
        self._responses: Any = modules["ministack.core.responses"]
        self._scheduler: Any = modules["ministack.services.scheduler"]
        self._sqs: Any = modules["ministack.services.sqs"]

    def patch(self) -> None:
        """Disable MiniStack's own trigger, and refuse invalid expressions and time zones as AWS does."""
        self._scheduler.start_scheduler = lambda: None
        for name in ("_create_schedule", "_update_schedule"):
            setattr(self._scheduler, name, self._validating(getattr(self._scheduler, name)))

    def schedules(self) -> list[Mapping[str, Any]]:
        """Return every schedule of every account and region, in the format of `GetSchedule`."""
        return [schedule for _, schedule in self._scheduler._schedules.all_items()]

    def send(self, delivery: Delivery, queue_arn: str, body: str, attributes: Mapping[str, str]) -> None:
        """Send a message to a queue with the role of the schedule.

        Raises
        ------
        SendError
            If the role may not send, or the queue does not exist or refuses the message.
        """
        self._authorize(delivery, queue_arn)
        queue = self._sqs._queue_by_arn(queue_arn)
        if queue is None:
            raise SendError("AWS.SimpleQueueService.NonExistentQueue", f"The queue {queue_arn} does not exist.")
        region, account = queue_arn.split(":", _ARN_PARTS)[3:5]
        typed = {name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()}
        request = {"QueueUrl": queue["url"], "MessageBody": body, "MessageAttributes": typed}
        try:
            with self._responses.request_scope(account, region):
                self._authorization.assume_tls()
                self._sqs._act_send_message(request, "")
        except self._sqs._Err as error:
            raise SendError(error.code, error.message) from error

    def _authorize(self, delivery: Delivery, queue_arn: str) -> None:
        # A role is assumed for the schedule's group: EventBridge Scheduler user guide, "Confused deputy prevention".
        group = delivery.schedule_arn.replace(":schedule/", ":schedule-group/").rpartition("/")[0]
        role = str(delivery.target.get("RoleArn") or "")
        if not self._authorization.allows_service(
            role, "sqs:SendMessage", queue_arn, service=_SERVICE, source_arn=group
        ):
            raise SendError("AccessDeniedException", f"The role {role} may not send to {queue_arn}.")

    def _validating(self, write: Callable[..., Any]) -> Callable[..., Any]:
        def write_valid(name: str, body: Mapping[str, Any]) -> Any:
            text, timezone = body.get("ScheduleExpression"), body.get("ScheduleExpressionTimezone")
            try:
                parse_expression(text or "", timezone or "UTC", anchor=datetime.max.replace(tzinfo=UTC))
            except InvalidExpressionError as error:
                return self._scheduler._error(400, "ValidationException", str(error))
            return write(name, body)

        return write_valid
