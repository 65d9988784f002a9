"""`nbjobs doctor`: checks whether everything is set up and a job runs from end to end."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Annotated, Final

import typer

from jupyter_scheduler_aws.cli.exit_codes import ExitCode, exit_code_of
from jupyter_scheduler_aws.cli.terminal import Terminal, error_message
from jupyter_scheduler_aws.errors import SchedulerClientError

if TYPE_CHECKING:
    from jupyter_scheduler_aws.cli.health_checks import HealthChecks
    from jupyter_scheduler_aws.cli.progress import ProgressLine

__all__ = ["doctor"]

_STYLES: Final = {"ok": "green", "FAIL": "bold red", "skip": "dim"}

_CHECKS: Final[dict[str, tuple[str, ...]]] = {
    "url": (),
    "credentials": ("url",),
    "service": ("credentials",),
    "you": ("service",),
    "versions": ("service",),
    "environments": ("service",),
    "write": ("service",),
    "read": ("service",),
    "definitions": ("service",),
    "job": ("environments", "write", "read"),
}
"""The methods of `HealthChecks` in order, and the checks that each one needs."""


@dataclass(frozen=True, kw_only=True)
class _Finding:
    check: str
    result: str
    """`ok`, `FAIL` or `skip`."""
    detail: str
    exit_code: int = ExitCode.SUCCESS


def doctor(
    terminal: Terminal,
    *,
    no_job: Annotated[
        bool, typer.Option("--no-job", help="Do not run a job, which takes a minute and costs a fraction of a cent.")
    ] = False,
) -> None:
    """Check that everything works.

    The command checks URL, credentials, service, an upload, a list, and a small job. Each line is ok, or explains what to
    do.
    """
    from jupyter_scheduler_aws.cli.health_checks import HealthChecks
    from jupyter_scheduler_aws.cli.progress import ProgressLine

    progress = ProgressLine(terminal.err, prints_lines=False)
    checks = HealthChecks(terminal.client, on_job=progress.on_job)
    findings = []
    try:
        for finding in _run(checks, [name for name in _CHECKS if not (no_job and name == "job")], progress):
            findings.append(finding)
            _print(terminal, finding)
    finally:
        checks.close()
    terminal.document([asdict(finding) for finding in findings])
    raise typer.Exit(next((finding.exit_code for finding in findings if finding.exit_code), ExitCode.SUCCESS))


def _run(checks: "HealthChecks", names: Sequence[str], progress: "ProgressLine") -> Iterator[_Finding]:
    from jupyter_scheduler_aws.cli.health_checks import HealthCheckError

    failed: set[str] = set()
    for name in names:
        if missing := [need for need in _CHECKS[name] if need in failed]:
            failed.add(name)
            yield _Finding(check=name, result="skip", detail=f"needs: {', '.join(missing)}")
            continue
        check: Callable[[], str] = getattr(checks, name)
        try:
            with progress:
                progress.start(name)
                detail = check()
            yield _Finding(check=name, result="ok", detail=detail)
        except SchedulerClientError as error:
            failed.add(name)
            code = ExitCode.JOB_NOT_COMPLETED if isinstance(error, HealthCheckError) else exit_code_of(error)
            yield _Finding(check=name, result="FAIL", detail=error_message(error), exit_code=code)


def _print(terminal: Terminal, finding: _Finding) -> None:
    from rich.table import Table
    from rich.text import Text

    from jupyter_scheduler_aws.cli.formatting import safe_text

    grid = Table.grid(padding=(0, 2))
    grid.add_column(width=4)
    grid.add_column(width=max(map(len, _CHECKS)))
    grid.add_column(overflow="fold")
    grid.add_row(Text(finding.result, style=_STYLES[finding.result]), finding.check, safe_text(finding.detail))
    terminal.view(grid)
