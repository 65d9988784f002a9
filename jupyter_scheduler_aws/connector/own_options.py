"""The options that jupyter-scheduler's models do not have: how they reach the service from a request, and the response from it.

A program names them at the top of the body. Our extension of JupyterLab cannot: the form of the panel sends only the fields of
the stock model. So it writes them as JSON text into one entry of `runtime_environment_parameters`, which is taken out here.
"""

import json
from collections.abc import Mapping
from typing import Any, Final

from jupyter_scheduler.models import DescribeJob, DescribeJobDefinition
from jupyter_server import CallContext
from jupyter_server.base.handlers import APIHandler

from jupyter_scheduler_aws.errors import BadOptionError

__all__ = [
    "DEFINITION_OPTIONS",
    "FORM_OPTIONS",
    "JOB_OPTIONS",
    "RUN_LIMITS",
    "DescribeDefinitionWithOptions",
    "DescribeJobWithOptions",
    "check_names",
    "own_options",
    "take_form_options",
]

RUN_LIMITS: Final = ("timeout_seconds", "max_retries", "retry_on_timeout", "min_retry_interval_millis")
"""Options of jobs and definitions that jupyter-scheduler knows as features."""

JOB_OPTIONS: Final = (*RUN_LIMITS, "notify")
"""Options of jobs and definitions."""

DEFINITION_OPTIONS: Final = (
    *JOB_OPTIONS,
    *("overlap_policy", "catch_up_seconds", "schedule_start", "schedule_end", "max_runs", "job_retention_days"),
    *("keep_last", "pause_after_failures", "success_within_seconds"),
)
"""Options of definitions."""

FORM_OPTIONS: Final = "jupyter_scheduler_aws.options"
"""The entry of `runtime_environment_parameters` with the options of our extension's form, as the JSON text of an object."""


class DescribeJobWithOptions(DescribeJob):  # type: ignore[misc]
    """A job with its options. Their types are open, because an odd value must not hide a job."""

    timeout_seconds: Any = None
    max_retries: Any = None
    retry_on_timeout: Any = None
    min_retry_interval_millis: Any = None
    notify: Any = None


class DescribeDefinitionWithOptions(DescribeJobDefinition):  # type: ignore[misc]
    """A definition with its options and those of its schedule. Their types are open, as those of a job."""

    timeout_seconds: Any = None
    max_retries: Any = None
    retry_on_timeout: Any = None
    min_retry_interval_millis: Any = None
    notify: Any = None
    overlap_policy: Any = None
    catch_up_seconds: Any = None
    schedule_start: Any = None
    schedule_end: Any = None
    max_runs: Any = None
    job_retention_days: Any = None
    keep_last: Any = None
    pause_after_failures: Any = None
    success_within_seconds: Any = None


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


def take_form_options(request: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    """Move the options of our extension's form to the top of a request, and leave the other parameters of the environment.

    Parameters
    ----------
    request
        The fields of a request of jupyter-scheduler.
    names
        The options that the request can have. Those that only definitions have are left out of others, because the form
        has one set of fields for both.

    Raises
    ------
    BadOptionError
        If the text is not JSON, or names an unknown option.
    """
    parameters = request.get("runtime_environment_parameters")
    if not isinstance(parameters, Mapping) or FORM_OPTIONS not in parameters:
        return dict(request)
    rest = {name: value for name, value in parameters.items() if name != FORM_OPTIONS}
    fields = {name: value for name, value in request.items() if name != "runtime_environment_parameters"}
    options = _read(parameters[FORM_OPTIONS])
    kept = {name: value for name, value in options.items() if name in names}
    return fields | ({"runtime_environment_parameters": rest} if rest else {}) | kept


def check_names(options: Mapping[str, Any]) -> None:
    """Check that options have names that the service knows.

    Raises
    ------
    BadOptionError
        If one has not.
    """
    unknown = sorted(set(options) - set(DEFINITION_OPTIONS))
    if unknown:
        raise BadOptionError(
            f"{unknown[0]!r} is not an option of jobs and definitions. The options are {', '.join(DEFINITION_OPTIONS)}."
        )


def _read(text: object) -> dict[str, Any]:
    try:
        options = json.loads(text) if isinstance(text, str) else None
    except (ValueError, RecursionError):
        options = None
    if not isinstance(options, dict):
        raise BadOptionError(
            f"{FORM_OPTIONS} in runtime_environment_parameters is not the JSON text of an object. "
            "Reload the page, so that JupyterLab loads the extension of this server's version."
        )
    check_names(options)
    return options
