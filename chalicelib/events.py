"""Events of AWS, taken apart and handed to the services; the counterpart of `routes` for what does not come over HTTP."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from chalicelib.domain.task_state import parse_task
from chalicelib.factory import factory

__all__ = ["cleanup", "dispatch", "sweep", "task_events"]

_SPARE_TIME: Final = timedelta(seconds=30)
"""What dispatch leaves of its function's time, to finish the launch that it is at."""


def dispatch(_event: Mapping[str, Any], context: Any) -> None:
    """Take wake-ups of the FIFO queue; how many they are does not matter."""
    left = timedelta(milliseconds=context.get_remaining_time_in_millis())
    factory().dispatch.run(until=factory().clock() + left - _SPARE_TIME)


def task_events(event: Mapping[str, Any], _context: Any) -> None:
    """Take an "ECS Task State Change" event."""
    factory().task_events.handle(parse_task(event["detail"]))


def sweep(_event: Mapping[str, Any], _context: Any) -> None:
    """Take the minute's tick."""
    factory().sweep.run()


def cleanup(event: dict[str, Any], context: Any) -> Any:
    """Take records of the jobs table's stream, or second cleanups of their queue; those that fail come again."""
    from aws_lambda_powertools.utilities.batch import (  # noqa: PLC0415 - only this function pays for its import
        BatchProcessor,
        EventType,
        process_partial_response,
    )

    from_stream = event["Records"][0]["eventSource"] == "aws:dynamodb"
    return process_partial_response(
        event=event,
        record_handler=_stream_record if from_stream else _second_cleanup,
        processor=BatchProcessor(EventType.DynamoDBStreams if from_stream else EventType.SQS),
        context=context,
    )


def _stream_record(record: Any) -> None:
    factory().cleanup.handle(record.raw_event)


def _second_cleanup(record: Any) -> None:
    factory().cleanup.remove_files(record.json_body["owner_id"], record.json_body["job_id"])
