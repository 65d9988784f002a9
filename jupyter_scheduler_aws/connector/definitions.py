"""The operations of the panel on job definitions."""

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
from jupyter_scheduler_aws.connector.create_requests import make_create_request, upload_input
from jupyter_scheduler_aws.connector.list_pages import fetch_definitions
from jupyter_scheduler_aws.connector.panel_models import read_definition, read_definitions
from jupyter_scheduler_aws.connector.workspace import Workspace

__all__ = ["Definitions"]

_IGNORED_FIELDS: Final = {"input_uri", "url"}


class Definitions:
    """The operations on definitions. All methods block, and raise the errors of the client.

    Parameters
    ----------
    connection
        The connection to the service.
    workspace
        The folders of notebooks.
    """

    def __init__(self, connection: Connection, workspace: Workspace) -> None:
        self._connection = connection
        self._workspace = workspace

    def create(self, model: CreateJobDefinition) -> str:
        """Upload the notebook as it is now, create a definition, and return its id."""
        client = self._connection.client
        return client.create_definition(make_create_request(client, self._workspace, model))

    def page(self, query: ListJobDefinitionsQuery) -> ListJobDefinitionsResponse:
        """Return a page of definitions."""
        documents, token, total = fetch_definitions(self._connection.client, query)
        return ListJobDefinitionsResponse(
            job_definitions=read_definitions(documents), next_token=token, total_count=total
        )

    def get(self, definition_id: str) -> DescribeJobDefinition:
        """Return a definition."""
        return read_definition(self._connection.client.get_definition(definition_id).document, whole=True)

    def update(self, definition_id: str, model: UpdateJobDefinition) -> None:
        """Change only what the request contains. For the notebook, see `has_new_notebook`."""
        client = self._connection.client
        changes = model.dict(exclude_unset=True, exclude_none=True, exclude=_IGNORED_FIELDS)
        if model.input_uri:
            definition = client.get_definition(definition_id)
            if has_new_notebook(definition, model.input_uri, changes):
                folder = definition.package_input_folder
                changes |= upload_input(client, self._workspace, model.input_uri, folder=folder)
        if changes or not model.input_uri:
            client.change_definition(definition_id, changes)

    def delete(self, definition_id: str) -> None:
        """Delete a definition with its jobs."""
        self._connection.client.delete_definition(definition_id)

    def run(self, definition_id: str, model: CreateJobFromDefinition) -> str:
        """Run a definition now, and return the id of the job."""
        return self._connection.client.create_job_of_definition(definition_id, model.dict(exclude_none=True))


def has_new_notebook(definition: Definition, input_uri: str, changes: dict[str, Any]) -> bool:
    """Check whether an edit in the panel replaces the notebook.

    The panel sends the full path if the user dropped a file on the form, and otherwise only the name of the notebook,
    whichever folder it is in. In the root folder of the server, both are the same. In that case, an edit that does not
    change the schedule must be about the file, and an edit that changes the schedule keeps the snapshot.
    """
    if input_uri != definition.input_filename:
        return True
    changes_schedule = (changes.get("schedule"), changes.get("timezone")) != (definition.schedule, definition.timezone)
    return definition.input_path == input_uri and not changes_schedule
