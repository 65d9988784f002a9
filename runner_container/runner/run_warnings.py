"""Warnings of a run: what a person would want to know although it does not decide the outcome. The report carries them."""

import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from runner.outcomes import clean_text

__all__ = ["RunWarnings", "WarningCode"]

_LOG = logging.getLogger(__name__)
_MAX_WARNINGS: Final = 20
_MAX_NAMES: Final = 20
_MESSAGE_CHARACTERS: Final = 500
_NAME_CHARACTERS: Final = 200
_LOGGED_NAMES: Final = 100
"""How many names the log lists: it has more space than a report."""


class WarningCode(StrEnum):
    """The codes of warnings; docs/troubleshooting.md has the same list."""

    NOTEBOOK_REPAIRED = "notebook_repaired"
    """The notebook ran after repairs or an upgrade of its format."""
    OUTPUTS_SKIPPED = "outputs_skipped"
    """Outputs were left out: they cannot be read, are not files, or have names that cannot be uploaded."""
    OUTPUTS_OVER_LIMIT = "outputs_over_limit"
    """Outputs were left out: they exceed the limit on the size."""
    OUTPUTS_PACKED = "outputs_packed"
    """Outputs exceed the limit on their number, and are in one zip."""
    OUTPUTS_NOT_UPLOADED = "outputs_not_uploaded"
    """Outputs could not be uploaded, and another attempt would not change that."""
    TOOL_FOLDERS_SKIPPED = "tool_folders_skipped"
    """Folders that a tool made, such as a virtual environment, were left out."""
    TEXT_CUT = "text_cut"
    """The middle of what a cell printed was left out."""
    OUTPUTS_INCOMPLETE = "outputs_incomplete"
    """The kernel sent output that could not be read, or did not send everything."""
    ENDED_EARLY = "ended_early"
    """The notebook ended itself before its last cell, and successfully."""
    UNKNOWN_PARAMETER = "unknown_parameter"
    """The notebook's cell with the tag `parameters` does not assign such a variable."""
    NO_PARAMETERS_CELL = "no_parameters_cell"
    """The job has parameters, but no cell of the notebook has the tag `parameters`."""


@dataclass(frozen=True, kw_only=True)
class _Warning:
    code: WarningCode
    message: str
    names: tuple[str, ...]


class RunWarnings:
    """Collects the warnings of a run. Safe to use from several threads."""

    def __init__(self) -> None:
        self._warnings: list[_Warning] = []
        self._lock = threading.Lock()

    def add(self, code: WarningCode, message: str, *, names: Sequence[str] = ()) -> None:
        """Add a warning, and log it.

        Parameters
        ----------
        code
            For programs to compare.
        message
            What happened and what to do, for the owner of the job: one or two sentences.
        names
            Everything that it concerns, such as files. The report names the first 20 and the count of all.
        """
        with self._lock:
            self._warnings.append(_Warning(code=code, message=message, names=tuple(names)))
        _LOG.warning("%s", message)
        for name in names[:_LOGGED_NAMES]:
            _LOG.warning("%s", name)
        if (more := len(names) - _LOGGED_NAMES) > 0:
            _LOG.warning("… and %d more", more)

    def as_json(self) -> list[dict[str, Any]]:
        """Return the warnings for the report (docs/runner-protocol.md)."""
        with self._lock:
            return [
                {
                    "code": warning.code.value,
                    "message": clean_text(warning.message, limit=_MESSAGE_CHARACTERS),
                    "names": [clean_text(name, limit=_NAME_CHARACTERS) for name in warning.names[:_MAX_NAMES]],
                    "count": len(warning.names),
                }
                for warning in self._warnings[:_MAX_WARNINGS]
            ]
