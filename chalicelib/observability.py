"""Logs, metrics and traces with aws-lambda-powertools; made on first use, so that nothing reads the environment at import."""

import logging
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Final

from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.logging.utils import copy_config_to_registered_loggers
from aws_lambda_powertools.metrics import MetricUnit, single_metric

__all__ = [
    "add_log_keys",
    "audit",
    "count",
    "count_background_failure",
    "log_keys",
    "measure",
    "measure_oldest_waiting",
    "observed",
]

_NAMESPACE: Final = "JupyterScheduler"

_audit_log = logging.getLogger(f"{__name__}.audit")
_measurement_log = logging.getLogger(f"{__name__}.measurements")
for _independent in (_audit_log, _measurement_log):
    _independent.setLevel(logging.INFO)  # independent of `functions.log_level`


@cache
def _logger() -> Logger:
    """Make the structured logger, and apply its format to every logger of the service."""
    logger = Logger()
    logging.getLogger("chalicelib").setLevel(logger.log_level)
    copy_config_to_registered_loggers(source_logger=logger, include={"chalicelib"}, ignore_log_level=True)
    return logger


@cache
def _metrics() -> Metrics:
    return Metrics(namespace=_NAMESPACE)


@cache
def _tracer() -> Tracer:
    return Tracer(auto_patch=False)


def count(name: str, *, outcome: str | None = None, number: int = 1) -> None:
    """Count one or more events in CloudWatch's embedded metric format; flushed at the end of the invocation."""
    if outcome is not None:
        _metrics().add_metadata(key="outcome", value=outcome)
    _metrics().add_metric(name=name, unit=MetricUnit.Count, value=number)


def count_background_failure(work: str) -> None:
    """Count a failure of background work immediately, so that it counts even if the function is killed next.

    All functions count into one metric with one alarm, because CloudWatch bills each metric and each alarm. The log line of the metric
    names the background work and the function.
    """
    dimensions = {"service": "background"}
    with single_metric(
        name="BackgroundFailures", unit=MetricUnit.Count, value=1, namespace=_NAMESPACE, default_dimensions=dimensions
    ) as metric:
        metric.add_metadata(key="work", value=str(work))


def measure_oldest_waiting(seconds: float) -> None:
    """Set for how long a job has waited that waits only for the stack or for AWS; the alarm looks at the highest value.

    Sweep and dispatch set one metric, because CloudWatch bills each metric, for the hours in which it has data.
    """
    dimensions = {"service": "background"}
    with single_metric(
        name="OldestWaitingSeconds",
        unit=MetricUnit.Seconds,
        value=seconds,
        namespace=_NAMESPACE,
        default_dimensions=dimensions,
    ):
        pass


def measure(name: str, **values: Any) -> None:
    """Write a log line that the dashboard's queries read, which is not billed as a metric is. `infra/dashboard.py` lists the names."""
    _measurement_log.info(name, extra=values)


def add_log_keys(**keys: str) -> None:
    """Add ids (request, owner, job) to every log line of this invocation."""
    _logger().append_keys(**keys)


def log_keys() -> dict[str, Any]:
    """Return what `add_log_keys` has added so far in this invocation."""
    return dict(_logger().get_current_keys())


def audit(**fields: Any) -> None:
    """Write the audit line of a request, with the ids of `add_log_keys`; never parameters, contents or URLs."""
    _audit_log.info("audit", extra=fields)


def observed(handler: Callable[[Any, Any], Any], *, name: str) -> Callable[[Any, Any], Any]:
    """Wrap a function's entry point with request ids in logs, metrics and traces; events are never logged."""

    def run(event: Mapping[str, Any], context: Any) -> Any:
        logger = _logger()
        logger.clear_state()
        logger.append_keys(function_request_id=getattr(context, "aws_request_id", None))
        with _tracer().provider.in_subsegment(name=name):
            try:
                return handler(event, context)
            finally:
                if _metrics().metric_set:
                    _metrics().flush_metrics()

    return run
