"""Converts create requests of jupyter-scheduler for the API, and uploads the notebook."""

from pathlib import Path
from typing import Any, Final

from jupyter_scheduler.models import CreateJob, CreateJobDefinition

from jupyter_scheduler_aws.client import Client
from jupyter_scheduler_aws.connector.no_environments import check_environment
from jupyter_scheduler_aws.connector.own_options import own_options, take_form_options
from jupyter_scheduler_aws.connector.workspace import Workspace
from jupyter_scheduler_aws.transfers.callbacks import ignore_progress
from jupyter_scheduler_aws.transfers.upload import upload_notebook

__all__ = ["make_create_request", "upload_input"]

_IGNORED_FIELDS: Final = {"input_uri", "input_filename", "job_definition_id"}
"""Fields that have another meaning in the API, or none."""


def make_create_request(
    client: Client, workspace: Workspace, model: CreateJob | CreateJobDefinition, *, options: tuple[str, ...]
) -> dict[str, Any]:
    """Upload the input of a job or a definition, and return the request for the API.

    Parameters
    ----------
    client, workspace
        Where to send it, and where the notebook is.
    model
        The request of jupyter-scheduler.
    options
        The names of the options that it can have besides. At the top of the body they go before those of the form.

    Raises
    ------
    SnapshotError
        If the notebook does not exist, or cannot be packed.
    UploadError, SchedulerApiError
        If the upload fails.
    SchedulerClientError
        If the form of the panel showed no environments.
    BadOptionError
        If the options of the form cannot be read.
    """
    check_environment(client, model.runtime_environment_name)
    given = model.dict(exclude_none=True, exclude=_IGNORED_FIELDS)
    fields = {name: value for name, value in given.items() if value != ""}
    fields = take_form_options(fields, options) | own_options(options)
    return fields | upload_input(client, workspace, model.input_uri, folder=bool(model.package_input_folder))


def upload_input(client: Client, workspace: Workspace, input_uri: str, *, folder: bool) -> dict[str, Any]:
    """Upload a notebook, alone or with its folder, and return the fields of the request that name it.

    Raises
    ------
    SnapshotError
        If the notebook does not exist, or cannot be packed.
    UploadError, SchedulerApiError
        If the upload fails.
    """
    path: Path = workspace.notebook(input_uri)
    uri = upload_notebook(client, path, folder=folder, on_packed=None, on_progress=ignore_progress)
    return {"input_uri": uri, "input_filename": path.name, "input_path": workspace.relative(path)}
