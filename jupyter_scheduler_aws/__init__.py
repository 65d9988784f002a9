"""Run Jupyter notebooks on AWS: the Python client, and the `nbjobs` command in `cli`."""

from jupyter_scheduler_aws.answers import Environment, Health, LogEvent, OutputFile
from jupyter_scheduler_aws.client import Client
from jupyter_scheduler_aws.definition import Definition, Explanation, LastRun, OverlapPolicy
from jupyter_scheduler_aws.errors import SchedulerApiError, SchedulerClientError
from jupyter_scheduler_aws.models import Job, JobStatus, Outcome, Phase
from jupyter_scheduler_aws.pace import Pace

__all__ = [
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
    "Pace",
    "Phase",
    "SchedulerApiError",
    "SchedulerClientError",
]
