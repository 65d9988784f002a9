"""Alarms: something was given up, keeps failing, or somebody uses a leaked proof."""

from collections.abc import Sequence
from typing import Final

from aws_cdk import Duration
from aws_cdk.aws_cloudwatch import Alarm, ComparisonOperator, IMetric, Metric, TreatMissingData
from aws_cdk.aws_sqs import Queue
from constructs import Construct

from infra.functions import METRICS_NAMESPACE

__all__ = ["Alarms"]

_PERIOD: Final = Duration.minutes(5)

_KEEPS_FAILING: Final = (3, 6)
"""Background work keeps failing if it fails in 3 of the last 6 periods, half an hour: what is tried again every five minutes or more
often does so within a quarter of an hour, and what was throttled for a minute does not."""


class Alarms(Construct):
    """One alarm for each dead-letter queue, and two more.

    A dead-letter queue's is on as long as anything stands in it. `BackgroundFailures` is about background work that keeps failing,
    `RefusedCheckIns` about whoever comes with one right factor and one wrong.

    CloudWatch bills by metric ($0.10 a month each, the first ten are free): all duties count their failures into one, and the log lines
    that carry it name the work. The same way a dead letter names what it is about.

    Parameters
    ----------
    dead_letter_queues
        Queues that must be empty.
    """

    def __init__(self, scope: Construct, construct_id: str, *, dead_letter_queues: Sequence[Queue]) -> None:
        super().__init__(scope, construct_id)
        for queue in dead_letter_queues:
            depth = queue.metric_approximate_number_of_messages_visible(period=_PERIOD, statistic="Maximum")
            self._alarm(queue.node.id, depth, "a message was given up after its retries")
        failures = Metric(
            namespace=METRICS_NAMESPACE,
            metric_name="BackgroundFailures",
            dimensions_map={"service": "background"},
            period=_PERIOD,
            statistic="Sum",
        )
        self._alarm("BackgroundFailures", failures, "background work keeps failing", *_KEEPS_FAILING)
        refused = Metric(
            namespace=METRICS_NAMESPACE,
            metric_name="RefusedCheckIns",
            dimensions_map={"service": "api"},
            period=_PERIOD,
            statistic="Sum",
        )
        self._alarm("RefusedCheckIns", refused, "somebody who is not the run's container knows part of its proof")

    def _alarm(self, name: str, metric: IMetric, meaning: str, breaching: int = 1, periods: int = 1) -> None:
        """Make an alarm that is on while the metric is above 0 in `breaching` of the last `periods`; no data is good news."""
        Alarm(
            self,
            name,
            metric=metric,
            threshold=0,
            comparison_operator=ComparisonOperator.GREATER_THAN_THRESHOLD,
            datapoints_to_alarm=breaching,
            evaluation_periods=periods,
            treat_missing_data=TreatMissingData.NOT_BREACHING,
            alarm_description=f"{name}: {meaning}; see docs/operation.md, Watch.",
        )
