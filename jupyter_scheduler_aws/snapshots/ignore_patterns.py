"""Read ignore files: git's patterns, matched against one file or folder at a time, as git does."""

import re
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from jupyter_scheduler_aws.errors import SnapshotError

__all__ = ["IgnorePatterns", "read_ignore_file"]

_MISREAD: Final = re.compile(r"(?<!\\)\[[!^]?\]?[^]]*(?:\\|\[:)")
"""A backslash or a class such as `[:digit:]` between brackets, which pathspec and git read differently."""

_REGEX_PART: Final = re.compile(r"\\.|\[\^?\]?[^]]*\]")
"""An escaped character, or a set of characters, in a regular expression of pathspec."""


@dataclass(frozen=True)
class _Pattern:
    regex: re.Pattern[str]
    """Matches the whole path; a folder's ends in `/`."""
    ignores: bool
    """False if the pattern starts with `!`."""


@dataclass(frozen=True)
class IgnorePatterns:
    """The patterns of one ignore file."""

    _patterns: tuple[_Pattern, ...] = ()
    """In reverse order."""

    @classmethod
    def parse(cls, lines: Iterable[str], *, source: str) -> Self:
        """Parse lines, each a pattern, a comment, or empty; `source` names their file in an error message.

        Raises
        ------
        SnapshotError
            If a line is not a pattern, even if git would silently ignore it.
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

    def match(self, path: str, *, is_folder: bool) -> bool | None:
        """Return whether a file or folder is ignored; None if no pattern matches it. Its parents do not count.

        The path is relative to the folder of the ignore file, with `/`.
        """
        whole = f"{path}/" if is_folder else path
        return next((pattern.ignores for pattern in self._patterns if pattern.regex.fullmatch(whole)), None)


def read_ignore_file(path: Path) -> IgnorePatterns:
    """Read an ignore file.

    Raises
    ------
    SnapshotError
        If it cannot be read, is not text, or has a line that is not a pattern.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise SnapshotError(f"{path} cannot be read: {error.strerror or error}.") from error
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise SnapshotError(f"{path}, line {line}: the line is not UTF-8 text. Save the file as UTF-8.") from None
    return IgnorePatterns.parse((line.removesuffix("\r") for line in text.split("\n")), source=str(path))


def _without_trailing_spaces(line: str) -> str:
    text = line.rstrip(" ")
    backslashes = len(text) - len(text.rstrip("\\"))
    return f"{text} " if backslashes % 2 and text != line else text


def _pattern_of(text: str) -> _Pattern:
    # Its import takes as long as that of the rest of this package, and most commands pack no folder.
    from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern  # noqa: PLC0415

    if _MISREAD.search(text):
        raise ValueError(text)
    start = "!" if text.startswith("!") else ""
    core, end = text.removeprefix("!"), ""
    if core.endswith("/"):
        core, end = core[:-1], "/"
    # With a star alone at the end, pathspec's regular expression would match only a part of the path.
    folder, slash, last = core.rpartition("/")
    core = folder + slash + {"*": "?*", "**": "**/?*"}.get(last, last)
    regex, ignores = GitIgnoreSpecPattern.pattern_to_regex(start + core + end)
    if regex is None or ignores is None:
        raise ValueError(text)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # about sets such as [[]
        return _Pattern(re.compile(_REGEX_PART.sub(_without_slash, regex), re.DOTALL), ignores)


def _without_slash(part: re.Match[str]) -> str:
    """Prevent a set of characters from matching the `/` between names."""
    is_set = part[0].startswith("[") and part[0] != "[^/]"
    return f"(?!/){part[0]}" if is_set else part[0]
