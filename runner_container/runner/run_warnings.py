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
    """Outputs were left out: over a limit, or not files that can be uploaded."""


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
