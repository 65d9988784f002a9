"""Sanitize text: remove what controls a terminal, and what is invisible or misleads a reader.

A notebook or another user may have written any text from the service: logs, names, paths, parameters, tags, outcomes, errors.
The Python client and JSON documents keep data exact. Text for people is sanitized, and so are all errors. The runner and
the service have their own copies of these rules, because they share no code; the texts in `tests/data/texts.json` test all of them.
"""

import json
import re
from typing import Any, Final

__all__ = ["json_text", "sanitize_line", "sanitize_text"]

_SEQUENCES: Final = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"  # CSI: colors, cursor, screen
    r"|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\n\x90\x98\x9c-\x9f]*(?:\x07|\x1b\\|\x9c)"  # OSC, DCS, SOS, PM, APC: title, clipboard, links
    r"|\x1b[ -/]*[0-~]"  # the rest: reset, character sets
)
"""Control sequences of ECMA-48, 7-bit and 8-bit, and of xterm, which also ends strings with BEL."""

_CHARACTERS: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"  # C0 but for tab and newline, DEL, C1
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # bidirectional controls (UAX #9)
    "\u2028\u2029"  # line and paragraph separators
    "\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180e\u200b\u2060-\u2065\u206a-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb"  # invisible
    "\U0001d173-\U0001d17a\U000e0000-\U000e007f]"  # invisible: musical controls, tags
)
"""Control characters and invisible ones (Default_Ignorable_Code_Point without variation selectors)."""

_JOINERS: Final = re.compile("(?<![^\x00-\x7f])[\u200c\u200d]+")
"""Joiners without an effect: emoji and several scripts need them, but never after an ASCII character."""


_SPACES: Final = re.compile(r"[\n\t]+")

_ESCAPED: Final = re.compile(f"{_CHARACTERS.pattern}|{_JOINERS.pattern}|[\ud800-\udfff]")


def sanitize_text(text: str) -> str:
    """Remove control sequences, control characters except newline and tab, and invisible characters; return valid Unicode."""
    plain = _JOINERS.sub("", _CHARACTERS.sub("", _SEQUENCES.sub("", text)))
    return plain.encode("utf-8", "replace").decode("utf-8")


def sanitize_line(text: str) -> str:
    """Sanitize a text that must be one line: a name, a path, a cell of a table."""
    return _SPACES.sub(" ", sanitize_text(text))


def json_text(document: Any) -> str:
    """Format a document as JSON: exact data, with everything escaped that `sanitize_text` would remove."""
    text = json.dumps(document, indent=2, ensure_ascii=False)
    return _ESCAPED.sub(lambda found: json.dumps(found[0])[1:-1], text)
