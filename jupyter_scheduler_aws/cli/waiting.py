"""Waits for a job, downloads its files, and prints how it ended."""

from textwrap import indent
from typing import Any

import typer
from rich.text import Text

from jupyter_scheduler_aws.api.job_models import Job
from jupyter_scheduler_aws.api.job_texts import warning_text
from jupyter_scheduler_aws.cli.downloads import download_document, download_job
from jupyter_scheduler_aws.cli.exit_codes import ExitCode
from jupyter_scheduler_aws.cli.formatting import outcome_message, run_time
from jupyter_scheduler_aws.cli.log_tail import LogTail
from jupyter_scheduler_aws.cli.options import ResultOptions, WaitOptions
from jupyter_scheduler_aws.cli.progress import ProgressLine
from jupyter_scheduler_aws.cli.terminal import Terminal
from jupyter_scheduler_aws.client import Client
from jupyter_scheduler_aws.errors import DownloadError, SchedulerClientError, UnsafePathError
from jupyter_scheduler_aws.sanitize import sanitize_line, sanitize_text

__all__ = ["explain_how_to_continue", "finish", "finish_or_explain"]


def finish_or_explain(terminal: Terminal, client: Client, job_id: str, options: WaitOptions) -> None:
    """Wait for a job that was just created, if the options say so, or explain how to follow it.

    Raises
    ------
    typer.Exit
        If the job is not COMPLETED, or the user interrupted.
    """
    if options.wait or options.download:
        terminal.note(f"created job {job_id}")
        finish(terminal, client, job_id, options)
        return
    job = client.get_job(job_id)
    terminal.result(f"job: {job.job_id} {job.status}")
    terminal.document({"job": job.document, "outputs": None})
    terminal.note(f"  follow it:  nbjobs wait {job_id}")
    terminal.note(f"  its files:  nbjobs download {job_id}")


def finish(terminal: Terminal, client: Client, job_id: str, options: ResultOptions) -> None:
    """Wait for a job, download its files if the options say so, and print how it ended.

    Raises
    ------
    typer.Exit
        If the job is not COMPLETED, or the user interrupted.
    """
    job = _wait(terminal, client, job_id, is_quiet=options.quiet)
    _print_outcome(terminal, job)
    for warning in job.warnings:
        terminal.note(f"  ! {warning_text(warning)}", style="yellow")
    terminal.result(f"job: {job.job_id} {job.status}")
    outputs = _download(terminal, client, job, options)
    terminal.document({"job": job.document, "outputs": outputs})
    if not job.is_completed:
        raise typer.Exit(ExitCode.JOB_NOT_COMPLETED)


def explain_how_to_continue(terminal: Terminal, named: str, reason: str, *, is_one: bool = True) -> None:
    """Explain that jobs continue without this command, and how to follow and stop them.

    Parameters
    ----------
    named
        The arguments of `nbjobs` that name the jobs.
    reason
        Why the command ends, with a space at its end; may be empty.
    is_one
        Whether it is one job.
    """
    jobs, it = ("job continues", "it:  ") if is_one else ("jobs continue", "them:")
    terminal.note(f"{reason}The {jobs} without this terminal.", style="yellow")
    terminal.note(f"  follow {it}  nbjobs wait {named}")
    terminal.note(f"  stop {it}    nbjobs stop {named}")


def _wait(terminal: Terminal, client: Client, job_id: str, *, is_quiet: bool) -> Job:
    try:
        with ProgressLine(terminal.err, is_quiet=is_quiet) as progress:
            progress.start("waiting")
            tail = LogTail(client) if progress.is_animated else None
            on_poll = None if tail is None else lambda job: progress.show_tail(tail.read(job))
            return client.wait(job_id, on_change=progress.on_job, on_poll=on_poll)
    except KeyboardInterrupt:
        explain_how_to_continue(terminal, job_id, "Interrupted. ")
        raise typer.Exit(ExitCode.INTERRUPTED) from None
    except SchedulerClientError:
        explain_how_to_continue(terminal, job_id, "")
        raise


def _print_outcome(terminal: Terminal, job: Job) -> None:
    name = f"{sanitize_line(job.name)}: "
    if job.is_completed:
        terminal.err.print(Text.assemble(("✓ ", "green"), f"{name}completed in {run_time(job) or 'no time'}"))
        return
    title = job.outcome.title if job.outcome else job.status.lower()
    symbol, style = ("■ ", "yellow") if job.status == "STOPPED" else ("✗ ", "bold red")
    terminal.err.print(Text.assemble((symbol, style), name, (sanitize_line(title), style)), soft_wrap=True)
    message = outcome_message(job)
    if message and message != title:
        terminal.err.print(indent(sanitize_text(message), "  "), soft_wrap=True)


def _download(terminal: Terminal, client: Client, job: Job, options: ResultOptions) -> dict[str, Any] | None:
    """Download the files. If the job failed before it made any, that is not a second failure."""
    if not options.download:
        return None
    try:
        downloaded = download_job(terminal, client, job.job_id, options.download, options)
    except UnsafePathError:
        raise
    except DownloadError as error:
        if job.is_completed:
            raise
        terminal.note(error.message)
        return None
    return download_document(terminal, downloaded)
