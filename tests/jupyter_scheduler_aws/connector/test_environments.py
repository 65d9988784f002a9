"""Environments for the picker of the panel."""

import asyncio

import pytest
from jupyter_scheduler.environments import EnvironmentRetrievalError

from jupyter_scheduler_aws import AwsEnvironmentManager
from jupyter_scheduler_aws.connector.connection import Connection
from tests.jupyter_scheduler_aws.documents import ENVIRONMENT
from tests.jupyter_scheduler_aws.fake_api import FakeApi


@pytest.fixture
def manager(connection: Connection) -> AwsEnvironmentManager:
    manager = AwsEnvironmentManager()
    manager.connect(connection)
    return manager


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


def test_without_the_scheduler_the_error_names_the_setting() -> None:
    with pytest.raises(EnvironmentRetrievalError, match=r"c\.SchedulerApp\.scheduler_class"):
        asyncio.run(AwsEnvironmentManager().list_environments_async())


def test_there_is_no_command_to_manage_environments() -> None:
    assert AwsEnvironmentManager().manage_environments_command() == ""
