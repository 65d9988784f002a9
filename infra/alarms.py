"""One alarm: something was given up."""

from collections.abc import Sequence

from aws_cdk import Duration
from aws_cdk.aws_cloudwatch import Alarm, ComparisonOperator, MathExpression, TreatMissingData
from aws_cdk.aws_sqs import Queue
from constructs import Construct

__all__ = ["Alarms"]


class Alarms(Construct):
    """An alarm on the sum of what stands in the dead-letter queues.

    CloudWatch bills an alarm by its metrics ($0.10 a month each, ten are free): one alarm costs as much as one for each queue, and
    there is one thing to subscribe to.

    Parameters
    ----------
    dead_letter_queues
        Queues that must be empty; at most ten, as many as one alarm takes.
    """

    def __init__(self, scope: Construct, construct_id: str, *, dead_letter_queues: Sequence[Queue]) -> None:
        super().__init__(scope, construct_id)
        period = Duration.minutes(5)
        metrics = {
            f"queue{number}": queue.metric_approximate_number_of_messages_visible(period=period, statistic="Maximum")
            for number, queue in enumerate(dead_letter_queues)
        }
        total = MathExpression(
            expression=" + ".join(f"FILL({name}, 0)" for name in metrics),
            using_metrics=metrics,
            period=period,
            label="messages given up",
        )
        self.dead_letters = Alarm(
            self,
            "DeadLetters",
            metric=total,
            threshold=0,
            comparison_operator=ComparisonOperator.GREATER_THAN_THRESHOLD,
            evaluation_periods=1,
            treat_missing_data=TreatMissingData.NOT_BREACHING,
            alarm_description="A message was given up after its retries; see docs/operation.md for what each dead-letter queue means.",
        )
