"""The download of a partial notebook, while the job goes on."""

import pytest

from jupyter_scheduler_aws import Client
from jupyter_scheduler_aws.connector.handlers.partial_notebook import save_partial_notebook
from jupyter_scheduler_aws.connector.workspace import Workspace
from jupyter_scheduler_aws.errors import NoPartialNotebookError, UnsafePathError
from tests.jupyter_scheduler_aws.fake_api import FakeApi
from tests.jupyter_scheduler_aws.fake_server import Fault, Request, Response

NAME = "report-2026.ipynb"


@pytest.fixture
def job_id(api: FakeApi) -> str:
    api.page_size = 10
    return api.add_job(status="IN_PROGRESS", attempt=1)


def listing(api: FakeApi, job_id: str) -> Response:
    return api.list_files(Request("GET", f"/v1/scheduler/jobs/{job_id}/download_files", {}, b""), job_id)


def test_an_expired_link_is_renewed(api: FakeApi, client: Client, workspace: Workspace, job_id: str) -> None:
    old = listing(api, job_id)
    api.generation += 1
    api.faults.append(Fault("GET", ".*/download_files", instead=old))
    path = workspace.root / save_partial_notebook(client, workspace, job_id)["path"]
    assert path.read_bytes() == b"{}"
    assert len(api.seen("GET", ".*/download_files")) == 2


def test_a_notebook_that_the_runner_replaces_meanwhile_is_loaded_again(
    api: FakeApi, client: Client, workspace: Workspace, job_id: str
) -> None:
    old = listing(api, job_id)
    api.jobs[job_id].files[NAME] = ("ipynb", b'{"cells": []}')
    api.faults.append(Fault("GET", ".*/download_files", instead=old))
    path = workspace.root / save_partial_notebook(client, workspace, job_id)["path"]
    assert path.read_bytes() == b'{"cells": []}'


def test_a_notebook_that_is_gone_meanwhile_is_explained(
    api: FakeApi, client: Client, workspace: Workspace, job_id: str
) -> None:
    old = listing(api, job_id)
    api.generation += 1
    del api.jobs[job_id].files[NAME]
    api.faults.append(Fault("GET", ".*/download_files", instead=old))
    with pytest.raises(NoPartialNotebookError, match="has not saved the notebook"):
        save_partial_notebook(client, workspace, job_id)


def test_a_name_from_the_service_leads_nowhere_else(api: FakeApi, client: Client, workspace: Workspace) -> None:
    job_id = api.add_job(status="IN_PROGRESS", attempt=1, input_filename="../../evil.ipynb")
    with pytest.raises(UnsafePathError, match="not a safe folder name"):
        save_partial_notebook(client, workspace, job_id)
    assert list(workspace.root.iterdir()) == []
