"""Run Jupyter notebooks on AWS: the connector for JupyterLab's Jobs panel, the Python client, and the `nbjobs` command in `cli`."""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from jupyter_scheduler_aws.api.definition_models import Definition, Explanation, LastRun, Problem
    from jupyter_scheduler_aws.api.job_models import Actor, Attempt, AttemptHistory, Job, JobWarning, Outcome, Phase
    from jupyter_scheduler_aws.api.owner_models import Owner
    from jupyter_scheduler_aws.api.polling_interval import PollingInterval
    from jupyter_scheduler_aws.api.response_models import Environment, Health, LogEvent, OutputFile
    from jupyter_scheduler_aws.api.retry_policy import RetryPolicy
    from jupyter_scheduler_aws.client import Client
    from jupyter_scheduler_aws.connector.environments import AwsEnvironmentManager
    from jupyter_scheduler_aws.connector.job_files_manager import AwsJobFilesManager
    from jupyter_scheduler_aws.connector.scheduler import AwsScheduler
    from jupyter_scheduler_aws.enums import InputChoice, JobStatus, OverlapPolicy
    from jupyter_scheduler_aws.errors import ParameterError, SchedulerApiError, SchedulerClientError

__all__ = [
    "Actor",
    "Attempt",
    "AttemptHistory",
    "AwsEnvironmentManager",
    "AwsJobFilesManager",
    "AwsScheduler",
    "Client",
    "Definition",
    "Environment",
    "Explanation",
    "Health",
    "InputChoice",
    "Job",
    "JobStatus",
    "JobWarning",
    "LastRun",
    "LogEvent",
    "Outcome",
    "OutputFile",
    "OverlapPolicy",
    "Owner",
    "ParameterError",
    "Phase",
    "PollingInterval",
    "Problem",
    "RetryPolicy",
    "SchedulerApiError",
    "SchedulerClientError",
]

_MODULES: Final = {
    "api.definition_models": ("Definition", "Explanation", "LastRun", "Problem"),
    "api.job_models": ("Actor", "Attempt", "AttemptHistory", "Job", "JobWarning", "Outcome", "Phase"),
    "api.owner_models": ("Owner",),
    "api.polling_interval": ("PollingInterval",),
    "api.response_models": ("Environment", "Health", "LogEvent", "OutputFile"),
    "api.retry_policy": ("RetryPolicy",),
    "client": ("Client",),
    "connector.environments": ("AwsEnvironmentManager",),
    "connector.job_files_manager": ("AwsJobFilesManager",),
    "connector.scheduler": ("AwsScheduler",),
    "enums": ("InputChoice", "JobStatus", "OverlapPolicy"),
    "errors": ("ParameterError", "SchedulerApiError", "SchedulerClientError"),
}
"""Where each public name is. They are imported on first use, so that `nbjobs` loads neither the Jupyter server nor unused libraries."""


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    """Name the module that adds our endpoints to a Jupyter server."""
    return [{"module": "jupyter_scheduler_aws.connector.server_extension"}]


def __getattr__(name: str) -> Any:
    """Import a public name."""
    for module, names in _MODULES.items():
        if name in names:
            return getattr(import_module(f"{__name__}.{module}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
