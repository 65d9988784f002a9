"""The options that jupyter-scheduler's models do not have: how they reach the service from a request, and the response from it."""

from typing import Any, Final

from jupyter_scheduler.models import DescribeJob, DescribeJobDefinition
from jupyter_server import CallContext
from jupyter_server.base.handlers import APIHandler

__all__ = ["DEFINITION_OPTIONS", "RUN_LIMITS", "DescribeDefinitionWithOptions", "DescribeJobWithLimits", "own_options"]

RUN_LIMITS: Final = ("timeout_seconds", "max_retries", "retry_on_timeout", "min_retry_interval_millis")
"""Options of jobs and definitions."""

DEFINITION_OPTIONS: Final = (
    *RUN_LIMITS,
    *("overlap_policy", "catch_up_seconds", "schedule_start", "schedule_end", "max_runs", "job_retention_days"),
)
"""Options of definitions."""


class DescribeJobWithLimits(DescribeJob):  # type: ignore[misc]
    """A job with its run limits. Their types are open, because an odd value must not hide a job."""

    timeout_seconds: Any = None
    max_retries: Any = None
    retry_on_timeout: Any = None
    min_retry_interval_millis: Any = None


class DescribeDefinitionWithOptions(DescribeJobDefinition):  # type: ignore[misc]
    """A definition with its run limits and the options of its schedule. Their types are open, as those of a job."""

    timeout_seconds: Any = None
    max_retries: Any = None
    retry_on_timeout: Any = None
    min_retry_interval_millis: Any = None
    overlap_policy: Any = None
    catch_up_seconds: Any = None
    schedule_start: Any = None
    schedule_end: Any = None
    max_runs: Any = None
    job_retention_days: Any = None


def own_options(names: tuple[str, ...]) -> dict[str, Any]:
    """Return the options in the body of the Jupyter server's current request.

    The handlers of jupyter-scheduler pass on a model without them. Outside of a request, there are none.

    Parameters
    ----------
    names
        The options to return, exactly as they were sent.
    """
    handler = CallContext.get(CallContext.JUPYTER_HANDLER)
    body = handler.get_json_body() if isinstance(handler, APIHandler) else None
    return {name: body[name] for name in names if name in body} if isinstance(body, dict) else {}
