"""Run Jupyter notebooks on AWS: the connector for JupyterLab's Jobs panel, the Python client, and the `nbjobs` command in `cli`."""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from jupyter_scheduler_aws.api.definition_models import Definition, Explanation, LastRun, OverlapPolicy, Problem
from jupyter_scheduler_aws.api.job_models import Actor, Job, JobStatus, Outcome, Phase
from jupyter_scheduler_aws.api.owner_models import Owner
from jupyter_scheduler_aws.api.response_models import Environment, Health, LogEvent, OutputFile
from jupyter_scheduler_aws.api.retry_policy import RetryPolicy
from jupyter_scheduler_aws.client import Client
from jupyter_scheduler_aws.errors import SchedulerApiError, SchedulerClientError

if TYPE_CHECKING:
    from jupyter_scheduler_aws.connector.environments import AwsEnvironmentManager
    from jupyter_scheduler_aws.connector.job_files_manager import AwsJobFilesManager
    from jupyter_scheduler_aws.connector.scheduler import AwsScheduler

__all__ = [
    "Actor",
    "AwsEnvironmentManager",
    "AwsJobFilesManager",
    "AwsScheduler",
    "Client",
    "Definition",
    "Environment",
    "Explanation",
    "Health",
    "Job",
    "JobStatus",
    "LastRun",
    "LogEvent",
    "Outcome",
    "OutputFile",
    "OverlapPolicy",
    "Owner",
    "Phase",
    "Problem",
    "RetryPolicy",
    "SchedulerApiError",
    "SchedulerClientError",
]

_CONNECTOR: Final = {
    "AwsEnvironmentManager": "jupyter_scheduler_aws.connector.environments",
    "AwsJobFilesManager": "jupyter_scheduler_aws.connector.job_files_manager",
    "AwsScheduler": "jupyter_scheduler_aws.connector.scheduler",
}
"""Imported when asked for: they bring the Jupyter server along, for which `nbjobs` need not wait."""


def __getattr__(name: str) -> Any:
    """Give a class of the connector."""
    if name in _CONNECTOR:
        return getattr(import_module(_CONNECTOR[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
