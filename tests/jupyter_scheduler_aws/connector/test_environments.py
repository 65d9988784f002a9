"""Environments, as the panel's picker needs them."""

import asyncio

import pytest
from jupyter_scheduler.environments import EnvironmentRetrievalError

from jupyter_scheduler_aws import AwsEnvironmentManager
from jupyter_scheduler_aws.connector.connection import Connection
from tests.jupyter_scheduler_aws.fake_api import ENVIRONMENT, FakeApi


@pytest.fixture
def manager(connection: Connection) -> AwsEnvironmentManager:
    manager = AwsEnvironmentManager()
    manager.connect(connection)
    return manager


def test_the_label_is_the_name(manager: AwsEnvironmentManager, api: FakeApi) -> None:
    """The picker submits the label, and then looks for an environment of that name."""
    api.environments = [ENVIRONMENT, {**ENVIRONMENT, "name": "torch", "label": "PyTorch on large machines"}]
    environments = asyncio.run(manager.list_environments_async())
    assert [each.name for each in environments] == ["python", "torch"]
    assert all(each.label == each.name for each in environments)


def test_labels_of_formats_are_known_after_a_list(manager: AwsEnvironmentManager) -> None:
    [environment] = asyncio.run(manager.list_environments_async())
    labels = manager.output_formats_mapping()
    assert [labels[each] for each in environment.output_formats] == ["Notebook", "HTML"]
    assert labels["latex"] == "latex"


def test_without_its_scheduler_it_says_what_to_set() -> None:
    with pytest.raises(EnvironmentRetrievalError, match=r"c\.SchedulerApp\.scheduler_class"):
        asyncio.run(AwsEnvironmentManager().list_environments_async())


def test_there_is_no_command_to_manage_them() -> None:
    assert AwsEnvironmentManager().manage_environments_command() == ""
