"""What the end of a cell means: whether it failed, with which error, and whether the run goes on.

The rule is papermill's (`papermill.execute.raise_for_execution_errors`): the kernel's reply decides whether the run goes on, and an
error among the outputs makes it a failure even if the kernel went on. docs/environments.md has the table; a test compares them.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

__all__ = ["ALLOWS_ERRORS_TAG", "CellError", "CellResult", "judge_cell", "quote_first_line"]

ALLOWS_ERRORS_TAG: Final = "raises-exception"
"""The tag of nbclient and JupyterLab for cells that may fail."""

_SUCCESSFUL_STATUSES: Final = frozenset({"", "0", "None", "False"})
"""The texts of a `SystemExit` with which Python exits with status 0."""
_NAMES_OF_NOTHING: Final = frozenset({"", "NoneType", "Error"})
"""What replies name if the kernel lost the error. ipykernel does when it fails to show a cell's value; then the outputs have it."""
_QUOTED_CHARACTERS: Final = 60


@dataclass(frozen=True)
class CellError:
    """An error of a cell."""

    name: str
    """The class of the exception."""
    value: str
    """Its text."""

    @classmethod
    def of(cls, content: Mapping[str, Any]) -> "CellError":
        """Return the error of a reply, a message, or an output."""
        return cls(name=str(content.get("ename") or ""), value=str(content.get("evalue") or ""))

    @property
    def is_successful_exit(self) -> bool:
        """Whether this is `sys.exit(0)`, which Python expresses as an exception."""
        return self.name == "SystemExit" and self.value in _SUCCESSFUL_STATUSES


@dataclass(frozen=True, kw_only=True)
class CellResult:
    """The result of a cell."""

    error: CellError | None = None
    """Why the cell failed; None if it did not."""
    ends_run: bool = False
    """Whether the cells after it do not run."""


def judge_cell(reply: Mapping[str, Any] | None, *, shown: Iterable[CellError], tags: Sequence[str]) -> CellResult:
    """Judge a cell that has ended.

    Parameters
    ----------
    reply
        The content of the kernel's reply; None if the cell was not sent to the kernel.
    shown
        The errors among the outputs of the cell and of its widgets, in order.
    tags
        The cell's tags.
    """
    if reply is None:
        return CellResult()
    asked = any(isinstance(part, dict) and part.get("source") == "ask_exit" for part in reply.get("payload") or ())
    if ALLOWS_ERRORS_TAG in tags:
        return CellResult(ends_run=asked)
    last = next((error for error in reversed(list(shown)) if not error.is_successful_exit), None)
    if reply["status"] == "ok":
        return CellResult(error=last, ends_run=asked)
    raised = CellError.of(reply)
    if raised.is_successful_exit:
        return CellResult(error=last, ends_run=True)
    return CellResult(error=raised if raised.name not in _NAMES_OF_NOTHING else last or raised, ends_run=True)


def quote_first_line(source: str) -> str:
    """Return the first line of a cell's code, for messages: without comments and cell magics, if there is more.

    Returns
    -------
        The line in backquotes, shortened; empty if the cell has no code.
    """
    lines = [line.strip() for line in source.splitlines() if line.strip()]
    code = [line for line in lines if not line.startswith(("#", "%%"))]
    line = next(iter(code or lines), "").replace("`", "'")
    short = line if len(line) <= _QUOTED_CHARACTERS else line[: _QUOTED_CHARACTERS - 1] + "…"
    return f"`{short}`" if short else ""
