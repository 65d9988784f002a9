"""`nbjobs cron explain`."""

from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from jupyter_scheduler_aws.api.definition_models import Explanation
from jupyter_scheduler_aws.cli.crontab_text import here_and_there, in_words
from jupyter_scheduler_aws.cli.options import JsonOption
from jupyter_scheduler_aws.cli.schedule_options import TimezoneOption
from jupyter_scheduler_aws.cli.terminal import terminal_of

__all__ = ["explain"]


def explain(
    context: typer.Context,
    crontab: Annotated[
        str,
        typer.Argument(metavar="CRONTAB", help="Five fields in quotes, or a macro like @daily.", show_default=False),
    ],
    *,
    timezone: TimezoneOption = None,
    _json: JsonOption = False,
) -> None:
    """Show what a crontab means: in words, as EventBridge expressions, and when it runs next."""
    terminal = terminal_of(context)
    with terminal.client() as client:
        explanation = client.explain_crontab(crontab, timezone=timezone)
    words = in_words(explanation.schedule)
    terminal.document({**explanation.document, "in_words": words})
    if terminal.is_json:
        return
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    for label, value in _rows(explanation, words):
        grid.add_row(label, Text(value))
    terminal.out.print(grid)


def _rows(explanation: Explanation, words: str | None) -> list[tuple[str, str]]:
    times = [here_and_there(each, explanation.timezone) for each in explanation.next_run_times]
    lines = [there if there == here else f"{there}   here {here}" for there, here in times]
    rows = [("crontab", explanation.schedule), ("in words", words), ("zone", explanation.timezone)]
    rows += [("expressions", "\n".join(explanation.eventbridge_expressions))]
    rows += [("next runs", "\n".join(lines) or "none")]
    return [(label, value) for label, value in rows if value]
