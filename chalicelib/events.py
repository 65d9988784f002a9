"""Events of AWS, parsed and passed to the services; what `routes` is for HTTP requests."""

import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

from chalicelib.domain.background_work import BackgroundWork
from chalicelib.domain.task_state import parse_task
from chalicelib.factory import factory
from chalicelib.observability import count_background_failure
from chalicelib.services.background_work import Duty, counted, isolated, run_duties

__all__ = ["cleanup", "dispatch", "sweep", "task_events", "ticks"]

_log = logging.getLogger(__name__)

_SPARE_TIME: Final = timedelta(seconds=30)
"""A function starts nothing new when this much of its time is left, to finish its current work: more than one AWS call may take."""


def dispatch(event: Mapping[str, Any], context: Any) -> None:
    """Handle wake-ups of the FIFO queue; their number does not matter.

    A wake-up carries no data, so it is consumed even if dispatch fails: a message that is delivered again would block the queue's only
    message group, and with it every launch, until its visibility timeout is over. The sweep sends another within a minute.
    """
    if any(int(record["attributes"]["ApproximateReceiveCount"]) > 1 for record in event["Records"]):
        count_background_failure(BackgroundWork.LAUNCHES)
        _log.error("the previous dispatch crashed, ran out of time, or was throttled")
    with isolated(BackgroundWork.LAUNCHES):
        factory().dispatch.run(until=_last_start(context))


def task_events(event: Mapping[str, Any], _context: Any) -> None:
    """Handle an "ECS Task State Change" event."""
    with counted(BackgroundWork.TASK_EVENTS, task_arn=event["detail"]["taskArn"]):
        factory().task_events.handle(parse_task(event["detail"]))


def sweep(_event: Mapping[str, Any], context: Any) -> None:
    """Handle the event of every minute: each duty has its share of the time, first those that only send messages."""
    made = factory()
    duties = (
        Duty(BackgroundWork.TICK_REQUESTS, made.definition_sweep.request_walks),
        Duty(BackgroundWork.TICK_REQUESTS, made.definition_sweep.request_syncs),
        Duty(BackgroundWork.RUNS, made.sweep.run),
        Duty(BackgroundWork.ORPHANED_TASKS, made.orphaned_tasks.run),
        Duty(BackgroundWork.MEASUREMENTS, made.waiting_jobs.measure),
    )
    run_duties(duties, until=_last_start(context), clock=made.clock)


def ticks(event: dict[str, Any], context: Any) -> Any:
    """Handle messages of the tick queue: ticks of EventBridge Scheduler, and walks and syncs that the sweep requests."""
    return _handle_each(event, context, "SQS", partial(_tick, until=_last_start(context)))


def cleanup(event: dict[str, Any], context: Any) -> Any:
    """Handle records of the tables' streams, or second cleanups of their queue; those that fail are delivered again."""
    if event["Records"][0]["eventSource"] == "aws:dynamodb":
        return _handle_each(event, context, "DynamoDBStreams", _stream_record)
    return _handle_each(event, context, "SQS", _second_cleanup)


def _handle_each(event: dict[str, Any], context: Any, kind: str, handle: Callable[[Any], None]) -> Any:
    """Handle each record on its own, and report to Lambda which of them failed."""
    from aws_lambda_powertools.utilities.batch import (  # noqa: PLC0415 - imported only by the functions that need it
        BatchProcessor,
        EventType,
        process_partial_response,
    )

    processor = BatchProcessor(EventType[kind])
    return process_partial_response(event=event, record_handler=handle, processor=processor, context=context)


def _last_start(context: Any) -> datetime:
    """Return until when the function may start new work."""
    left = timedelta(milliseconds=context.get_remaining_time_in_millis())
    return factory().clock() + left - _SPARE_TIME


def _tick(record: Any, *, until: datetime) -> None:
    """Handle one message. A walk or a sync that fails is not delivered again: the sweep requests another within a minute."""
    message = record.json_body
    ids = {"owner_id": message["owner_id"], "definition_id": message["definition_id"]}
    match message.get("kind", "tick"):
        case "walk":
            with isolated(BackgroundWork.TICKS, **ids):
                factory().missed_ticks.walk(**ids, until=until)
        case "sync":
            with isolated(BackgroundWork.SCHEDULES, **ids):
                factory().schedule_sync.sync_by_id(**ids)
        case _:
            with counted(BackgroundWork.TICKS, **ids, due=message["due"]):
                due = datetime.fromisoformat(message["due"])
                factory().ticks.handle(**ids, due=due, revision=message["revision"])


def _stream_record(record: Any) -> None:
    keys = record.raw_event["dynamodb"]["Keys"]
    ids = {name: keys[name]["S"] for name in ("owner_id", "job_id", "definition_id") if name in keys}
    with counted(BackgroundWork.CLEANUP, **ids):
        (factory().definition_cleanup if "definition_id" in ids else factory().cleanup).handle(record.raw_event)


def _second_cleanup(record: Any) -> None:
    message = record.json_body
    with counted(BackgroundWork.CLEANUP, **{name: str(value) for name, value in message.items()}):
        if "copied_key" in message:
            factory().unfinished_copies.run(message)
            return
        if "definition_id" in message:
            slots = message["schedule_slots"]
            factory().definition_cleanup.delete_remains(message["owner_id"], message["definition_id"], slots)
        else:
            factory().cleanup.run_again(message)
        factory().upload_and_log_cleanup.run(message)
