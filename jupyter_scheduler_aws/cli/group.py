"""Several jobs as one: their progress, their files in one folder with one table, and how they ended."""

import csv
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import typer

from jupyter_scheduler_aws.api.job_models import Job
from jupyter_scheduler_aws.cli.downloads import download_job
from jupyter_scheduler_aws.cli.exit_codes import ExitCode
from jupyter_scheduler_aws.cli.job_choice import jobs_of_group
from jupyter_scheduler_aws.cli.options import ResultOptions
from jupyter_scheduler_aws.cli.progress import ProgressLine
from jupyter_scheduler_aws.cli.terminal import Terminal
from jupyter_scheduler_aws.cli.waiting import explain_how_to_continue
from jupyter_scheduler_aws.client import Client
from jupyter_scheduler_aws.errors import DownloadError, SchedulerClientError
from jupyter_scheduler_aws.groups import group_tag
from jupyter_scheduler_aws.sanitize import sanitize_line
from jupyter_scheduler_aws.transfers.local_paths import local_paths
from jupyter_scheduler_aws.waiting import WatchedJobs, wait_for_all

__all__ = ["finish_group", "parameters_text", "wait_for_jobs", "watch_jobs"]

_TABLE: Final = "results.csv"
_DELETED: Final = "DELETED"
"""What stands for the status of a job that was deleted before it ended."""


def wait_for_jobs(
    terminal: Terminal, client: Client, job_ids: Sequence[str], *, group: str | None, results: ResultOptions
) -> None:
    """Wait for several jobs, or for all of a group, download their files if the options say so, and print how they ended.

    A job that joins the group in the meantime is waited for, too. Folders and rows are named after the parameters in which the jobs
    differ.

    Raises
    ------
    EmptyGroupError
        If the group has no jobs.
    NotFoundError
        If there is no such job.
    typer.Exit
        If a job is not COMPLETED or was deleted, or the user interrupted.
    """
    jobs = [client.get_job(job_id) for job_id in job_ids] if group is None else jobs_of_group(client, group)
    watched = WatchedJobs(
        {job.job_id: job for job in jobs},
        list_jobs=lambda: () if group is None else reversed(list(client.list_jobs(tags=[group_tag(group)]))),
        get_job=client.get_job,
    )
    named = " ".join(job_ids) if group is None else f"--group {shlex.quote(group)}"
    try:
        watch_jobs(terminal, client, watched, is_quiet=results.quiet)
    except KeyboardInterrupt:
        explain_how_to_continue(terminal, named, "Interrupted. ", is_one=False)
        raise typer.Exit(ExitCode.INTERRUPTED) from None
    except SchedulerClientError:
        explain_how_to_continue(terminal, named, "", is_one=False)
        raise
    parameters = _differing_parameters(watched.jobs)
    for job_id, job in watched.jobs.items():
        terminal.result(f"job: {job_id} {_status(watched, job_id)}")
        if job and job.is_ended and not job.is_completed:
            title = job.outcome.title if job.outcome else job.status.lower()
            terminal.note(f"  {_label(job, parameters[job_id])}: {sanitize_line(title)}", style="yellow")
    finish_group(terminal, client, watched, parameters, group=group, results=results)


def watch_jobs(terminal: Terminal, client: Client, watched: WatchedJobs, *, is_quiet: bool) -> None:
    """Wait until each job has ended or was deleted, and show their progress as one."""
    with ProgressLine(terminal.err, is_quiet=is_quiet) as progress:
        progress.start("waiting")
        wait_for_all(
            watched, polling_interval=client.polling_interval, on_poll=lambda watched: _show(progress, watched)
        )


def finish_group(
    terminal: Terminal,
    client: Client,
    watched: WatchedJobs,
    parameters: Mapping[str, Mapping[str, str]],
    *,
    group: str | None,
    results: ResultOptions,
) -> None:
    """Download the files of jobs that have ended if the options say so, and print how many are COMPLETED.

    Parameters
    ----------
    parameters
        The parameters of each job, by its id, that name its folder and stand in its row; all jobs have the same names.
    group
        The name of their group, if they are one.

    Raises
    ------
    DownloadError
        If a file of a COMPLETED job cannot be downloaded.
    typer.Exit
        With the code of the job that ended worst, if one is not COMPLETED or was deleted.
    """
    folders = _download(terminal, client, watched, parameters, results) if results.download else {}
    rows = [_row(watched, job_id, parameters[job_id], folders.get(job_id, "")) for job_id in watched.jobs]
    if results.download:
        _write_table(results.download / _TABLE, rows)
        terminal.result(f"table: {results.download / _TABLE}")
    terminal.document({"group": group, "jobs": rows})
    if warned := [job.job_id for job in watched.ended if job.warnings]:
        terminal.note(f"{len(warned)} with warnings, such as `nbjobs show {warned[0]}`", style="yellow")
    completed, total = sum(job.is_completed for job in watched.ended), len(watched.jobs)
    deleted = f", {len(watched.deleted)} deleted" if watched.deleted else ""
    terminal.note(f"{completed} of {total} completed{deleted}", style="green" if completed == total else "yellow")
    if completed < total:
        raise typer.Exit(ExitCode.REFUSED if watched.deleted else ExitCode.JOB_NOT_COMPLETED)


def parameters_text(parameters: Mapping[str, str]) -> str:
    """Return the parameters of a job as one line."""
    return ",".join(f"{name}={value}" for name, value in parameters.items())


def _show(progress: ProgressLine, watched: WatchedJobs) -> None:
    ended, deleted = watched.ended, len(watched.deleted)
    failed = sum(not job.is_completed for job in ended)
    details = ([f"{failed} failed"] if failed else []) + ([f"{deleted} deleted"] if deleted else [])
    progress.on_count(len(ended) + deleted, len(watched.jobs), ", ".join(details))


def _differing_parameters(jobs: Mapping[str, Job | None]) -> dict[str, dict[str, str]]:
    """Return the parameters in which jobs differ, by the jobs' ids; `""` for one that a job does not have."""
    found = {job_id: job.parameters if job else {} for job_id, job in jobs.items()}
    names = dict.fromkeys(name for each in found.values() for name in each)
    differing = [name for name in names if len({each.get(name) for each in found.values()}) > 1]
    return {job_id: {name: each.get(name, "") for name in differing} for job_id, each in found.items()}


def _label(job: Job, parameters: Mapping[str, str]) -> str:
    return sanitize_line(parameters_text(parameters) or job.name)


def _download(
    terminal: Terminal,
    client: Client,
    watched: WatchedJobs,
    parameters: Mapping[str, Mapping[str, str]],
    results: ResultOptions,
) -> dict[str, str]:
    """Download each job's files into a folder named after its parameters; a job without files does not stop the others."""
    target = results.download or Path()
    numbers = {job_id: number for number, job_id in enumerate(watched.jobs, start=1)}
    names = {job.job_id: f"{numbers[job.job_id]:03} {_label(job, parameters[job.job_id])}" for job in watched.ended}
    paths = local_paths(target, [name.replace("/", "_") for name in names.values()])
    folders: dict[str, str] = {}
    for job in watched.ended:
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


def _status(watched: WatchedJobs, job_id: str) -> str:
    job = watched.jobs[job_id]
    return _DELETED if job is None or job_id in watched.deleted else job.status


def _row(watched: WatchedJobs, job_id: str, parameters: Mapping[str, str], folder: str) -> dict[str, Any]:
    job = watched.jobs[job_id]
    outcome, start, end = (job.outcome, job.start_time, job.end_time) if job else (None, None, None)
    return {
        **parameters,
        "status": _status(watched, job_id),
        "outcome": outcome.title if outcome else "",
        "cell": outcome.cell if outcome else None,
        "seconds": round((end - start).total_seconds(), 1) if start and end else None,
        "job_id": job_id,
        "folder": folder,
    }


def _write_table(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, fieldnames=list(rows[0]))
        table.writeheader()
        table.writerows(rows)
