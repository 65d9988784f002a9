"""What a person reads in the panel when something went wrong: jupyter-scheduler shows the text of its own errors, and no others."""

from typing import Final

from jupyter_scheduler.environments import EnvironmentRetrievalError
from jupyter_scheduler.exceptions import IdempotencyTokenError, SchedulerError

from jupyter_scheduler_aws.errors import ConfigurationError, SchedulerApiError, SchedulerClientError, ServiceError
from jupyter_scheduler_aws.sanitize import sanitize_text

__all__ = ["panel_text", "to_environment_error", "to_scheduler_error"]

_SETTINGS: Final = {"url": "api_url"}
"""The connector's settings that have another name than the options of `nbjobs`."""

_PERCENT: Final = str.maketrans({"%": "\N{FULLWIDTH PERCENT SIGN}"})
"""Tornado takes a message for a format and doubles its percent signs; the wide one is left alone."""


class UsedTokenError(IdempotencyTokenError):  # type: ignore[misc]
    """A token was used for another request; says what the service said of it."""

    def __str__(self) -> str:
        return str(self.idempotency_token)


def panel_text(error: SchedulerClientError) -> str:
    """Give an error's message as the panel can show it, with what the operator needs to find the request."""
    text = error.message
    if isinstance(error, ServiceError) and error.request_id:
        text += f" (request {error.request_id})"
    if isinstance(error, ConfigurationError) and error.option:
        setting = _SETTINGS.get(error.option, error.option)
        text += f" Or set c.AwsScheduler.{setting} in jupyter_server_config.py. Variables and settings count from JupyterLab's next start."
    return sanitize_text(text).translate(_PERCENT)


def to_scheduler_error(error: SchedulerClientError) -> Exception:
    """Give the error that jupyter-scheduler's handlers show for jobs and definitions.

    They answer 409 for a used token, and 500 for whatever else.
    """
    is_used_token = isinstance(error, SchedulerApiError) and error.code == "idempotency_token_reused"
    shown: Exception = (UsedTokenError if is_used_token else SchedulerError)(panel_text(error))
    return shown


def to_environment_error(error: SchedulerClientError) -> Exception:
    """Give the error that jupyter-scheduler's handlers show for environments."""
    shown: Exception = EnvironmentRetrievalError(panel_text(error))
    return shown
