"""Environments, as the panel asks for them."""

from typing import Any

from jupyter_scheduler.environments import EnvironmentManager
from jupyter_scheduler.models import RuntimeEnvironment

from jupyter_scheduler_aws.connector.async_adapter import request, with_twins
from jupyter_scheduler_aws.connector.connection import Connection
from jupyter_scheduler_aws.connector.error_messages import to_environment_error
from jupyter_scheduler_aws.connector.workers import Workers
from jupyter_scheduler_aws.errors import ConfigurationError
from jupyter_scheduler_aws.sanitize import sanitize_text

__all__ = ["AwsEnvironmentManager"]


class _Labels(dict[str, str]):
    """Labels of output formats; one that nobody has named is its own."""

    def __missing__(self, output_format: str) -> str:
        return output_format


@with_twins(to_environment_error)
class AwsEnvironmentManager(EnvironmentManager):  # type: ignore[misc]
    """Lists the stack's environments.

    jupyter-scheduler makes it without arguments; `AwsScheduler` then gives it its connection.
    """

    def __init__(self) -> None:
        self.requests = self.transfers = Workers(2)
        self._connection: Connection | None = None
        self._labels = _Labels()

    def connect(self, connection: Connection) -> None:
        """Use a scheduler's connection."""
        self._connection = connection

    @request
    def list_environments(self) -> list[RuntimeEnvironment]:
        """List the environments that the user may use, in the operator's order.

        Raises
        ------
        EnvironmentRetrievalError
            If the service cannot be asked.
        """
        if self._connection is None:
            raise ConfigurationError(
                "AwsEnvironmentManager goes with AwsScheduler: set c.SchedulerApp.scheduler_class to "
                "jupyter_scheduler_aws.AwsScheduler as well."
            )
        documents = [environment.document for environment in self._connection.client.environments()]
        self._labels.update(
            {each["name"]: each["label"] for document in documents for each in document["output_formats"]}
        )
        return [_environment(document) for document in documents]

    def manage_environments_command(self) -> str:
        """Give none: the operator manages environments, in `scheduler.toml`."""
        return ""

    def output_formats_mapping(self) -> dict[str, str]:
        """Give the labels of output formats; jupyter-scheduler asks after it has listed the environments."""
        return self._labels


def _environment(document: Any) -> RuntimeEnvironment:
    """Read an environment. Its label is its name: the panel's picker submits the label, and looks for that name."""
    names = [each["name"] for each in document["output_formats"]]
    described = sanitize_text(str(document.get("description") or ""))
    return RuntimeEnvironment(
        **{**document, "label": document["name"], "description": described, "output_formats": names}
    )
