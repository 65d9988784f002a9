"""Which jobs a command is about: those whose ids it gets, or those of a group."""

from typing import TYPE_CHECKING, Annotated

import typer

from jupyter_scheduler_aws.errors import EmptyGroupError
from jupyter_scheduler_aws.groups import group_tag

if TYPE_CHECKING:
    from jupyter_scheduler_aws.api.job_models import Job
    from jupyter_scheduler_aws.client import Client

__all__ = ["GroupOption", "JobsOrGroupArgument", "check_jobs_or_group", "jobs_of_group"]

JobsOrGroupArgument = Annotated[
    list[str] | None,
    typer.Argument(metavar="JOB", help="The ids of jobs; not with --group.", show_default=False),
]
GroupOption = Annotated[
    str | None, typer.Option("--group", metavar="NAME", help="Instead of ids, all jobs of this group of a matrix.")
]


def check_jobs_or_group(job_ids: list[str] | None, group: str | None) -> list[str]:
    """Return the ids of jobs, each once; none if there is a group instead.

    Raises
    ------
    typer.BadParameter
        If there are neither ids nor a group, or both.
    """
    if bool(job_ids) is (group is not None):
        raise typer.BadParameter("Specify jobs, or a group with --group.")
    return list(dict.fromkeys(job_ids or ()))


def jobs_of_group(client: "Client", group: str) -> "list[Job]":
    """Return the jobs of a group, oldest first.

    Raises
    ------
    EmptyGroupError
        If it has none.
    """
    jobs = list(client.list_jobs(tags=[group_tag(group)]))
    if not jobs:
        raise EmptyGroupError(
            f"Group {group!r} has no jobs: none of your jobs has the tag {group_tag(group)}. `nbjobs list` shows your jobs."
        )
    return jobs[::-1]
