"""CloudWatch alarms, and the topic that notifies people."""

from collections.abc import Sequence
from typing import Final

from aws_cdk import Stack
from aws_cdk.aws_cloudwatch import Alarm, ComparisonOperator, IMetric, TreatMissingData
from aws_cdk.aws_cloudwatch_actions import SnsAction
from aws_cdk.aws_iam import PolicyStatement, ServicePrincipal
from aws_cdk.aws_lambda import Function
from aws_cdk.aws_sns import ITopic, Topic
from aws_cdk.aws_sns_subscriptions import EmailSubscription
from aws_cdk.aws_sqs import Queue
from constructs import Construct

from infra.api import Api
from infra.metrics import PERIOD, service_metric
from infra.settings import AlarmsSection

__all__ = ["Alarms"]

_PERSISTENT_FAILURE: Final = (3, 6)
"""Periods with a failure, of the last periods: 3 of 6, half an hour. Work that is retried every five minutes reaches this within
15 minutes; work that was throttled for a minute does not."""

_API_ERROR_RATE: Final = 0.01
"""Share of requests that get a 5xx. Clients and runners repeat these, so a few of many are no trouble; of a few, each counts."""


class Alarms(Construct):
    """One alarm for each dead-letter queue, and some more.

    The alarm of a dead-letter queue is on while the queue contains a message. `BackgroundFailures` is on while background work keeps
    failing, and `RefusedCheckIns` when a check-in has one correct and one wrong factor.

    CloudWatch bills each metric ($0.10 a month, the first ten are free), so all background work counts its failures in one metric.
    The log lines that contain the metric name the work. For the same reason, the alarms on symptoms (`WaitingJobs`, `ApiErrors`,
    `DispatchErrors`, `Throttles`) exist only if somebody is notified; the dashboard shows their metrics in any case.

    Parameters
    ----------
    dead_letter_queues
        Queues that are empty while all is well.
    dispatch
        The only function whose crashes leave no dead letter.
    api
        The API.
    settings
        The section `[alarms]`: who is notified, and when.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        dead_letter_queues: Sequence[Queue],
        dispatch: Function,
        api: Api,
        settings: AlarmsSection,
    ) -> None:
        super().__init__(scope, construct_id)
        self.all: list[Alarm] = []
        self._topic = self._make_topic(settings)
        for queue in dead_letter_queues:
            depth = queue.metric_approximate_number_of_messages_visible(period=PERIOD, statistic="Maximum")
            self._alarm(queue.node.id, depth, "a message failed after all retries")
        failures = service_metric("BackgroundFailures")
        self._alarm("BackgroundFailures", failures, "background work keeps failing", periods=_PERSISTENT_FAILURE)
        refused = service_metric("RefusedCheckIns", service="api")
        self._alarm("RefusedCheckIns", refused, "a caller other than the run's container knows one of its two factors")
        if settings.notifies:
            self._watch_symptoms(dispatch, api, max_waiting_minutes=settings.max_waiting_minutes)

    def _watch_symptoms(self, dispatch: Function, api: Api, *, max_waiting_minutes: int) -> None:
        """Create the alarms on what users notice, and on functions that fail without a dead letter."""
        waiting = service_metric("OldestWaitingSeconds", statistic="Maximum")
        meaning = (
            f"a job has waited for more than {max_waiting_minutes} minutes for a slot of the stack or for capacity"
        )
        self._alarm("WaitingJobs", waiting, meaning, above=max_waiting_minutes * 60)
        # The average of this metric is the share of requests that fail.
        failing = api.rest_api.deployment_stage.metric_server_error(period=PERIOD, statistic="Average")
        meaning = "requests keep failing with 5xx"
        self._alarm("ApiErrors", failing, meaning, above=_API_ERROR_RATE, periods=_PERSISTENT_FAILURE)
        crashes = dispatch.metric_errors(period=PERIOD, statistic="Sum")
        self._alarm("DispatchErrors", crashes, "the dispatch function keeps crashing", periods=_PERSISTENT_FAILURE)
        # All functions of a region share its concurrent executions, so one metric for all of them is enough.
        throttled = Function.metric_all_throttles(period=PERIOD, statistic="Sum")
        self._alarm("Throttles", throttled, "Lambda keeps refusing invocations", periods=_PERSISTENT_FAILURE)

    def _alarm(
        self, name: str, metric: IMetric, meaning: str, *, above: float = 0, periods: tuple[int, int] = (1, 1)
    ) -> None:
        """Create an alarm that is on while the metric is above a value in as many of the last periods as `periods` says.

        Missing data counts as 0.
        """
        breaching, of_last = periods
        alarm = Alarm(
            self,
            name,
            metric=metric,
            threshold=above,
            comparison_operator=ComparisonOperator.GREATER_THAN_THRESHOLD,
            datapoints_to_alarm=breaching,
            evaluation_periods=of_last,
            treat_missing_data=TreatMissingData.NOT_BREACHING,
            alarm_description=f"{name}: {meaning}. See “Monitor” in docs/operation.md.",
        )
        self.all.append(alarm)
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
