"""A pytest plugin that runs the stock scheduler's own tests against `AwsScheduler`.

They replace methods of `jupyter_scheduler.scheduler.Scheduler` by name and then send requests to a server: with the name
meaning `AwsScheduler`, in the server's configuration and here, they speak of ours. What the stock tests configure besides
are stand-ins of their own, for environments and features.
"""

from typing import Any

import jupyter_scheduler.scheduler
import pytest

from jupyter_scheduler_aws import AwsScheduler

jupyter_scheduler.scheduler.Scheduler = AwsScheduler


@pytest.fixture
def jp_server_config() -> dict[str, Any]:
    return {
        "ServerApp": {"jpserver_extensions": {"jupyter_scheduler": True}},
        "SchedulerApp": {
            "db_url": "sqlite://",
            "scheduler_class": "jupyter_scheduler_aws.AwsScheduler",
            "environment_manager_class": "jupyter_scheduler.tests.mocks.MockEnvironmentManager",
        },
        "AwsScheduler": {"execution_manager_class": "jupyter_scheduler.tests.mocks.MockExecutionManager"},
    }


@pytest.fixture(autouse=True)
def _is_ours(jp_serverapp: Any) -> None:
    """Configure the server under test to use our scheduler."""
    assert isinstance(jp_serverapp.web_app.settings["scheduler"], AwsScheduler)
