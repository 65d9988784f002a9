"""Run Jupyter notebooks on AWS: the Python client, and the `nbjobs` command in `cli`."""

from jupyter_scheduler_aws.answers import Environment, Health, LogEvent, OutputFile
from jupyter_scheduler_aws.client import Client
from jupyter_scheduler_aws.errors import SchedulerApiError, SchedulerClientError
from jupyter_scheduler_aws.models import Job, JobStatus, Outcome, Phase
from jupyter_scheduler_aws.pace import Pace

__all__ = [
    "Client",
    "Environment",
    "Health",
    "Job",
    "JobStatus",
    "LogEvent",
    "Outcome",
    "OutputFile",
    "Pace",
    "Phase",
    "SchedulerApiError",
    "SchedulerClientError",
]
