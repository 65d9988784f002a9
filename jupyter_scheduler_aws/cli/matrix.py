"""`nbjobs submit --matrix`: one job for each combination of parameters, watched and downloaded as one group."""

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import typer

from jupyter_scheduler_aws.cli.exit_codes import ExitCode
from jupyter_scheduler_aws.cli.group import finish_group, parameters_text, watch_jobs
from jupyter_scheduler_aws.cli.options import WaitOptions
from jupyter_scheduler_aws.cli.terminal import Terminal
from jupyter_scheduler_aws.cli.upload_progress import show_upload
from jupyter_scheduler_aws.cli.waiting_limit import WaitingLimit
from jupyter_scheduler_aws.client import Client
from jupyter_scheduler_aws.groups import group_tag, new_group
from jupyter_scheduler_aws.matrix import combinations, parse_values, prepare_matrix
from jupyter_scheduler_aws.waiting import WatchedJobs

__all__ = ["parse_matrix", "submit_matrix"]


def parse_matrix(assignments: Sequence[str], parameters: Mapping[str, Any], most: int) -> list[dict[str, str]]:
    """Parse `name=values` texts, and return all combinations.

    Raises
    ------
    typer.BadParameter
        If a text has no `=`, a name appears twice, or there are more than `most` combinations.
    ParameterError
        If values cannot be parsed.
    """
    values: dict[str, list[str]] = {}
    for assignment in assignments:
        name, equals, text = assignment.partition("=")
        if not equals or not name:
            raise typer.BadParameter(f"{assignment!r} is not like name=value,value.", param_hint="--matrix")
        if name in values or name in parameters:
            raise typer.BadParameter(f"{name!r} appears twice.", param_hint="--matrix")
        values[name] = list(dict.fromkeys(parse_values(text)))
    count = 1
    for each in values.values():
        count *= len(each)
    if count > most:
        raise typer.BadParameter(
            f"These are {count:,} jobs. If you mean it, add --max-jobs {count}.", param_hint="--matrix"
        )
    return combinations(values)


def submit_matrix(
    terminal: Terminal,
    client: Client,
    notebook: Path,
    chosen: Sequence[Mapping[str, str]],
    *,
    group: str | None,
    folder: bool,
    arguments: Mapping[str, Any],
    results: WaitOptions,
) -> None:
    """Create the jobs of a group; with --wait, show their progress as one; with --download, collect their results.

    Raises
    ------
    typer.Exit
        If a job is not COMPLETED or was deleted, or the user interrupted.
    """
    waits = results.wait or results.download is not None
    group = group or new_group()
    terminal.note(f"group {group}: {len(chosen)} jobs")
    jobs: dict[str, Mapping[str, str]] = {}
    try:
        limit = WaitingLimit(terminal, client.polling_interval.sleep)
        with show_upload(terminal, notebook) as callbacks:
            requests = prepare_matrix(client, notebook, chosen, group=group, folder=folder, **arguments, **callbacks)
            first = next(requests)
        for each in (first, *requests):
            job_id = limit.create(lambda each=each: each.create(client))  # type: ignore[misc]
            jobs[job_id] = each.parameters
            terminal.result(f"job: {job_id} {parameters_text(each.parameters)}")
        watched = _watched(client, group, list(jobs))
        if waits:
            watch_jobs(terminal, client, watched, is_quiet=results.quiet)
    except KeyboardInterrupt:
        terminal.note("Interrupted. The jobs continue without this terminal.", style="yellow")
        terminal.note(f"  go on:      the same command with --group {shlex.quote(group)}")
        raise typer.Exit(ExitCode.INTERRUPTED) from None
    if waits:
        finish_group(terminal, client, watched, jobs, group=group, results=results)
        return
    terminal.document({"group": group, "jobs": [{"job_id": key, "parameters": dict(jobs[key])} for key in jobs]})
    terminal.note(f"  its jobs:   nbjobs list --group {shlex.quote(group)}")
    terminal.note(f"  follow it:  nbjobs wait --group {shlex.quote(group)}")


def _watched(client: Client, group: str, job_ids: Sequence[str]) -> WatchedJobs:
    """Return the jobs of this matrix; its group can have others."""
    own = dict.fromkeys(job_ids)
    return WatchedJobs(
        own,
        list_jobs=lambda: (job for job in client.list_jobs(tags=[group_tag(group)]) if job.job_id in own),
        get_job=client.get_job,
    )
