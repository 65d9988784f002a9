"""Environments for the picker of the panel, or the reason why there are none."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta

import pytest
from jupyter_scheduler.models import CreateJob, CreateJobDefinition, RuntimeEnvironment

from jupyter_scheduler_aws import AwsEnvironmentManager
from jupyter_scheduler_aws.connector.connection import Connection
from jupyter_scheduler_aws.connector.create_requests import make_create_request
from jupyter_scheduler_aws.connector.no_environments import environments_that_explain
from jupyter_scheduler_aws.connector.workspace import Workspace
from jupyter_scheduler_aws.errors import SchedulerClientError
from tests.jupyter_scheduler_aws.documents import ENVIRONMENT
from tests.jupyter_scheduler_aws.fake_api import FakeApi
from tests.jupyter_scheduler_aws.fake_server import Fault, Response

ENVIRONMENTS = "/v1/scheduler/runtime_environments"
EXPIRED = "The security token included in the request is expired"
REFUSALS = {
    403: ("User: arn:aws:sts::1:x is not authorized to perform: execute-api:Invoke", "UserPolicyArn"),
    401: (EXPIRED, "aws sso login"),
    500: ("It failed.", "It failed."),
    503: ("AWS is asked too often just now.", "too often"),
}


@pytest.fixture
def manager(connection: Connection) -> AwsEnvironmentManager:
    manager = AwsEnvironmentManager()
    manager.connect(connection, read_timeout_seconds=9)
    return manager


@pytest.fixture
def nowhere() -> Iterator[Connection]:
    times = {"connect_timeout": timedelta(seconds=1), "timeout": timedelta(seconds=1)}
    connection = Connection(url="http://127.0.0.1:9/v1", region="eu-central-1", profile="", tries=1, **times)
    yield connection
    connection.close()


def shown_text(environments: list[RuntimeEnvironment]) -> str:
    """Return what the form shows without a click: with one environment, it shows no picker."""
    assert len(environments) > 1
    first = environments[0]
    assert all(item.label == item.name for item in environments)
    return " ".join([first.name, *first.output_formats])


def test_the_label_is_the_name(manager: AwsEnvironmentManager, api: FakeApi) -> None:
    """The picker submits the label as the name."""
    api.environments = [ENVIRONMENT, {**ENVIRONMENT, "name": "torch", "label": "PyTorch on large machines"}]
    environments = asyncio.run(manager.list_environments_async())
    assert [item.name for item in environments] == ["python", "torch"]
    assert all(item.label == item.name for item in environments)


def test_listing_environments_loads_the_labels_of_formats(manager: AwsEnvironmentManager) -> None:
    [environment] = asyncio.run(manager.list_environments_async())
    labels = manager.output_formats_mapping()
    assert [labels[name] for name in environment.output_formats] == ["Notebook", "HTML"]
    assert labels["latex"] == "latex"


@pytest.mark.parametrize("status", REFUSALS)
def test_the_form_shows_why_the_service_refuses(api: FakeApi, manager: AwsEnvironmentManager, status: int) -> None:
    message, says = REFUSALS[status]
    api.faults.append(Fault("GET", ENVIRONMENTS, instead=Response.of({"message": message}, status)))
    environments = asyncio.run(manager.list_environments_async())
    assert says in shown_text(environments)
    labels = manager.output_formats_mapping()
    assert says in " ".join(labels[name] for name in environments[0].output_formats)
    assert [item.name for item in asyncio.run(manager.list_environments_async())] == ["python"], "the next try works"


def test_the_form_shows_that_nobody_is_there(nowhere: Connection) -> None:
    manager = AwsEnvironmentManager()
    manager.connect(nowhere, read_timeout_seconds=9)
    assert "is out of reach" in shown_text(asyncio.run(manager.list_environments_async()))


def test_without_the_scheduler_the_form_names_the_setting() -> None:
    environments = asyncio.run(AwsEnvironmentManager().list_environments_async())
    assert "c.SchedulerApp.scheduler_class" in shown_text(environments)


def test_a_hanging_service_is_explained_before_it_responds(api: FakeApi, connection: Connection) -> None:
    manager = AwsEnvironmentManager()
    manager.connect(connection, read_timeout_seconds=0.3)
    with api.held(ENVIRONMENTS) as responded:
        text = shown_text(asyncio.run(manager.list_environments_async()))
        assert not responded.is_set()
    assert "did not respond in time" in text


@pytest.mark.parametrize("model", [CreateJob, CreateJobDefinition])
@pytest.mark.parametrize("index", [0, 1])
def test_create_is_refused_with_the_present_reason(
    api: FakeApi, connection: Connection, workspace: Workspace, model: type, index: int
) -> None:
    (workspace.root / "report.ipynb").write_text("{}")
    name = environments_that_explain("It failed.")[index].name
    request = model(input_uri="report.ipynb", runtime_environment_name=name, name="x", schedule="@daily")
    refusal = Response.refusal(403, "You have no access.", "not_allowed")
    api.faults.append(Fault("GET", ENVIRONMENTS, instead=refusal))
    with pytest.raises(SchedulerClientError, match="You have no access"):
        make_create_request(connection.client, workspace, request, options=())
    with pytest.raises(SchedulerClientError, match="They are now: cancel, and open the form again"):
        make_create_request(connection.client, workspace, request, options=())
    assert api.seen("POST", ".*") == []


def test_there_is_no_command_to_manage_environments() -> None:
    assert AwsEnvironmentManager().manage_environments_command() == ""
