"""The operations of the panel on job definitions."""

from typing import Final

from jupyter_scheduler.models import (
    CreateJobDefinition,
    CreateJobFromDefinition,
    DescribeJobDefinition,
    ListJobDefinitionsQuery,
    ListJobDefinitionsResponse,
    UpdateJobDefinition,
)

from jupyter_scheduler_aws.connector.connection import Connection
from jupyter_scheduler_aws.connector.create_requests import make_create_request, upload_input
from jupyter_scheduler_aws.connector.kept_input import is_kept
from jupyter_scheduler_aws.connector.list_pages import fetch_definitions
from jupyter_scheduler_aws.connector.own_options import DEFINITION_OPTIONS, own_options, take_form_options
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
        request = make_create_request(client, self._workspace, model, options=DEFINITION_OPTIONS)
        return client.create_definition(request | own_options(("active",)))

    def page(self, query: ListJobDefinitionsQuery) -> ListJobDefinitionsResponse:
        """Return a page of definitions."""
        documents, token, total = fetch_definitions(self._connection.client, query)
        return ListJobDefinitionsResponse(
            job_definitions=read_definitions(documents), next_token=token, total_count=total
        )

    def get(self, definition_id: str) -> DescribeJobDefinition:
        """Return a definition."""
        return read_definition(self._connection.client.get_definition(definition_id).document, whole=True)

    def update(self, definition_id: str, model: UpdateJobDefinition) -> str:
        """Change only what the request contains, and return what happened to the snapshot, for the log.

        The snapshot is replaced if and only if a person brought a file: see `kept_input`.

        Raises
        ------
        BadOptionError
            If the options of the form cannot be read.
        SnapshotError
            If the file that was brought does not exist, or cannot be packed. Then nothing is changed.
        """
        client = self._connection.client
        changes = model.dict(exclude_unset=True, exclude_none=True, exclude=_IGNORED_FIELDS)
        changes = take_form_options(changes, DEFINITION_OPTIONS) | own_options(DEFINITION_OPTIONS)
        brought = model.input_uri if model.input_uri and not is_kept(model.input_uri) else None
        if brought:
            folder = client.get_definition(definition_id).package_input_folder
            changes |= upload_input(client, self._workspace, self._workspace.dropped(brought), folder=folder)
        if changes or not model.input_uri:
            client.change_definition(definition_id, changes)
        else:
            client.get_definition(definition_id)
        what = f"the snapshot is now {changes['input_path']!a}" if brought else "the snapshot is kept"
        return f"Edited job definition {definition_id!a}: {what}"

    def delete(self, definition_id: str) -> None:
        """Delete a definition with its jobs."""
        self._connection.client.delete_definition(definition_id)

    def run(self, definition_id: str, model: CreateJobFromDefinition) -> str:
        """Run a definition now, and return the id of the job."""
        return self._connection.client.create_job_of_definition(definition_id, model.dict(exclude_none=True))
