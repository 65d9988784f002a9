"""The error messages in the panel. jupyter-scheduler shows only the text of its own error classes."""

from typing import Final

from jupyter_scheduler.exceptions import IdempotencyTokenError, SchedulerError

from jupyter_scheduler_aws.errors import ConfigurationError, SchedulerApiError, SchedulerClientError, ServiceError
from jupyter_scheduler_aws.sanitize import sanitize_text

__all__ = ["panel_message", "to_scheduler_error"]

_SETTINGS: Final = {"url": "api_url"}
"""Settings of the connector whose names differ from the options of `nbjobs`."""

_PERCENT: Final = str.maketrans({"%": "\N{FULLWIDTH PERCENT SIGN}"})
"""Tornado uses a message as a format string and doubles its percent signs, but not the full-width one."""


class ReusedTokenError(IdempotencyTokenError):  # type: ignore[misc]
    """An idempotency token was used for another request. Shows the message of the service."""

    def __str__(self) -> str:
        return str(self.idempotency_token)


def panel_message(error: SchedulerClientError) -> str:
    """Return the message of an error for the panel, with the request id if the service failed."""
    text = error.message
    if isinstance(error, ServiceError) and error.request_id:
        text += f" (request {error.request_id})"
    if isinstance(error, ConfigurationError) and error.option:
        setting = _SETTINGS.get(error.option, error.option)
        text += f" Or set c.AwsScheduler.{setting} in jupyter_server_config.py. Restart JupyterLab to apply variables and settings."
    return sanitize_text(text).translate(_PERCENT)


def to_scheduler_error(error: SchedulerClientError) -> Exception:
    """Return the error that the handlers of jupyter-scheduler show for jobs and definitions.

    They respond with 409 to a reused token, and with 500 to anything else.
    """
    is_reused_token = isinstance(error, SchedulerApiError) and error.code == "idempotency_token_reused"
    shown: Exception = (ReusedTokenError if is_reused_token else SchedulerError)(panel_message(error))
    return shown
