"""Compare the parameters of a command with those that the notebook has."""

from collections.abc import Collection
from difflib import get_close_matches
from pathlib import Path

import typer

from jupyter_scheduler_aws.cli.terminal import Terminal
from jupyter_scheduler_aws.parameters.defaults import read_notebook_parameters

__all__ = ["check_known_parameters"]


def check_known_parameters(terminal: Terminal, notebook: Path, names: Collection[str], *, allow_unknown: bool) -> None:
    """Refuse parameters that the notebook's tagged cell does not assign; note if there is no such cell.

    Parameters
    ----------
    terminal
        Where the note goes.
    notebook
        Path of the notebook. If it cannot be read, its upload reports that.
    names
        The names of the parameters.
    allow_unknown
        Whether to pass unknown ones.

    Raises
    ------
    typer.BadParameter
        If the cell does not assign one of them.
    """
    if not names:
        return
    try:
        known = read_notebook_parameters(notebook.read_bytes())
    except OSError:
        return
    if not known.has_cell:
        terminal.note(f"{notebook.name} has no cell with the tag `parameters`: the values become its first cell.")
    if known.names is None or allow_unknown:
        return
    for name in names:
        if name not in known.names:
            raise typer.BadParameter(_message(notebook.name, name, known.names), param_hint="-p")


def _message(notebook: str, name: str, known: frozenset[str]) -> str:
    nearest = get_close_matches(name, sorted(known), n=1)
    advice = f"Did you mean {nearest[0]}?" if nearest else f"It has {', '.join(sorted(known)) or 'none'}."
    return f"{notebook} has no parameter {name!r}. {advice} --allow-unknown passes it anyway."
