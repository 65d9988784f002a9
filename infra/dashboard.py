"""The CloudWatch dashboard: what jobs, schedules, functions and the API do.

It shows metrics that AWS has anyway, the few of the service's own, and queries of the functions' logs: CloudWatch bills each custom metric,
and log lines only for their bytes. The first three dashboards of an account with up to 50 metrics each are free.
"""

from collections.abc import Sequence
from typing import Final

from aws_cdk import Duration, Fn, Stack
from aws_cdk.aws_cloudwatch import (
    AlarmStatusWidget,
    Color,
    GraphWidget,
    HorizontalAnnotation,
    IAlarm,
    IMetric,
    LogQueryVisualizationType,
    LogQueryWidget,
    YAxisProps,
)
from aws_cdk.aws_cloudwatch import Dashboard as CloudWatchDashboard
from aws_cdk.aws_sqs import Queue
from constructs import Construct

from infra.api import Api
from infra.functions import FUNCTIONS, Functions
from infra.metrics import PERIOD, service_metric

__all__ = ["Dashboard"]

_WIDTH: Final = 8
"""Width of a widget; the dashboard has 24 columns (CloudWatch User Guide, "Dashboard body structure and syntax")."""

_LINE: Final = LogQueryVisualizationType.LINE
_BAR: Final = LogQueryVisualizationType.BAR

_FROM_ZERO: Final = YAxisProps(min=0, show_units=False)

_ENDED_BY_STATUS: Final = (
    'filter message = "attempt ended"',
    (
        'fields strcontains(status, "COMPLETED") as is_completed, strcontains(status, "FAILED") as is_failed,'
        ' strcontains(status, "STOPPED") as is_stopped, strcontains(status, "CREATED") as is_retried'
    ),
    (
        "stats sum(is_completed) as completed, sum(is_failed) as failed, sum(is_stopped) as stopped,"
        " sum(is_retried) as retried by bin(15m)"
    ),
)
_BY_OUTCOME: Final = (
    'filter message = "attempt ended"',
    "stats count(*) as attempts by outcome",
    "sort attempts desc",
)
_WAITING_TIME: Final = (
    'filter message = "job claimed"',
    "stats pct(waited_seconds, 50) as median, pct(waited_seconds, 95) as p95, max(waited_seconds) as longest by bin(15m)",
)
_WAITING_JOBS: Final = (
    'filter message = "jobs waiting"',
    "stats max(waiting_jobs) as waiting by bin(5m)",
)
_RUNNING: Final = (
    'filter message = "tasks running"',
    "stats max(slots_in_use) as jobs, max(running_tasks) as tasks, max(max_running_jobs) as limit by bin(5m)",
)
_WITHOUT_A_JOB: Final = (
    'filter message = "tasks running"',
    "stats max(unrecorded_tasks) as tasks by bin(5m)",
)
_FAILURES_BY_WORK: Final = (
    'filter service = "background" and ispresent(work)',
    "stats count(*) as failures by work",
    "sort failures desc",
)
"""This and the above are queries of CloudWatch Logs Insights, whose charts over time group by time only."""


class Dashboard(Construct):
    """The dashboard, named after stack and region, because names of dashboards are unique in an account.

    Parameters
    ----------
    alarms
        The stack's alarms.
    max_waiting_minutes
        The threshold that the chart of the oldest waiting job marks [min].
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        functions: Functions,
        api: Api,
        dead_letter_queues: Sequence[Queue],
        alarms: Sequence[IAlarm],
        max_waiting_minutes: int,
    ) -> None:
        super().__init__(scope, construct_id)
        self._functions = functions
        stack = Stack.of(self)
        dashboard = CloudWatchDashboard(
            self,
            "Dashboard",
            dashboard_name=Fn.join("-", [stack.stack_name, stack.region]),
            default_interval=Duration.hours(12),
        )
        dashboard.add_widgets(AlarmStatusWidget(title="Alarms", alarms=list(alarms), width=24, height=3))
        dashboard.add_widgets(*self._jobs())
        dashboard.add_widgets(*self._waiting(max_waiting_minutes))
        dashboard.add_widgets(*self._running())
        dashboard.add_widgets(*self._background(dead_letter_queues))
        dashboard.add_widgets(*self._functions_and_api(api))

    def _jobs(self) -> list[GraphWidget | LogQueryWidget]:
        starts = [
            service_metric("JobsCreated", service="api", label="created by requests"),
            service_metric("TicksRun", service="ticks", label="created by schedules"),
            service_metric("JobsLaunched", service="dispatch", label="launched"),
        ]
        who = ("api", "dispatch", "task-events", "sweep")
        return [
            _chart("Jobs created and launched", starts),
            self._query("Attempts ended, by the job's state", _ENDED_BY_STATUS, *who),
            self._query("Attempts ended, by outcome", _BY_OUTCOME, *who, view=_BAR),
        ]

    def _waiting(self, max_waiting_minutes: int) -> list[GraphWidget | LogQueryWidget]:
        oldest = service_metric("OldestWaitingSeconds", statistic="Maximum", label="oldest waiting job")
        threshold = HorizontalAnnotation(value=max_waiting_minutes * 60, label="max_waiting_minutes", color=Color.RED)
        return [
            self._query("Waiting time of launched jobs [s]", _WAITING_TIME, "dispatch"),
            _chart("Oldest job that waits for the stack or for AWS [s]", [oldest], marks=[threshold]),
            self._query("Waiting jobs (at most 1,000 are counted)", _WAITING_JOBS, "sweep"),
        ]

    def _running(self) -> list[GraphWidget | LogQueryWidget]:
        ticks = [
            service_metric(name, service="ticks", label=label)
            for name, label in (("TicksMissed", "missed"), ("TicksRefused", "refused"), ("TicksSkipped", "skipped"))
        ]
        return [
            self._query("Running jobs and tasks, and the limit", _RUNNING, "sweep"),
            self._query("Running tasks without a job", _WITHOUT_A_JOB, "sweep"),
            _chart("Due times without a job", ticks),
        ]

    def _background(self, dead_letter_queues: Sequence[Queue]) -> list[GraphWidget | LogQueryWidget]:
        failures = [
            service_metric("BackgroundFailures", label="background failures"),
            service_metric("RefusedCheckIns", service="api", label="refused check-ins"),
        ]
        dead = [
            queue.metric_approximate_number_of_messages_visible(period=PERIOD, statistic="Maximum", label=queue.node.id)
            for queue in dead_letter_queues
        ]
        return [
            _chart("Failures", failures),
            self._query(
                "Background failures, by work", _FAILURES_BY_WORK, *(spec.name for spec in FUNCTIONS), view=_BAR
            ),
            _chart("Dead letters", dead),
        ]

    def _functions_and_api(self, api: Api) -> list[GraphWidget]:
        of_all = self._functions.by_name.items()
        errors = [each.metric_errors(period=PERIOD, label=name) for name, each in of_all]
        throttles = [each.metric_throttles(period=PERIOD, label=f"{name}: throttled") for name, each in of_all]
        stage = api.rest_api.deployment_stage
        requests = [stage.metric_count(period=PERIOD, statistic="Sum", label="requests")]
        refused = [
            stage.metric_client_error(period=PERIOD, statistic="Sum", label="4xx"),
            stage.metric_server_error(period=PERIOD, statistic="Sum", label="5xx"),
        ]
        latency = [stage.metric_latency(period=PERIOD, statistic=each, label=each) for each in ("p50", "p99")]
        return [
            _chart("Functions: errors and throttles", [*errors, *throttles]),
            _chart("API: requests, 4xx and 5xx", [*requests, *refused]),
            _chart("API: latency [ms]", latency),
        ]

    def _query(
        self, title: str, lines: Sequence[str], *names: str, view: LogQueryVisualizationType = _LINE
    ) -> LogQueryWidget:
        """Make a widget with a query of the logs of these functions."""
        groups = [self._functions[name].log_group.log_group_name for name in names]
        return LogQueryWidget(title=title, log_group_names=groups, query_lines=list(lines), view=view, width=_WIDTH)


def _chart(title: str, metrics: Sequence[IMetric], *, marks: Sequence[HorizontalAnnotation] = ()) -> GraphWidget:
    return GraphWidget(
        title=title,
        left=list(metrics),
        left_annotations=list(marks) or None,
        left_y_axis=_FROM_ZERO,
        width=_WIDTH,
    )
