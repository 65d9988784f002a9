"""Job definitions, as the panel asks for them."""

from typing import Any, Final

from jupyter_scheduler.models import (
    CreateJobDefinition,
    CreateJobFromDefinition,
    DescribeJobDefinition,
    ListJobDefinitionsQuery,
    ListJobDefinitionsResponse,
    UpdateJobDefinition,
)

from jupyter_scheduler_aws.api.definition_models import Definition
from jupyter_scheduler_aws.connector.connection import Connection
from jupyter_scheduler_aws.connector.list_pages import definition_page
from jupyter_scheduler_aws.connector.panel_models import read_definition, read_definitions
from jupyter_scheduler_aws.connector.requests import creation, send_snapshot
from jupyter_scheduler_aws.connector.workspace import Workspace

__all__ = ["Definitions"]

_NOT_OURS: Final = {"input_uri", "url"}


class Definitions:
    """What people do with definitions; every method blocks, and raises the client's errors.

    Parameters
    ----------
    connection
        Reaches the service.
    workspace
        Where notebooks are.
    """

    def __init__(self, connection: Connection, workspace: Workspace) -> None:
        self._connection = connection
        self._workspace = workspace

    def create(self, model: CreateJobDefinition) -> str:
        """Upload the notebook as it is now, create a definition that runs it, and give its id."""
        client = self._connection.client
        return client.create_definition(creation(client, self._workspace, model))

    def page(self, query: ListJobDefinitionsQuery) -> ListJobDefinitionsResponse:
        """List definitions."""
        documents, token, total = definition_page(self._connection.client, query)
        return ListJobDefinitionsResponse(
            job_definitions=read_definitions(documents), next_token=token, total_count=total
        )

    def get(self, definition_id: str) -> DescribeJobDefinition:
        """Describe a definition."""
        return read_definition(self._connection.client.get_definition(definition_id).document, whole=True)

    def update(self, definition_id: str, model: UpdateJobDefinition) -> None:
        """Change what the request names, and only that; see `has_new_snapshot` for the notebook."""
        client = self._connection.client
        changes = model.dict(exclude_unset=True, exclude_none=True, exclude=_NOT_OURS)
        if model.input_uri:
            definition = client.get_definition(definition_id)
            if has_new_snapshot(definition, model.input_uri, changes):
                folder = definition.package_input_folder
                changes |= send_snapshot(client, self._workspace, model.input_uri, folder=folder)
        if changes or not model.input_uri:
            client.change_definition(definition_id, changes)

    def delete(self, definition_id: str) -> None:
        """Delete a definition with its jobs."""
        self._connection.client.delete_definition(definition_id)

    def run(self, definition_id: str, model: CreateJobFromDefinition) -> str:
        """Make a job of a definition now, and give its id."""
        return self._connection.client.create_job_of_definition(definition_id, model.dict(exclude_none=True))


def has_new_snapshot(definition: Definition, input_uri: str, changes: dict[str, Any]) -> bool:
    """Say whether an edit in the panel means that the notebook is to be taken anew.

    The panel sends a whole path when a file was dropped on it, and else the notebook's bare name, wherever the notebook
    is. The two look alike where it is in the server's root folder: then an edit that leaves the schedule as it was can
    only be about the file, and one that changes the schedule leaves the snapshot alone.
    """
    if input_uri != definition.input_filename:
        return True
    changes_schedule = (changes.get("schedule"), changes.get("timezone")) != (definition.schedule, definition.timezone)
    return definition.input_path == input_uri and not changes_schedule
