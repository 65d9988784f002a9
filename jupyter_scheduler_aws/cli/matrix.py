"""`nbjobs submit --matrix`: one job for each combination of parameters, watched and downloaded as one group."""

import csv
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import typer

from jupyter_scheduler_aws.api.job_models import Job
from jupyter_scheduler_aws.cli.downloads import download_job
from jupyter_scheduler_aws.cli.exit_codes import ExitCode
from jupyter_scheduler_aws.cli.options import WaitOptions
from jupyter_scheduler_aws.cli.progress import ProgressLine
from jupyter_scheduler_aws.cli.terminal import Terminal
from jupyter_scheduler_aws.cli.upload_progress import show_upload
from jupyter_scheduler_aws.cli.waiting_limit import WaitingLimit
from jupyter_scheduler_aws.client import Client
from jupyter_scheduler_aws.errors import DownloadError
from jupyter_scheduler_aws.groups import group_tag, new_group
from jupyter_scheduler_aws.matrix import combinations, parse_values, prepare_matrix
from jupyter_scheduler_aws.transfers.local_paths import local_paths

__all__ = ["parse_matrix", "submit_matrix"]

_TABLE: Final = "results.csv"


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
        If a job is not COMPLETED, or the user interrupted.
    """
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
            terminal.result(f"job: {job_id} {_name(each.parameters)}")
        ended = _wait(terminal, client, group, list(jobs), is_quiet=results.quiet) if _waits(results) else None
    except KeyboardInterrupt:
        terminal.note("Interrupted. The jobs continue without this terminal.", style="yellow")
        terminal.note(f"  go on:      the same command with --group {group}")
        raise typer.Exit(ExitCode.INTERRUPTED) from None
    if ended is None:
        terminal.document({"group": group, "jobs": [{"job_id": key, "parameters": dict(jobs[key])} for key in jobs]})
        terminal.note(f"  its jobs:   nbjobs list --group {shlex.quote(group)}")
        return
    folders = _download(terminal, client, ended, jobs, results) if results.download else {}
    rows = [_row(job, jobs[job.job_id], folders.get(job.job_id, "")) for job in ended]
    if results.download:
        _write_table(results.download / _TABLE, rows)
        terminal.result(f"table: {results.download / _TABLE}")
    terminal.document({"group": group, "jobs": rows})
    completed = sum(job.is_completed for job in ended)
    terminal.note(f"{completed} of {len(ended)} completed", style="green" if completed == len(ended) else "yellow")
    if completed < len(ended):
        raise typer.Exit(ExitCode.JOB_NOT_COMPLETED)


def _waits(results: WaitOptions) -> bool:
    return results.wait or results.download is not None


def _wait(terminal: Terminal, client: Client, group: str, job_ids: Sequence[str], *, is_quiet: bool) -> list[Job]:
    """Wait until all jobs have ended, with one list for each poll. Return them in the order of their combinations."""
    with ProgressLine(terminal.err, is_quiet=is_quiet) as progress:
        progress.start("waiting")
        for _ in client.polling_interval.polls():
            found = {job.job_id: job for job in client.list_jobs(tags=[group_tag(group)])}
            ended = [found[job_id] for job_id in job_ids if job_id in found and found[job_id].is_ended]
            failed = sum(not job.is_completed for job in ended)
            progress.on_count(len(ended), len(job_ids), f"{failed} failed" if failed else "")
            if len(ended) == len(job_ids):
                return ended
    raise AssertionError("polls never end")


def _download(
    terminal: Terminal,
    client: Client,
    ended: Sequence[Job],
    jobs: Mapping[str, Mapping[str, str]],
    results: WaitOptions,
) -> dict[str, str]:
    """Download each job's files into a folder named after its parameters; a job without files does not stop the others."""
    target = results.download or Path()
    names = {job.job_id: f"{number:03} {_name(jobs[job.job_id])}" for number, job in enumerate(ended, start=1)}
    paths = local_paths(target, [name.replace("/", "_") for name in names.values()])
    folders: dict[str, str] = {}
    for job in ended:
        folder = paths[names[job.job_id].replace("/", "_")]
        try:
            download_job(terminal, client, job.job_id, folder, results)
        except DownloadError as error:
            if job.is_completed:
                raise
            terminal.note(f"{names[job.job_id]}: {error}")
            continue
        folders[job.job_id] = folder.name
    return folders


def _row(job: Job, parameters: Mapping[str, str], folder: str) -> dict[str, Any]:
    outcome, start, end = job.outcome, job.start_time, job.end_time
    return {
        **parameters,
        "status": job.status,
        "outcome": outcome.title if outcome else "",
        "cell": outcome.cell if outcome else None,
        "seconds": round((end - start).total_seconds(), 1) if start and end else None,
        "job_id": job.job_id,
        "folder": folder,
    }


def _write_table(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, fieldnames=list(rows[0]))
        table.writeheader()
        table.writerows(rows)


def _name(parameters: Mapping[str, str]) -> str:
    return ",".join(f"{name}={value}" for name, value in parameters.items())
