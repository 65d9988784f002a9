"""`nbjobs doctor`: is everything set up, and does a job run from end to end."""

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from jupyter_scheduler_aws.cli.exit_codes import ExitCode, exit_code_of
from jupyter_scheduler_aws.cli.formatting import shown
from jupyter_scheduler_aws.cli.health_checks import Examination, ExaminationError
from jupyter_scheduler_aws.cli.options import JsonOption
from jupyter_scheduler_aws.cli.progress import Activity
from jupyter_scheduler_aws.cli.terminal import message_of, terminal_of
from jupyter_scheduler_aws.errors import SchedulerClientError

__all__ = ["doctor"]

_STYLES: Final = {"ok": "green", "FAIL": "bold red", "skip": "dim"}


@dataclass(frozen=True)
class _Check:
    name: str
    run: Callable[[Examination], str]
    needs: tuple[str, ...] = ()


_CHECKS: Final = (
    _Check("url", Examination.url),
    _Check("credentials", Examination.credentials, ("url",)),
    _Check("service", Examination.service, ("credentials",)),
    _Check("you", Examination.you, ("service",)),
    _Check("versions", Examination.versions, ("service",)),
    _Check("environments", Examination.environments, ("service",)),
    _Check("write", Examination.write, ("service",)),
    _Check("read", Examination.read, ("service",)),
    _Check("definitions", Examination.definitions, ("service",)),
    _Check("job", Examination.job, ("environments", "write", "read")),
)


@dataclass(frozen=True, kw_only=True)
class _Finding:
    check: str
    result: str
    """`ok`, `FAIL` or `skip`."""
    detail: str
    exit_code: int = ExitCode.DONE


def doctor(
    context: typer.Context,
    *,
    no_job: Annotated[bool, typer.Option("--no-job", help="Run no job; it costs a minute and part of a cent.")] = False,
    _json: JsonOption = False,
) -> None:
    """Check that everything works.

    URL, credentials, service, a write, a read and a trivial job: each line is ok or says what to do.
    """
    terminal = terminal_of(context)
    checks = [check for check in _CHECKS if not (no_job and check.name == "job")]
    activity = Activity(terminal.err, says_lines=False)
    examination = Examination(terminal.client, on_job=activity.on_job)
    findings = []
    try:
        for finding in _examine(examination, checks, activity):
            findings.append(finding)
            if not terminal.is_json:
                _print(terminal.out, finding)
    finally:
        examination.close()
    terminal.document([asdict(finding) for finding in findings])
    raise typer.Exit(next((finding.exit_code for finding in findings if finding.exit_code), ExitCode.DONE))


def _examine(examination: Examination, checks: list[_Check], activity: Activity) -> Iterator[_Finding]:
    bad: set[str] = set()
    for check in checks:
        if missing := [name for name in check.needs if name in bad]:
            bad.add(check.name)
            yield _Finding(check=check.name, result="skip", detail=f"needs: {', '.join(missing)}")
            continue
        try:
            with activity:
                activity.begin(check.name)
                detail = check.run(examination)
            yield _Finding(check=check.name, result="ok", detail=detail)
        except SchedulerClientError as error:
            bad.add(check.name)
            code = ExitCode.JOB_NOT_COMPLETED if isinstance(error, ExaminationError) else exit_code_of(error)
            yield _Finding(check=check.name, result="FAIL", detail=message_of(error), exit_code=code)


def _print(console: Console, finding: _Finding) -> None:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(width=4)
    grid.add_column(width=max(len(check.name) for check in _CHECKS))
    grid.add_column(overflow="fold")
    grid.add_row(Text(finding.result, style=_STYLES[finding.result]), finding.check, shown(finding.detail))
    console.print(grid)
