"""What an input folder contains."""

from collections.abc import Mapping
from typing import Any, Final

from jupyter_scheduler_aws.client import Client
from jupyter_scheduler_aws.connector.error_messages import panel_message
from jupyter_scheduler_aws.connector.workspace import Workspace
from jupyter_scheduler_aws.errors import SnapshotError
from jupyter_scheduler_aws.snapshots.folder_summary import summarize_folder
from jupyter_scheduler_aws.snapshots.pack import upload_filename

__all__ = ["describe_folder"]

_MAX_NAMES: Final = 20


def describe_folder(client: Client, workspace: Workspace, path: str) -> Mapping[str, Any]:
    """Return what would be sent with a notebook's folder, or why nothing would be. It takes one request, for the limits.

    Parameters
    ----------
    client
        The service.
    workspace
        The folders of notebooks.
    path
        Path of the notebook, as the file browser has it.
    """
    try:
        notebook = workspace.notebook(workspace.dropped(path))
    except SnapshotError as error:
        return {"files": 0, "bytes": 0, "left_out": [], "left_out_count": 0, "problem": panel_message(error)}
    form = client.begin_upload(filename=upload_filename(notebook, folder=True))
    found = summarize_folder(notebook, form.limits)
    return {
        "files": found.files,
        "bytes": found.size_bytes,
        "left_out": found.left_out[:_MAX_NAMES],
        "left_out_count": len(found.left_out),
        "problem": found.problem,
    }
