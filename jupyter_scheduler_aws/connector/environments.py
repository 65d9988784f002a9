"""The environments that the panel lists."""

import logging
from typing import Any

from jupyter_scheduler.environments import EnvironmentManager
from jupyter_scheduler.models import RuntimeEnvironment

from jupyter_scheduler_aws.connector.async_adapter import add_async_methods, read
from jupyter_scheduler_aws.connector.connection import Connection
from jupyter_scheduler_aws.connector.error_messages import panel_message
from jupyter_scheduler_aws.connector.no_environments import environments_that_explain
from jupyter_scheduler_aws.connector.workers import Workers
from jupyter_scheduler_aws.errors import ConfigurationError, SchedulerClientError
from jupyter_scheduler_aws.sanitize import sanitize_text

__all__ = ["AwsEnvironmentManager"]


_log = logging.getLogger(__name__)


class _Labels(dict[str, str]):
    """The labels of output formats. An unknown format is its own label."""

    def __missing__(self, output_format: str) -> str:
        return output_format


def _explain(error: SchedulerClientError) -> list[RuntimeEnvironment]:
    reason = panel_message(error)
    _log.warning("Cannot list the environments: %s", reason)
    return environments_that_explain(reason)


@add_async_methods(_explain)
class AwsEnvironmentManager(EnvironmentManager):  # type: ignore[misc]
    """Lists the environments of the stack.

    jupyter-scheduler creates it without arguments. `AwsScheduler` then connects it.
    """

    def __init__(self) -> None:
        self.requests = self.transfers = Workers(2)
        self.read_timeout_seconds = 1.0  # without a scheduler, it sends no request
        self._connection: Connection | None = None
        self._labels = _Labels()

    def connect(self, connection: Connection, *, read_timeout_seconds: float) -> None:
        """Use the connection of a scheduler, and its deadline for what the panel shows [s]."""
        self._connection = connection
        self.read_timeout_seconds = read_timeout_seconds

    @read
    def list_environments(self) -> list[RuntimeEnvironment]:
        """Return the environments that the user may use, in the order of the operator.

        If the service does not return them, this returns the reason instead: see `environments_that_explain`.
        """
        if self._connection is None:
            raise ConfigurationError(
                "AwsEnvironmentManager needs AwsScheduler. Set c.SchedulerApp.scheduler_class to jupyter_scheduler_aws.AwsScheduler."
            )
        documents = [environment.document for environment in self._connection.client.environments()]
        self._labels.update(
            {item["name"]: item["label"] for document in documents for item in document["output_formats"]}
        )
        return [_environment(document) for document in documents]

    def manage_environments_command(self) -> str:
        """Return no command, because the operator manages environments in `scheduler.toml`."""
        return ""

    def output_formats_mapping(self) -> dict[str, str]:
        """Return the labels of output formats. jupyter-scheduler calls this after it has listed the environments."""
        return self._labels


def _environment(document: Any) -> RuntimeEnvironment:
    """Read an environment. The label is the name, because the picker of the panel submits the label as the name."""
    names = [item["name"] for item in document["output_formats"]]
    description = sanitize_text(str(document.get("description") or ""))
    return RuntimeEnvironment(
        **{**document, "label": document["name"], "description": description, "output_formats": names}
    )
