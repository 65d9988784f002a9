"""Sanitize text: remove terminal escape sequences, control characters, bidirectional controls and invisible characters.

An outcome's message comes from a runner, and so possibly from a notebook. It is shown in emails, terminals and panels. The runner and
the client implement the same rules, because the three share no code; `tests/data/texts.json` holds texts that all three are tested with.
"""

import re
from typing import Final

__all__ = ["sanitize_text", "shorten"]

_SEQUENCES: Final = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"  # CSI: colors, cursor, screen
    r"|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\n\x90\x98\x9c-\x9f]*(?:\x07|\x1b\\|\x9c)"  # OSC, DCS, SOS, PM, APC: title, clipboard, links
    r"|\x1b[ -/]*[0-~]"  # the rest: reset, character sets
)
"""Control sequences of ECMA-48, 7-bit and 8-bit, and those of xterm, which also terminates strings with BEL."""

_CHARACTERS: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"  # C0 but for tab and newline, DEL, C1
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # bidirectional controls (UAX #9)
    "\u2028\u2029"  # line and paragraph separators
    "\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180e\u200b\u2060-\u2065\u206a-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb"  # invisible
    "\U0001d173-\U0001d17a\U000e0000-\U000e007f]"  # invisible: musical controls, tags
)
"""Control characters, and invisible ones (Default_Ignorable_Code_Point without variation selectors)."""

_JOINERS: Final = re.compile("(?<![^\x00-\x7f])[\u200c\u200d]+")
"""Joiners after an ASCII character, where they join nothing. Emoji and several scripts need them elsewhere."""


def sanitize_text(text: str) -> str:
    """Remove escape sequences, control characters other than newline and tab, and invisible characters. Return valid Unicode."""
    plain = _JOINERS.sub("", _CHARACTERS.sub("", _SEQUENCES.sub("", text)))
    return plain.encode("utf-8", "replace").decode("utf-8")


def shorten(text: str, limit: int) -> str:
    """Sanitize a text and shorten it to at most `limit` characters; a longer one ends in `…`."""
    plain = sanitize_text(text).strip()
    return plain if len(plain) <= limit else f"{plain[: limit - 1]}…"
