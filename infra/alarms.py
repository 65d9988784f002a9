"""Alarms: something was given up, or launches fail."""

from collections.abc import Sequence
from typing import Final

from aws_cdk import Duration
from aws_cdk.aws_cloudwatch import Alarm, ComparisonOperator, Metric, TreatMissingData
from aws_cdk.aws_sqs import Queue
from constructs import Construct

from infra.functions import METRICS_NAMESPACE

__all__ = ["Alarms"]

_PERIOD: Final = Duration.minutes(5)


class Alarms(Construct):
    """One alarm for each dead-letter queue, on as long as anything stands in it; and one for a dispatch that fails.

    CloudWatch bills by metric ($0.10 a month each, the first ten are free), so five alarms cost what one over their sum would, and
    each says by its name what was given up.

    Parameters
    ----------
    dead_letter_queues
        Queues that must be empty.
    """

    def __init__(self, scope: Construct, construct_id: str, *, dead_letter_queues: Sequence[Queue]) -> None:
        super().__init__(scope, construct_id)
        for queue in dead_letter_queues:
            self._alarm(
                queue.node.id,
                queue.metric_approximate_number_of_messages_visible(period=_PERIOD, statistic="Maximum"),
                "a message was given up after its retries",
            )
        dispatch_errors = Metric(
            namespace=METRICS_NAMESPACE,
            metric_name="DispatchErrors",
            dimensions_map={"service": "dispatch"},
            period=_PERIOD,
            statistic="Sum",
        )
        self._alarm("DispatchErrors", dispatch_errors, "the dispatch function failed, so jobs start late or not at all")

    def _alarm(self, name: str, metric: Metric, meaning: str) -> None:
        """Raise an alarm while the metric is above zero; no data is good news."""
        Alarm(
            self,
            name,
            metric=metric,
            threshold=0,
            comparison_operator=ComparisonOperator.GREATER_THAN_THRESHOLD,
            evaluation_periods=1,
            treat_missing_data=TreatMissingData.NOT_BREACHING,
            alarm_description=f"{name}: {meaning}; see docs/operation.md, Watch.",
        )
