"""jupyter-scheduler's requests in the API's form, with the notebook uploaded where one goes along."""

from pathlib import Path
from typing import Any, Final

from jupyter_scheduler.models import CreateJob, CreateJobDefinition

from jupyter_scheduler_aws.client import Client
from jupyter_scheduler_aws.connector.workspace import Workspace
from jupyter_scheduler_aws.transfers.upload import ignore_progress, upload_notebook

__all__ = ["creation", "send_snapshot"]

_NOT_OURS: Final = {"input_uri", "input_filename", "job_definition_id"}
"""Fields that mean something else to the API, or nothing."""


def creation(client: Client, workspace: Workspace, model: CreateJob | CreateJobDefinition) -> dict[str, Any]:
    """Upload what a job or a definition is to be made of, and give the API's request.

    Raises
    ------
    SnapshotError
        If the notebook is not there, or cannot be packed.
    UploadError, SchedulerApiError
        If it did not arrive.
    """
    named = model.dict(exclude_none=True, exclude=_NOT_OURS)
    fields = {name: value for name, value in named.items() if value != ""}
    return fields | send_snapshot(client, workspace, model.input_uri, folder=bool(model.package_input_folder))


def send_snapshot(client: Client, workspace: Workspace, input_uri: str, *, folder: bool) -> dict[str, Any]:
    """Upload a notebook, alone or with its folder, and give the fields that name it.

    Raises
    ------
    SnapshotError
        If the notebook is not there, or cannot be packed.
    UploadError, SchedulerApiError
        If it did not arrive.
    """
    path: Path = workspace.notebook(input_uri)
    uri = upload_notebook(client, path, folder=folder, on_packed=None, on_progress=ignore_progress)
    return {"input_uri": uri, "input_filename": path.name, "input_path": workspace.relative(path)}
