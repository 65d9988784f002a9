"""Reads ignore files: git's patterns, each asked about one file or folder at a time, as git does it."""

import re
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

from jupyter_scheduler_aws.errors import SnapshotError

__all__ = ["IgnorePatterns", "read_ignore_file"]

_MISREAD: Final = re.compile(r"(?<!\\)\[[!^]?\]?[^]]*(?:\\|\[:)")
"""A backslash or a class such as `[:digit:]` between brackets, of which pathspec makes something else than git."""

_REGEX_PART: Final = re.compile(r"\\.|\[\^?\]?[^]]*\]")
"""An escaped character, or a set of characters, in a regular expression of pathspec."""


@dataclass(frozen=True)
class _Pattern:
    regex: re.Pattern[str]
    """For the whole path; that of a folder ends in `/`."""
    ignores: bool
    """False if it begins with `!`."""


@dataclass(frozen=True)
class IgnorePatterns:
    """The patterns of one ignore file."""

    _patterns: tuple[_Pattern, ...] = ()
    """The last first."""

    @classmethod
    def parse(cls, lines: Iterable[str], *, source: str) -> Self:
        """Read patterns.

        Parameters
        ----------
        lines
            A pattern, a comment or nothing each.
        source
            Where they are from, for the message.

        Raises
        ------
        SnapshotError
            If a line is not a pattern; those that git passes over are told, too.
        """
        found: list[_Pattern] = []
        for number, line in enumerate(lines, start=1):
            text = _without_trailing_spaces(line)
            if text in ("", "/", "!/") or text.startswith("#"):
                continue
            try:
                found.append(_pattern_of(text))
            except (ValueError, re.error):
                raise SnapshotError(
                    f"{source}, line {number}: {text!r} is not a pattern. "
                    "Write it as for .gitignore, or put a backslash before a [ or \\ that is part of a name."
                ) from None
        return cls(tuple(reversed(found)))

    def verdict(self, path: str, *, is_folder: bool) -> bool | None:
        """Say whether something is ignored; None if no pattern is about it. What is said of its parents does not count.

        Parameters
        ----------
        path
            Relative to the folder of the ignore file, with `/`.
        is_folder
            Whether it is a folder.
        """
        whole = f"{path}/" if is_folder else path
        return next((each.ignores for each in self._patterns if each.regex.fullmatch(whole)), None)


def read_ignore_file(path: Path) -> IgnorePatterns:
    """Read an ignore file.

    Raises
    ------
    SnapshotError
        If it cannot be read, or is not text, or a line of it is not a pattern.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise SnapshotError(f"{path} cannot be read: {error.strerror or error}.") from error
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise SnapshotError(f"{path}, line {line}: this is not UTF-8 text. Save the file as UTF-8.") from None
    return IgnorePatterns.parse((line.removesuffix("\r") for line in text.split("\n")), source=str(path))


def _without_trailing_spaces(line: str) -> str:
    text = line.rstrip(" ")
    backslashes = len(text) - len(text.rstrip("\\"))
    return f"{text} " if backslashes % 2 and text != line else text


def _pattern_of(text: str) -> _Pattern:
    if _MISREAD.search(text):
        raise ValueError(text)
    start = "!" if text.startswith("!") else ""
    core, end = text.removeprefix("!"), ""
    if core.endswith("/"):
        core, end = core[:-1], "/"
    # Alone, a star at the end makes a regular expression that is content with a part of the path.
    folder, slash, last = core.rpartition("/")
    core = folder + slash + {"*": "?*", "**": "**/?*"}.get(last, last)
    regex, ignores = GitIgnoreSpecPattern.pattern_to_regex(start + core + end)
    if regex is None or ignores is None:
        raise ValueError(text)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # of sets such as [[]
        return _Pattern(re.compile(_REGEX_PART.sub(_without_slash, regex), re.DOTALL), ignores)


def _without_slash(part: re.Match[str]) -> str:
    """Keep a set of characters from matching the `/` between names."""
    is_set = part[0].startswith("[") and part[0] != "[^/]"
    return f"(?!/){part[0]}" if is_set else part[0]
