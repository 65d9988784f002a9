"""Names of notebooks, and whether a notebook can have them: client, service and runner are held to this list."""

from collections.abc import Mapping
from typing import Final

__all__ = ["NAMES"]

_CHARACTERS: Final = "has a slash, a backslash or a control character"
_TOO_LONG: Final = "has more than 200 characters or 255 bytes"

NAMES: Final[Mapping[str, str | None]] = {
    "report.ipynb": None,
    "Report 1 (copy)~.IPYNB": None,
    "..ipynb": None,
    "aux.ipynb": None,
    'a:<>|?*".ipynb': None,
    "b\u00fc\U0001f4a5.ipynb": None,
    "n" * 194 + ".ipynb": None,
    "\u5831" * 83 + ".ipynb": None,
    "a\\b.ipynb": _CHARACTERS,
    "a\nb.ipynb": _CHARACTERS,
    "\x1b[1m.ipynb": _CHARACTERS,
    "\x7f.ipynb": _CHARACTERS,
    "n" * 195 + ".ipynb": _TOO_LONG,
    "\u5831" * 83 + "n.ipynb": _TOO_LONG,
    "\u5831" * 100 + ".ipynb": _TOO_LONG,
    "\udcff.ipynb": "is not valid Unicode",
}
"""The names, each with why a notebook cannot have it; None if it can."""
