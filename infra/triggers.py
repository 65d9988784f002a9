"""What calls which function."""

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

__all__ = ["MOST_CLEANUP_BATCHES", "MOST_TICKS", "Triggers"]

_Pattern = Mapping[str, object]

_BATCH: Final = 10
"""Most messages or records that a function gets at once: the most that a FIFO queue gives."""

MOST_TICKS: Final = 5
"""How many ticks are taken at once, each by a function call of its own, so that none waits for another's large folder to be copied.
At a fifth of a second each, twenty-five in a second are plenty, and what is due at midnight leaves the API half of the 10 concurrent
executions that a new account has (AWS Lambda Developer Guide, "Lambda quotas")."""

MOST_CLEANUP_BATCHES: Final = 2
"""How many batches of second cleanups are taken at once, the least that SQS event sources allow: nobody waits for them."""

_STREAM_RETRIES: Final = 5
"""How often a record is tried again before it is given up; between tries a batch is halved, so one bad record holds up no other."""

_JOB_PATTERNS: Final = ({"eventName": ["REMOVE"]},)
"""What the cleanup function must see: jobs deleted, with their files and perhaps a task. Tasks of other jobs are the sweep's."""

_DEFINITION_PATTERNS: Final = ({"eventName": ["REMOVE", "MODIFY"]},)
"""The same of definitions: deleted (schedules, snapshots, jobs) or changed (the snapshot that was replaced). A pattern cannot compare
the old image with the new one, so the function does."""


class Triggers(Construct):
    """Queues, streams, events and the clock, each with its function."""

    def dispatch_on_wake_up(self, function: Function, wake_up: Queue) -> None:
        """Dispatch on wake-ups; the queue has one message group, so one dispatcher runs at a time."""
        function.add_event_source(SqsEventSource(wake_up, batch_size=_BATCH))

    def note_task_events(self, function: Function, cluster: Cluster, given_up: Queue) -> None:
        """Note what ECS says of this cluster's tasks; what cannot be delivered or noted goes to a dead-letter queue."""
        target = LambdaFunction(
            function, dead_letter_queue=given_up, retry_attempts=10, max_event_age=Duration.hours(2)
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
            self, "TaskEventsRetries", function=function, retry_attempts=2, on_failure=SqsDestination(given_up)
        )

    def take_ticks(self, function: Function, ticks: Queue) -> None:
        """Take ticks, which come by the thousand at midnight and hardly at all in between."""
        source = SqsEventSource(ticks, batch_size=1, report_batch_item_failures=True, max_concurrency=MOST_TICKS)
        function.add_event_source(source)

    def sweep_every_minute(self, function: Function, given_up: Queue) -> None:
        """Sweep by the clock. A sweep that crashes is not tried again, for the next one comes within a minute; its event says why it crashed.

        What fails inside a sweep does not make it crash: it is counted (`BackgroundFailures`).
        """
        Rule(
            self,
            "EveryMinute",
            description="Sweep: silent runners, lost wake-ups, missed ticks",
            schedule=Schedule.rate(Duration.minutes(1)),
            targets=[
                LambdaFunction(
                    function, dead_letter_queue=given_up, retry_attempts=0, max_event_age=Duration.minutes(1)
                )
            ],
        )
        EventInvokeConfig(
            self, "SweepRetries", function=function, retry_attempts=0, on_failure=SqsDestination(given_up)
        )

    def clean_up(self, function: Function, *, jobs: Table, definitions: Table, later: Queue, given_up: Queue) -> None:
        """Clean up as jobs and definitions go, by their tables' streams; and once more, by the queue, for what was still on its way."""
        self._follow(function, jobs, _JOB_PATTERNS, given_up)
        self._follow(function, definitions, _DEFINITION_PATTERNS, given_up)
        source = SqsEventSource(
            later, batch_size=_BATCH, report_batch_item_failures=True, max_concurrency=MOST_CLEANUP_BATCHES
        )
        function.add_event_source(source)

    def _follow(self, function: Function, table: Table, patterns: Sequence[_Pattern], given_up: Queue) -> None:
        source = DynamoEventSource(
            table,
            starting_position=StartingPosition.TRIM_HORIZON,
            batch_size=_BATCH,
            bisect_batch_on_error=True,
            retry_attempts=_STREAM_RETRIES,
            report_batch_item_failures=True,
            on_failure=SqsDlq(given_up),
            filters=[{"pattern": json.dumps(pattern)} for pattern in patterns],
        )
        function.add_event_source(source)
