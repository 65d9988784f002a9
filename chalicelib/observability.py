"""Logs, metrics and traces, by aws-lambda-powertools; made on first use, so that nothing reads the environment at import."""

import logging
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Final

from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.logging.utils import copy_config_to_registered_loggers
from aws_lambda_powertools.metrics import MetricUnit, single_metric

__all__ = ["audit", "count", "count_background_failure", "identified", "identify", "observed"]

_NAMESPACE: Final = "JupyterScheduler"

_audit_log = logging.getLogger(f"{__name__}.audit")
_audit_log.setLevel(logging.INFO)  # whatever `functions.log_level` says


@cache
def _logger() -> Logger:
    """Make the structured logger, and give its form to every logger of the service."""
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


def count(name: str, *, outcome: str | None = None) -> None:
    """Count one event, in CloudWatch's embedded metric format; flushed when the function's invocation ends."""
    if outcome is not None:
        _metrics().add_metadata(key="outcome", value=outcome)
    _metrics().add_metric(name=name, unit=MetricUnit.Count, value=1)


def count_background_failure(work: str) -> None:
    """Count a failure of background work, of a `Duty`: at once, so that it counts even if the function is killed next.

    All functions count into one metric, whose one alarm then covers all of them: CloudWatch bills each metric and each alarm. The log
    line that carries it names the work and the function.
    """
    dimensions = {"service": "background"}
    with single_metric(
        name="BackgroundFailures", unit=MetricUnit.Count, value=1, namespace=_NAMESPACE, default_dimensions=dimensions
    ) as metric:
        metric.add_metadata(key="work", value=str(work))


def identify(**keys: str) -> None:
    """Put ids (request, owner, job) on every log line of this invocation."""
    _logger().append_keys(**keys)


def identified() -> dict[str, Any]:
    """Give what `identify` has put on the log lines of this invocation so far."""
    return dict(_logger().get_current_keys())


def audit(**fields: Any) -> None:
    """Write the audit line of a request, with the ids that `identify` knows; never parameters, contents or URLs."""
    _audit_log.info("audit", extra=fields)


def observed(handler: Callable[[Any, Any], Any], *, name: str) -> Callable[[Any, Any], Any]:
    """Give a function's entry point logs with request id, metrics and traces; events are never logged."""

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
