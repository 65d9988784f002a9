"""CloudWatch alarms, and the topic that notifies people: failed messages, failing background work, and suspicious check-ins."""

from collections.abc import Sequence
from typing import Final

from aws_cdk import Duration, Stack
from aws_cdk.aws_cloudwatch import Alarm, ComparisonOperator, IMetric, Metric, TreatMissingData
from aws_cdk.aws_cloudwatch_actions import SnsAction
from aws_cdk.aws_iam import PolicyStatement, ServicePrincipal
from aws_cdk.aws_sns import ITopic, Topic
from aws_cdk.aws_sns_subscriptions import EmailSubscription
from aws_cdk.aws_sqs import Queue
from constructs import Construct

from infra.functions import METRICS_NAMESPACE
from infra.settings import AlarmsSection

__all__ = ["Alarms"]

_PERIOD: Final = Duration.minutes(5)

_PERSISTENT_FAILURE: Final = (3, 6)
"""Periods with a failure, of the last periods: 3 of 6, half an hour. Work that is retried every five minutes reaches this within
15 minutes; work that was throttled for a minute does not."""


class Alarms(Construct):
    """One alarm for each dead-letter queue, and two more.

    The alarm of a dead-letter queue is on while the queue contains a message. `BackgroundFailures` is on while background work keeps
    failing, and `RefusedCheckIns` when a check-in has one correct and one wrong factor.

    CloudWatch bills each metric ($0.10 a month, the first ten are free), so all background work counts its failures in one metric.
    The log lines that contain the metric name the work.

    Parameters
    ----------
    dead_letter_queues
        Queues that are empty while all is well.
    settings
        The section `[alarms]`: who is notified.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, dead_letter_queues: Sequence[Queue], settings: AlarmsSection
    ) -> None:
        super().__init__(scope, construct_id)
        self._topic = self._make_topic(settings)
        for queue in dead_letter_queues:
            depth = queue.metric_approximate_number_of_messages_visible(period=_PERIOD, statistic="Maximum")
            self._alarm(queue.node.id, depth, "a message failed after all retries")
        failures = Metric(
            namespace=METRICS_NAMESPACE,
            metric_name="BackgroundFailures",
            dimensions_map={"service": "background"},
            period=_PERIOD,
            statistic="Sum",
        )
        self._alarm("BackgroundFailures", failures, "background work keeps failing", *_PERSISTENT_FAILURE)
        refused = Metric(
            namespace=METRICS_NAMESPACE,
            metric_name="RefusedCheckIns",
            dimensions_map={"service": "api"},
            period=_PERIOD,
            statistic="Sum",
        )
        self._alarm("RefusedCheckIns", refused, "a caller other than the run's container knows one of its two factors")

    def _alarm(self, name: str, metric: IMetric, meaning: str, breaching: int = 1, periods: int = 1) -> None:
        """Create an alarm that is on while the metric is above 0 in `breaching` of the last `periods`. Missing data counts as 0."""
        alarm = Alarm(
            self,
            name,
            metric=metric,
            threshold=0,
            comparison_operator=ComparisonOperator.GREATER_THAN_THRESHOLD,
            datapoints_to_alarm=breaching,
            evaluation_periods=periods,
            treat_missing_data=TreatMissingData.NOT_BREACHING,
            alarm_description=f"{name}: {meaning}. See “Monitor” in docs/operation.md.",
        )
        if self._topic:
            alarm.add_alarm_action(SnsAction(self._topic))
            alarm.add_ok_action(SnsAction(self._topic))

    def _make_topic(self, settings: AlarmsSection) -> ITopic | None:
        """Return the operator's topic, or create one with their mail addresses; None if nobody is to be notified."""
        if settings.topic_arn:
            return Topic.from_topic_arn(self, "Topic", settings.topic_arn)
        if not settings.emails:
            return None
        topic = Topic(self, "Topic", display_name=f"{Stack.of(self).stack_name} alarms", enforce_ssl=True)
        for email in settings.emails:
            topic.add_subscription(EmailSubscription(email))
        # A topic with a policy of its own loses the default one, which lets the account's alarms publish.
        topic.add_to_resource_policy(
            PolicyStatement(
                actions=["sns:Publish"],
                principals=[ServicePrincipal("cloudwatch.amazonaws.com")],
                resources=[topic.topic_arn],
                conditions={"StringEquals": {"aws:SourceAccount": Stack.of(self).account}},
            )
        )
        return topic
