"""`nbjobs cron explain`."""

from typing import Annotated

import typer

from jupyter_scheduler_aws.cli.options import TimezoneOption
from jupyter_scheduler_aws.cli.terminal import Terminal

__all__ = ["explain"]


def explain(
    terminal: Terminal,
    crontab: Annotated[
        str,
        typer.Argument(metavar="CRONTAB", help="Five fields in quotes, or a macro like @daily.", show_default=False),
    ],
    *,
    timezone: TimezoneOption = None,
) -> None:
    """Explain a crontab: in words, as EventBridge expressions, and with its next runs."""
    from jupyter_scheduler_aws.cli.crontab_text import zone_times
    from jupyter_scheduler_aws.cli.tables import details_grid
    from jupyter_scheduler_aws.crontab_words import describe_crontab

    with terminal.client() as client:
        explanation = client.explain_crontab(crontab, timezone=timezone)
    words = describe_crontab(explanation.schedule)
    terminal.document({**explanation.document, "in_words": words})
    times = [zone_times(instant, explanation.timezone) for instant in explanation.next_run_times]
    lines = [there if there == here else f"{there}   here {here}" for there, here in times]
    rows = [
        ("crontab", explanation.schedule),
        ("in words", words),
        ("zone", explanation.timezone),
        ("expressions", "\n".join(explanation.eventbridge_expressions)),
        ("next runs", "\n".join(lines) or "none"),
    ]
    terminal.view(details_grid(rows))
