"""Why a run ended: the codes of the protocol, their exit codes, and how messages are written."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from runner.sanitize import sanitize_text

__all__ = [
    "EXIT_NOT_MY_RUN",
    "EXIT_SETTINGS",
    "EXIT_UNREACHABLE",
    "Code",
    "Outcome",
    "clean_text",
    "describe_cell_error",
]

EXIT_SETTINGS: Final = 2
"""The container was started wrongly: the exit code of a usage error in a shell."""
EXIT_NOT_MY_RUN: Final = 20
"""The run is not this container's: nothing is reported."""
EXIT_UNREACHABLE: Final = 21
"""The service could not be reached for as long as the run may go on without it."""

MESSAGE_CHARACTERS: Final = 2000
"""Longest message of an outcome (docs/runner-protocol.md)."""

_MISSING_MODULE: Final = re.compile(r"No module named '([^'.]+)")


class Code(StrEnum):
    """The outcome codes of docs/runner-protocol.md."""

    SUCCEEDED = "succeeded"
    NOTEBOOK_ERROR = "notebook_error"
    TIMEOUT = "timeout"
    STOPPED = "stopped"
    INPUT_PROBLEM = "input_problem"
    KERNEL_DIED = "kernel_died"
    OUT_OF_MEMORY = "out_of_memory"
    ENVIRONMENT_PROBLEM = "environment_problem"
    TERMINATED = "terminated"
    UPLOAD_FAILED = "upload_failed"
    RUNNER_ERROR = "runner_error"

    @property
    def exit_code(self) -> int:
        """The container's exit code, so that a run whose report was lost can still be told."""
        return _EXIT_CODES[self]


_EXIT_CODES: Final = {Code.SUCCEEDED: 0} | {code: 9 + place for place, code in enumerate(Code) if place}
"""0 for success, then 10, 11, … in the order of the table in docs/runner-protocol.md."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """Why a run ended."""

    code: Code
    message: str = ""
    """For a person: what happened and what to do."""
    cell: int | None = None
    """The cell that the run ended in, counted from 1 over code cells."""
    error_name: str | None = None
    """Class of the exception that a cell raised."""

    def as_json(self) -> dict[str, Any]:
        """Give the outcome as the report carries it: cleaned, cut, and without what is unknown."""
        fields = {
            "code": self.code.value,
            "message": clean_text(self.message),
            "cell": self.cell,
            "error_name": clean_text(self.error_name)[:200] if self.error_name else None,
        }
        return {name: value for name, value in fields.items() if value not in (None, "")}


def clean_text(text: str, *, limit: int = MESSAGE_CHARACTERS) -> str:
    """Make a text plain, and cut it.

    Parameters
    ----------
    text
        Anything that a notebook or a library may have said.
    limit
        Most characters to keep; a longer text ends in `…`.

    Returns
    -------
        Valid Unicode without control sequences, invisible characters, and controls other than newline and tab.
    """
    plain = sanitize_text(text).strip()
    return plain if len(plain) <= limit else plain[: limit - 1] + "…"


def describe_cell_error(*, name: str, value: str, environment: str) -> str:
    """Say what a cell raised and, where it is the environment's fault or the disk's, what to do.

    Parameters
    ----------
    name
        Class of the exception.
    value
        Its text.
    environment
        Name of the environment that the job chose.
    """
    said = clean_text(f"{name}: {value}" if value else name, limit=MESSAGE_CHARACTERS - 400)
    missing = _MISSING_MODULE.search(value)
    if name in {"ModuleNotFoundError", "ImportError"} and missing:
        return (
            f"{said}. The environment '{environment}' does not have the module '{missing[1]}'. If it is a file of yours, "
            "submit the notebook with its folder; else add its package to the environment's image, or put "
            "`%pip install …` into the notebook's first cell."
        )
    if name == "MemoryError":
        return f"{said}. The container has too little memory for this: choose a compute type with more."
    if "No space left on device" in value:
        return f"{said}. The disk of the container is full: write less, or ask the operator for more ephemeral storage."
    return said
