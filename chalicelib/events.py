"""Events of AWS, parsed and passed to the services; what `routes` is for HTTP requests."""

import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

from chalicelib.domain.background_work import BackgroundWork
from chalicelib.domain.task_state import parse_task
from chalicelib.errors import AwsError, ConflictError
from chalicelib.factory import factory
from chalicelib.observability import count_background_failure
from chalicelib.services.background_work import Duty, counted, isolated, run_duties

__all__ = ["changes", "cleanup", "dispatch", "notifications", "sweep", "task_events", "ticks"]

_log = logging.getLogger(__name__)

_SPARE_TIME: Final = timedelta(seconds=30)
"""A function starts nothing new when this much of its time is left, to finish its current work: more than one AWS call may take."""

_INVALID: Final = frozenset({"MalformedDetail", "ValidationException"})
"""Error codes that say that the request itself is invalid, so that it fails each time (EventBridge and DynamoDB API references)."""


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
        Duty(BackgroundWork.TICK_REQUESTS, made.definition_sweep.request_late),
        Duty(BackgroundWork.NOTIFICATIONS, made.notification_sweep.request_due),
        Duty(BackgroundWork.RUNS, made.sweep.run),
        Duty(BackgroundWork.ORPHANED_TASKS, made.orphaned_tasks.run),
        Duty(BackgroundWork.MEASUREMENTS, made.waiting_jobs.measure),
    )
    run_duties(duties, until=_last_start(context), clock=made.clock)


def ticks(event: dict[str, Any], context: Any) -> Any:
    """Handle messages of the tick queue: ticks of EventBridge Scheduler, and what the sweep requests: walks, syncs, and notes on late definitions."""
    return _handle_each(event, context, "SQS", partial(_tick, until=_last_start(context)))


def cleanup(event: dict[str, Any], context: Any) -> Any:
    """Handle records of the tables' streams, or second cleanups of their queue; those that fail are delivered again."""
    if event["Records"][0]["eventSource"] == "aws:dynamodb":
        return _handle_each(event, context, "DynamoDBStreams", _stream_record)
    return _handle_each(event, context, "SQS", _second_cleanup)


def changes(event: dict[str, Any], context: Any) -> Any:
    """Handle records of the tables' streams; those for which a call of AWS fails are delivered again, for up to a day.

    Any other failure repeats with each delivery, because it is a fault of this service. It is counted and logged with the ids of the record,
    and the record is passed over, because it would keep the later ones of its shard from being handled.
    """
    return _handle_each(event, context, "DynamoDBStreams", _change)


def notifications(event: dict[str, Any], context: Any) -> Any:
    """Handle records of the notifications table's stream: deliver each notification that is requested.

    A record that fails is not delivered again, because it would keep others from being delivered: the sweep requests it again.
    """
    return _handle_each(event, context, "DynamoDBStreams", _notification)


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
    """Handle one message. What the sweep requests is not delivered again: the sweep requests another within a minute."""
    message = record.json_body
    ids = {"owner_id": message["owner_id"], "definition_id": message["definition_id"]}
    match message.get("kind", "tick"):
        case "walk":
            with isolated(BackgroundWork.TICKS, **ids):
                factory().missed_ticks.walk(**ids, until=until)
        case "late":
            with isolated(BackgroundWork.EVENTS, **ids):
                factory().late_definitions.note(**ids)
        case "sync":
            with isolated(BackgroundWork.SCHEDULES, **ids):
                factory().schedule_sync.sync_by_id(**ids)
        case _:
            with counted(BackgroundWork.TICKS, **ids, due=message["due"]):
                due = datetime.fromisoformat(message["due"])
                factory().ticks.handle(**ids, due=due, revision=message["revision"])


def _stream_record(record: Any) -> None:
    ids = _ids(record)
    with counted(BackgroundWork.CLEANUP, **ids):
        (factory().definition_cleanup if "definition_id" in ids else factory().cleanup).handle(record.raw_event)


def _change(record: Any) -> None:
    ids = _ids(record)
    service = factory().changes
    handle = service.handle_definition if "job_id" not in ids else service.handle_job
    try:
        with counted(BackgroundWork.EVENTS, **ids):
            handle(record.raw_event)
    except ConflictError:
        raise
    except AwsError as error:
        if error.code not in _INVALID:
            raise
    except Exception:  # noqa: BLE001, S110 - counted and logged
        pass


def _ids(record: Any) -> dict[str, str]:
    keys = record.raw_event["dynamodb"]["Keys"]
    return {name: keys[name]["S"] for name in ("owner_id", "job_id", "definition_id") if name in keys}


def _notification(record: Any) -> None:
    delivery_id = record.raw_event["dynamodb"]["Keys"]["delivery_id"]["S"]
    with isolated(BackgroundWork.NOTIFICATIONS, delivery_id=delivery_id):
        factory().notifications.deliver(delivery_id)


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
