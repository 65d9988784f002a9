"""The event sources of the functions."""

import json
from collections.abc import Mapping, Sequence
from typing import Final

from aws_cdk import Duration
from aws_cdk.aws_dynamodb import Table
from aws_cdk.aws_ecs import Cluster
from aws_cdk.aws_events import EventPattern, Rule, Schedule
from aws_cdk.aws_events_targets import LambdaFunction
from aws_cdk.aws_lambda import EventInvokeConfig, Function, StartingPosition
from aws_cdk.aws_lambda_destinations import SqsDestination
from aws_cdk.aws_lambda_event_sources import DynamoEventSource, SqsDlq, SqsEventSource
from aws_cdk.aws_sqs import Queue
from constructs import Construct

__all__ = ["MAX_CONCURRENT_CLEANUP_BATCHES", "MAX_CONCURRENT_TICKS", "Triggers"]

_Pattern = Mapping[str, object]

_BATCH: Final = 10
"""Maximum batch size of messages or records: the maximum of a FIFO queue."""

MAX_CONCURRENT_TICKS: Final = 5
"""Maximum number of ticks that are processed at once, each by its own invocation, so that none waits while another copies a large folder.
A tick takes a fifth of a second, so 25 a second are enough, and at midnight the API still has half of the 10 concurrent executions of a
new account (AWS Lambda Developer Guide, "Lambda quotas")."""

MAX_CONCURRENT_CLEANUP_BATCHES: Final = 2
"""Maximum number of batches of second cleanups at once: the minimum of SQS event sources, because nobody waits for them."""

_STREAM_RETRIES: Final = 5
"""Retries of a record before it becomes a dead letter. Each retry halves the batch, so one bad record does not block others."""

_JOB_PATTERNS: Final = ({"eventName": ["REMOVE"]},)
"""Events for the cleanup function: deleted jobs, with their files and possibly a task. The sweep handles the tasks of other jobs."""

_DEFINITION_PATTERNS: Final = ({"eventName": ["REMOVE", "MODIFY"]},)
"""Events of definitions: deleted (schedules, snapshots, jobs) or changed (the replaced snapshot). A pattern cannot compare the old image
with the new one, so the function does."""


_NOTIFICATION_PATTERNS: Final = ({"dynamodb": {"NewImage": {"state": {"S": ["requested"]}}}},)
"""Events of notifications: new ones, and those that the sweep requests again."""


class Triggers(Construct):
    """Connects queues, streams, ECS events, and a schedule with their functions."""

    def dispatch_on_wake_up(self, function: Function, wake_up: Queue) -> None:
        """Run dispatch on wake-ups; the queue has one message group, so one dispatcher runs at a time."""
        function.add_event_source(SqsEventSource(wake_up, batch_size=_BATCH))

    def record_task_events(self, function: Function, cluster: Cluster, dead_letters: Queue) -> None:
        """Send the task events of this cluster to a function; events that fail become dead letters."""
        target = LambdaFunction(
            function, dead_letter_queue=dead_letters, retry_attempts=10, max_event_age=Duration.hours(2)
        )
        Rule(
            self,
            "TaskEvents",
            description="State changes of runners",
            event_pattern=EventPattern(
                source=["aws.ecs"], detail_type=["ECS Task State Change"], detail={"clusterArn": [cluster.cluster_arn]}
            ),
            targets=[target],
        )
        EventInvokeConfig(
            self, "TaskEventsRetries", function=function, retry_attempts=2, on_failure=SqsDestination(dead_letters)
        )

    def handle_ticks(self, function: Function, ticks: Queue) -> None:
        """Send ticks to a function. They arrive by the thousand at midnight, and rarely in between."""
        source = SqsEventSource(
            ticks, batch_size=1, report_batch_item_failures=True, max_concurrency=MAX_CONCURRENT_TICKS
        )
        function.add_event_source(source)

    def sweep_every_minute(self, function: Function, dead_letters: Queue) -> None:
        """Run the sweep every minute.

        A sweep that crashes is not retried, because the next one follows within a minute; its event becomes a dead letter with the error.
        A failure inside a sweep does not crash it, and counts in `BackgroundFailures`.
        """
        Rule(
            self,
            "EveryMinute",
            description="Sweep: runs without a heartbeat, lost wake-ups, missed ticks",
            schedule=Schedule.rate(Duration.minutes(1)),
            targets=[
                LambdaFunction(
                    function, dead_letter_queue=dead_letters, retry_attempts=0, max_event_age=Duration.minutes(1)
                )
            ],
        )
        EventInvokeConfig(
            self, "SweepRetries", function=function, retry_attempts=0, on_failure=SqsDestination(dead_letters)
        )

    def clean_up(
        self, function: Function, *, jobs: Table, definitions: Table, second_cleanups: Queue, dead_letters: Queue
    ) -> None:
        """Run cleanups when jobs and definitions are deleted, from the tables' streams, and second cleanups from their queue."""
        self._follow(function, jobs, _JOB_PATTERNS, dead_letters)
        self._follow(function, definitions, _DEFINITION_PATTERNS, dead_letters)
        source = SqsEventSource(
            second_cleanups,
            batch_size=_BATCH,
            report_batch_item_failures=True,
            max_concurrency=MAX_CONCURRENT_CLEANUP_BATCHES,
        )
        function.add_event_source(source)

    def follow_changes(self, function: Function, *, jobs: Table, definitions: Table, dead_letters: Queue) -> None:
        """Send every change of a job or a definition to a function, again and again for as long as the stream keeps it, a day.

        With the cleanup function, each stream has two readers, as many as DynamoDB recommends at most (DynamoDB Developer Guide, "Reading
        and processing a stream"): whoever wants to know more subscribes to the event bus.
        """
        for table in (jobs, definitions):
            self._follow(function, table, (), dead_letters, retries=None)

    def deliver_notifications(self, function: Function, notifications: Table, dead_letters: Queue) -> None:
        """Send each requested delivery to a function; one that fails is requested again by the sweep."""
        self._follow(function, notifications, _NOTIFICATION_PATTERNS, dead_letters)

    def _follow(
        self,
        function: Function,
        table: Table,
        patterns: Sequence[_Pattern],
        dead_letters: Queue,
        retries: int | None = _STREAM_RETRIES,
    ) -> None:
        source = DynamoEventSource(
            table,
            starting_position=StartingPosition.TRIM_HORIZON,
            batch_size=_BATCH,
            bisect_batch_on_error=True,
            retry_attempts=retries,
            report_batch_item_failures=True,
            on_failure=SqsDlq(dead_letters),
            filters=[{"pattern": json.dumps(pattern)} for pattern in patterns] or None,
        )
        function.add_event_source(source)
