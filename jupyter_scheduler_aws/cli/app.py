"""The root of the command: global options, and what happens to errors."""

import sys
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Annotated, Any, Final

import typer

from jupyter_scheduler_aws.cli.crontab import explain
from jupyter_scheduler_aws.cli.definition_changes import edit, run
from jupyter_scheduler_aws.cli.definitions import (
    delete_definitions,
    list_definitions,
    pause,
    resume,
    show_definition,
    take_over,
)
from jupyter_scheduler_aws.cli.doctor import doctor
from jupyter_scheduler_aws.cli.environments import environments
from jupyter_scheduler_aws.cli.exit_codes import EXIT_CODES_HELP, ExitCode, exit_code_of
from jupyter_scheduler_aws.cli.jobs import delete, list_jobs, show, stop
from jupyter_scheduler_aws.cli.outputs import download, logs
from jupyter_scheduler_aws.cli.owners import disable, enable, list_owners, show_owner
from jupyter_scheduler_aws.cli.schedule import schedule
from jupyter_scheduler_aws.cli.submit import submit
from jupyter_scheduler_aws.cli.terminal import Terminal, terminal_of
from jupyter_scheduler_aws.cli.waiting import wait
from jupyter_scheduler_aws.errors import URL_VARIABLE, SchedulerClientError
from jupyter_scheduler_aws.versions import package_version

__all__ = ["app", "main"]

Command = Callable[..., None]
Commands = Sequence[tuple[str, Command]]

_COMMANDS: Final[Commands] = (
    ("submit", submit),
    ("wait", wait),
    ("list", list_jobs),
    ("show", show),
    ("stop", stop),
    ("delete", delete),
    ("download", download),
    ("logs", logs),
    ("schedule", schedule),
    ("environments", environments),
    ("doctor", doctor),
)

_GROUPS: Final[tuple[tuple[str, str, Commands], ...]] = (
    (
        "definitions",
        "Look at, change and run what `nbjobs schedule` made.",
        (
            ("list", list_definitions),
            ("show", show_definition),
            ("pause", pause),
            ("resume", resume),
            ("edit", edit),
            ("run", run),
            ("take-over", take_over),
            ("delete", delete_definitions),
        ),
    ),
    (
        "owners",
        "See who has created something, and keep people who leave from running more; for admins.",
        (("list", list_owners), ("show", show_owner), ("disable", disable), ("enable", enable)),
    ),
    ("cron", "Understand crontabs.", (("explain", explain),)),
)

app = typer.Typer(
    name="nbjobs",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["--help", "-h"]},
    epilog=EXIT_CODES_HELP,
)


def _print_version(value: bool) -> None:  # noqa: FBT001 - typer calls it so
    if value:
        typer.echo(f"nbjobs {package_version()}")
        raise typer.Exit


@app.callback()
def root(
    context: typer.Context,
    url: Annotated[
        str | None, typer.Option(metavar="URL", help="The stack's output ApiUrl.", envvar=URL_VARIABLE)
    ] = None,
    region: Annotated[
        str | None, typer.Option(metavar="NAME", help="AWS region, where the URL does not name it.")
    ] = None,
    profile: Annotated[
        str | None, typer.Option(metavar="NAME", help="Profile of the AWS configuration; else AWS_PROFILE.")
    ] = None,
    owner: Annotated[
        str | None, typer.Option(metavar="OWNER_ID", help="Somebody else's jobs and definitions; for admins.")
    ] = None,
    *,
    _version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Run Jupyter notebooks on AWS."""
    terminal = context.obj or Terminal()
    terminal.url, terminal.region, terminal.profile, terminal.owner_id = url, region, profile, owner
    context.obj = terminal


def _with_exit_codes(command: Command) -> Command:
    """Turn errors that are expected into messages and exit codes; others keep their traceback."""

    @wraps(command)
    def run(context: typer.Context, **arguments: Any) -> None:
        terminal = terminal_of(context)
        try:
            command(context=context, **arguments)
        except SchedulerClientError as error:
            terminal.error(error)
            raise typer.Exit(exit_code_of(error)) from None
        except KeyboardInterrupt:
            terminal.note("Interrupted.", style="yellow")
            raise typer.Exit(ExitCode.INTERRUPTED) from None

    return run


def _add(group: typer.Typer, commands: Commands) -> None:
    for name, command in commands:
        group.command(name)(_with_exit_codes(command))


_add(app, _COMMANDS)
for _name, _help, _commands in _GROUPS:
    _group = typer.Typer(no_args_is_help=True, help=_help)
    _add(_group, _commands)
    app.add_typer(_group, name=_name)


def main() -> None:
    """Run the command that the process's arguments name."""
    app(prog_name="jupyter nbjobs" if sys.argv[0].endswith("jupyter-nbjobs") else "nbjobs")
