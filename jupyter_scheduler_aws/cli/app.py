"""The `nbjobs` command: its global options and the list of its commands.

The modules imported here are small, so that `nbjobs --help` starts quickly. What a command needs to do its work, it
imports when it runs.
"""

import atexit
import gc
import sys
from collections.abc import Sequence
from typing import Annotated, Final

import typer

from jupyter_scheduler_aws.cli import cron, definitions, jobs, outputs, owners
from jupyter_scheduler_aws.cli.command import Command, as_command
from jupyter_scheduler_aws.cli.costs import costs
from jupyter_scheduler_aws.cli.doctor import doctor
from jupyter_scheduler_aws.cli.environments import environments
from jupyter_scheduler_aws.cli.exit_codes import EXIT_CODES_HELP
from jupyter_scheduler_aws.cli.schedule import edit, run, schedule
from jupyter_scheduler_aws.cli.stop import stop
from jupyter_scheduler_aws.cli.submit import submit, wait
from jupyter_scheduler_aws.cli.terminal import Terminal
from jupyter_scheduler_aws.errors import URL_VARIABLE

__all__ = ["app", "main"]

Commands = Sequence[tuple[str, Command]]

_COLLECTION_THRESHOLD: Final = 50_000
"""New objects until Python looks for reference cycles; its default of 700 means a hundred searches while libraries load."""

_COMMANDS: Final[Commands] = (
    ("submit", submit),
    ("wait", wait),
    ("list", jobs.list_jobs),
    ("show", jobs.show),
    ("stop", stop),
    ("delete", jobs.delete),
    ("download", outputs.download),
    ("open", outputs.open_result),
    ("logs", outputs.logs),
    ("schedule", schedule),
    ("costs", costs),
    ("environments", environments),
    ("doctor", doctor),
)

_GROUPS: Final[tuple[tuple[str, str, Commands], ...]] = (
    (
        "definitions",
        "Manage the definitions of `nbjobs schedule`.",
        (
            ("list", definitions.list_definitions),
            ("show", definitions.show),
            ("pause", definitions.pause),
            ("resume", definitions.resume),
            ("edit", edit),
            ("run", run),
            ("take-over", definitions.take_over),
            ("delete", definitions.delete),
        ),
    ),
    (
        "owners",
        "Manage the owners of jobs. Admins only.",
        (
            ("list", owners.list_owners),
            ("show", owners.show),
            ("disable", owners.disable),
            ("enable", owners.enable),
        ),
    ),
    ("cron", "Explain crontabs.", (("explain", cron.explain),)),
)


def _print_version(value: bool) -> None:  # noqa: FBT001 - typer calls it so
    if value:
        from jupyter_scheduler_aws.versions import package_version

        typer.echo(f"nbjobs {package_version()}")
        raise typer.Exit


def root(
    context: typer.Context,
    url: Annotated[
        str | None, typer.Option(metavar="URL", help="The ApiUrl output of the stack.", envvar=URL_VARIABLE)
    ] = None,
    region: Annotated[
        str | None, typer.Option(metavar="NAME", help="The AWS region, if the URL does not contain it.")
    ] = None,
    profile: Annotated[
        str | None, typer.Option(metavar="NAME", help="A profile of the AWS configuration. Default: AWS_PROFILE.")
    ] = None,
    owner: Annotated[
        str | None,
        typer.Option(metavar="OWNER_ID", help="Work with the jobs and definitions of another owner. Admins only."),
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


def _add(group: typer.Typer, commands: Commands) -> None:
    for name, function in commands:
        group.command(name)(as_command(function))


def _build() -> typer.Typer:
    app = typer.Typer(
        name="nbjobs",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,  # the help in boxes takes twice as long: decision 0039
        context_settings={"help_option_names": ["--help", "-h"]},
        epilog=EXIT_CODES_HELP,
    )
    app.callback()(root)
    _add(app, _COMMANDS)
    for name, text, commands in _GROUPS:
        group = typer.Typer(no_args_is_help=True, help=text, rich_markup_mode=None)
        _add(group, commands)
        app.add_typer(group, name=name)
    return app


app = _build()


def _search_few_cycles() -> None:
    """Keep Python from searching what libraries create for garbage: it all stays until the process ends, which frees it."""
    gc.set_threshold(_COLLECTION_THRESHOLD)
    atexit.register(gc.freeze)


def main() -> None:
    """Run the command that the arguments of the process name."""
    _search_few_cycles()
    app(prog_name="jupyter nbjobs" if sys.argv[0].endswith("jupyter-nbjobs") else "nbjobs")
