"""A reader of R's literals, by the grammar of its documentation (`?Quotes`, `?NumericConstants`), for values that parameters can have."""

import re
from typing import Any, Final

__all__ = ["read_r"]

_ESCAPES: Final = {"n": "\n", "r": "\r", "t": "\t", "\\": "\\", '"': '"', "'": "'"}
_TOKEN: Final = re.compile(
    r"""\s*(?:(?P<list>list\()|(?P<close>\))|(?P<comma>,)|(?P<equals>=)|(?P<word>TRUE|FALSE|NULL)
    |(?P<number>-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)|"(?P<text>(?:[^"\\]|\\.)*)")""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPE: Final = re.compile(r"\\(?:u([0-9a-f]{1,4})|U([0-9a-f]{1,8})|(.))", re.DOTALL)


def read_r(source: str) -> Any:
    """Return the value of an expression: a named list as a dictionary."""
    value, end = _read(source, 0)
    assert not source[end:].strip(), source[end:]
    return value


def _read(source: str, start: int) -> tuple[Any, int]:
    match = _TOKEN.match(source, start)
    assert match, source[start:]
    kind, text = match.lastgroup, match[match.lastgroup or 0]
    if kind == "word":
        return {"TRUE": True, "FALSE": False, "NULL": None}[text], match.end()
    if kind == "number":
        return (int(text) if re.fullmatch(r"-?\d+", text) else float(text)), match.end()
    if kind == "text":
        return _unescape(text), match.end()
    assert kind == "list", source[start:]
    return _read_list(source, match.end())


def _read_list(source: str, start: int) -> tuple[Any, int]:
    items: list[Any] = []
    names: list[Any] = []
    while True:
        match = _TOKEN.match(source, start)
        assert match, source[start:]
        if match["close"]:
            return (dict(zip(names, items, strict=True)) if names else items), match.end()
        item, start = _read(source, match.end() if match["comma"] else start)
        match = _TOKEN.match(source, start)
        if match and match["equals"]:
            names.append(item)
            item, start = _read(source, match.end())
        items.append(item)


def _unescape(text: str) -> str:
    def character(match: re.Match[str]) -> str:
        code = match[1] or match[2]
        assert not code or int(code, 16), r"R refuses \u0000"
        return chr(int(code, 16)) if code else _ESCAPES[match[3]]

    return _ESCAPE.sub(character, text)
