"""What the panel can show of compute types, and that it comes back as the service knows it."""

import asyncio
import json
from typing import Any

import pytest
from jupyter_scheduler.models import CreateJob, CreateJobDefinition, UpdateJob, UpdateJobDefinition

from jupyter_scheduler_aws import AwsEnvironmentManager
from jupyter_scheduler_aws.connector.compute_types import environment_with_compute_type, plain_names, with_size
from jupyter_scheduler_aws.connector.connection import Connection
from jupyter_scheduler_aws.connector.definitions import Definitions
from jupyter_scheduler_aws.connector.jobs import Jobs
from jupyter_scheduler_aws.connector.workspace import Workspace
from tests.jupyter_scheduler_aws.conftest import NOTEBOOK
from tests.jupyter_scheduler_aws.documents import ENVIRONMENT
from tests.jupyter_scheduler_aws.fake_api import FakeApi

SIZES = {"small": "1 vCPU, 4 GiB", "large": "4 vCPU, 16 GiB, Spot"}
LARGE = "large (4 vCPU, 16 GiB, Spot)"


def test_the_form_shows_the_sizes(api: FakeApi, connection: Connection) -> None:
    manager = AwsEnvironmentManager()
    manager.connect(connection, read_timeout_seconds=9)
    api.environments = [{**ENVIRONMENT, "metadata": SIZES, "default_compute_type": "large"}]
    [environment] = asyncio.run(manager.list_environments_async())
    assert environment.compute_types == ["small (1 vCPU, 4 GiB)", LARGE]
    assert environment.default_compute_type in environment.compute_types, "the form looks for it there"


@pytest.mark.parametrize("metadata", [None, {}, {"other": "1 vCPU"}, {"small": ""}])
def test_without_sizes_the_form_shows_the_names(api: FakeApi, connection: Connection, metadata: Any) -> None:
    manager = AwsEnvironmentManager()
    manager.connect(connection, read_timeout_seconds=9)
    api.environments = [{**ENVIRONMENT, "metadata": metadata}]
    [environment] = asyncio.run(manager.list_environments_async())
    assert environment.compute_types == ENVIRONMENT["compute_types"]


@pytest.mark.parametrize("sent", ["large", LARGE])
@pytest.mark.parametrize("environment", ["python", "python (small)", "python (small, on Spot)"])
def test_what_is_sent_back_reaches_the_service_as_names(
    api: FakeApi, connection: Connection, workspace: Workspace, sent: str, environment: str
) -> None:
    (workspace.root / "report.ipynb").write_text(json.dumps(NOTEBOOK))
    fields = {"compute_type": sent, "runtime_environment_name": environment}
    job_id = Jobs(connection, workspace).create(CreateJob(input_uri="report.ipynb", name="x (y)", **fields))
    definitions = Definitions(connection, workspace)
    definition_id = definitions.create(CreateJobDefinition(input_uri="report.ipynb", name="x (y)", **fields))
    Jobs(connection, workspace).update(job_id, UpdateJob(compute_type=sent))
    definitions.update(definition_id, UpdateJobDefinition(**fields))

    requests = [*api.seen("POST", "/v1/scheduler/job.*"), *api.seen("PATCH", ".*")]
    assert len(requests) == 4
    for request in requests:
        assert request.document["compute_type"] == "large"
        assert request.document.get("runtime_environment_name", "python") == "python"
        assert request.document.get("name", "x (y)") == "x (y)"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "python (small)"),
        ({"on_spot": True}, "python (small, on Spot)"),
        ({"on_spot": False}, "python (small)"),
        ({"compute_type": None}, "python"),
        ({"runtime_environment_name": 5}, 5),
    ],
)
def test_details_show_the_compute_type(changes: dict[str, Any], expected: Any) -> None:
    document = {"runtime_environment_name": "python", "compute_type": "small", **changes}
    assert environment_with_compute_type(document) == expected


def test_the_details_of_a_job_and_a_definition_show_it(
    api: FakeApi, connection: Connection, workspace: Workspace
) -> None:
    job = Jobs(connection, workspace).get(api.add_job(url="/x", on_spot=True), with_files=True)
    definition = Definitions(connection, workspace).get(api.add_definition())
    assert (job.runtime_environment_name, job.compute_type) == ("python (small, on Spot)", "small")
    assert (definition.runtime_environment_name, definition.compute_type) == ("python (small)", "small")


@pytest.mark.parametrize("name", ["small", "a-b_C9"])
def test_a_name_survives(name: str) -> None:
    for shown in (name, with_size(name, {name: "1 vCPU (burst)"})):
        assert plain_names({"compute_type": shown}) == {"compute_type": name}
    assert plain_names({"name": "a (b)", "compute_type": None}) == {"name": "a (b)", "compute_type": None}
