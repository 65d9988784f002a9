"""Alarms: something was given up."""

from collections.abc import Sequence

from aws_cdk import Duration
from aws_cdk.aws_cloudwatch import Alarm, ComparisonOperator, TreatMissingData
from aws_cdk.aws_sqs import Queue
from constructs import Construct

__all__ = ["Alarms"]


class Alarms(Construct):
    """One alarm for each dead-letter queue, on as long as anything stands in it.

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
            Alarm(
                self,
                queue.node.id,
                metric=queue.metric_approximate_number_of_messages_visible(
                    period=Duration.minutes(5), statistic="Maximum"
                ),
                threshold=0,
                comparison_operator=ComparisonOperator.GREATER_THAN_THRESHOLD,
                evaluation_periods=1,
                treat_missing_data=TreatMissingData.NOT_BREACHING,
                alarm_description=f"{queue.node.id}: a message was given up after its retries; see docs/operation.md, Watch.",
            )
