"""The metrics that alarms and the dashboard share."""

from typing import Final

from aws_cdk import Duration
from aws_cdk.aws_cloudwatch import Metric

from infra.functions import METRICS_NAMESPACE

__all__ = ["PERIOD", "service_metric"]

PERIOD: Final = Duration.minutes(5)
"""Period of all metrics, of alarms as well as on the dashboard."""


def service_metric(
    name: str, *, service: str = "background", statistic: str = "Sum", label: str | None = None
) -> Metric:
    """Return a metric of the service's own (`chalicelib/observability.py`).

    Parameters
    ----------
    service
        Name of the function that counts, or `background` for what several functions count together.
    """
    return Metric(
        namespace=METRICS_NAMESPACE,
        metric_name=name,
        dimensions_map={"service": service},
        period=PERIOD,
        statistic=statistic,
        label=label,
    )
