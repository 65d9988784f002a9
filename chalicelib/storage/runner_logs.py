"""CloudWatch Logs: the output of runners."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from chalicelib.domain.list_query import MAX_RESPONSE_BYTES, response_bytes
from chalicelib.domain.timestamps import from_millis
from chalicelib.errors import InvalidRequestError
from chalicelib.storage.aws_errors import raises_aws_errors

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient

__all__ = ["LogEvent", "LogPage", "RunnerLogs"]


@dataclass(frozen=True)
class LogEvent:
    """One line."""

    time: datetime
    message: str


@dataclass(frozen=True)
class LogPage:
    """Some lines, oldest first, and a token to continue from, also later."""

    events: tuple[LogEvent, ...]
    next_token: str | None


@raises_aws_errors
class RunnerLogs:
    """Reads the runners' log group, and deletes log streams; a task's stream is `runner/runner/<task id>`."""

    def __init__(self, client: "CloudWatchLogsClient", group: str) -> None:
        self._client = client
        self._group = group

    def page(self, task_arn: str, token: str | None, *, tail: int | None = None) -> LogPage:
        """Read up to 1 MiB of a task's lines, fewer if they are full of control characters; none if it has printed nothing.

        Parameters
        ----------
        task_arn
            The task.
        token
            Where to continue. None: at the beginning.
        tail
            Read the last lines instead, at most this number.

        Raises
        ------
        InvalidRequestError
            If CloudWatch Logs does not accept the token.
        """
        response = self._read(task_arn, token, tail, from_head=tail is None)
        while (size := response_bytes(response["events"])) > MAX_RESPONSE_BYTES and len(response["events"]) > 1:
            fewer = max(1, len(response["events"]) * MAX_RESPONSE_BYTES // (2 * size))
            response = self._read(task_arn, token, fewer, from_head=tail is None)
        events = tuple(LogEvent(from_millis(event["timestamp"]), event["message"]) for event in response["events"])
        return LogPage(events, response.get("nextForwardToken"))

    def _read(self, task_arn: str, token: str | None, limit: int | None, *, from_head: bool) -> Any:
        more: dict[str, Any] = ({"limit": limit} if limit else {}) | ({"nextToken": token} if token else {})
        try:
            return self._client.get_log_events(
                logGroupName=self._group, logStreamName=_stream(task_arn), startFromHead=from_head, **more
            )
        except self._client.exceptions.ResourceNotFoundException:
            return {"events": []}
        except self._client.exceptions.InvalidParameterException:
            if token:
                raise InvalidRequestError.for_unknown_token() from None
            raise

    def delete(self, task_arn: str) -> None:
        """Delete the log stream of a task; it need not exist."""
        with suppress(self._client.exceptions.ResourceNotFoundException):
            self._client.delete_log_stream(logGroupName=self._group, logStreamName=_stream(task_arn))


def _stream(task_arn: str) -> str:
    return f"runner/runner/{task_arn.rpartition('/')[2]}"
