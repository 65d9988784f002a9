"""The outcome of a run, and its messages."""

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from runner.exit_codes import Code
from runner.sanitize import sanitize_text

__all__ = [
    "Outcome",
    "clean_text",
    "describe_cell_error",
    "describe_early_end",
]

_MAX_MESSAGE_CHARACTERS: Final = 2000
"""The longest message of an outcome (docs/runner-protocol.md)."""

_MISSING_MODULE: Final = re.compile(r"No module named '([^'.]+)")


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """Why a run ended."""

    code: Code
    message: str = ""
    """What happened and what to do, for a person."""
    cell: int | None = None
    """The code cell in which the run ended, counted from 1."""
    error_name: str | None = None
    """The class of the exception that a cell raised."""

    def as_json(self) -> dict[str, Any]:
        """Return the outcome for the report: sanitized, shortened, and without unknown fields."""
        fields = {
            "code": self.code.value,
            "message": clean_text(self.message),
            "cell": self.cell,
            "error_name": clean_text(self.error_name)[:200] if self.error_name else None,
        }
        return {name: value for name, value in fields.items() if value not in (None, "")}


def describe_early_end(reason: Code, *, timeout_seconds: float, where: str = "", cell: int | None = None) -> Outcome:
    """Return the outcome of a run that was ended from outside.

    Parameters
    ----------
    reason
        Why: `stopped`, `timeout` or `terminated`.
    timeout_seconds
        The maximum run time.
    where
        In which cell, such as ` in cell 2 of 3`; empty before the first cell.
    cell
        The number of that cell.
    """
    where = where or " before its first cell"
    limit = timedelta(seconds=timeout_seconds)
    messages = {
        Code.STOPPED: f"The run was stopped{where}.",
        Code.TIMEOUT: f"The run reached its maximum run time ({limit}){where}. You can set a longer one for the next run.",
        Code.TERMINATED: f"The container was terminated{where}: Spot capacity was reclaimed, or the task was stopped from outside.",
    }
    return Outcome(code=reason, message=messages[reason], cell=cell)


def clean_text(text: str, *, limit: int = _MAX_MESSAGE_CHARACTERS) -> str:
    """Sanitize a text, and shorten it.

    Parameters
    ----------
    text
        Any text of a notebook or a library.
    limit
        The most characters to keep; a longer text ends in `…`.

    Returns
    -------
        Valid Unicode without control sequences, invisible characters, and control characters other than newline and tab.
    """
    plain = sanitize_text(text).strip()
    return plain if len(plain) <= limit else plain[: limit - 1] + "…"


def describe_cell_error(*, name: str, value: str, environment: str) -> str:
    """Describe what a cell raised and, if the environment, the memory or the disk is the cause, what to do.

    Parameters
    ----------
    name
        The class of the exception.
    value
        The text of the exception.
    environment
        The name of the job's environment.
    """
    error = clean_text(f"{name}: {value}" if value else name, limit=_MAX_MESSAGE_CHARACTERS - 400)
    missing = _MISSING_MODULE.search(value)
    if name in {"ModuleNotFoundError", "ImportError"} and missing:
        return (
            f"{error}. The environment '{environment}' does not have the module '{missing[1]}'. If it is one of your files, "
            "submit the notebook with its folder; otherwise add its package to the environment's image, or put "
            "`%pip install …` into the notebook's first cell."
        )
    if name == "MemoryError":
        return f"{error}. The container has too little memory for this: choose a compute type with more."
    if "No space left on device" in value:
        return (
            f"{error}. The disk of the container is full: write less, or ask the operator for more ephemeral storage."
        )
    return error
