"""`nbjobs environments`."""

import typer
from rich.table import Table

from jupyter_scheduler_aws.api.response_models import Environment
from jupyter_scheduler_aws.cli.formatting import shown_line
from jupyter_scheduler_aws.cli.options import JsonOption
from jupyter_scheduler_aws.cli.terminal import terminal_of

__all__ = ["environments"]


def environments(context: typer.Context, *, _json: JsonOption = False) -> None:
    """List where notebooks can run.

    The compute type with a * is the default.
    """
    terminal = terminal_of(context)
    with terminal.client() as client:
        found = client.environments()
    terminal.document([environment.document for environment in found])
    if not terminal.is_json:
        terminal.out.print(_table(found))


def _table(found: list[Environment]) -> Table:
    table = Table(box=None, padding=(0, 1), header_style="bold", pad_edge=False)
    table.add_column("ENVIRONMENT", no_wrap=True)
    table.add_column("DESCRIPTION")
    table.add_column("COMPUTE TYPES")
    table.add_column("FORMATS")
    for each in found:
        sizes = [f"{name}*" if name == each.default_compute_type else name for name in each.compute_types]
        table.add_row(*map(shown_line, (each.name, each.description, ", ".join(sizes), ", ".join(each.output_formats))))
    return table
