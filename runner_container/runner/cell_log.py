"""What cells print: in the notebook, the beginning and the end of each stream; as lines in the container's log, too."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from nbformat import NotebookNode

from runner.log import NOTEBOOK

__all__ = ["MAX_STREAM_CHARACTERS", "CellLog", "apply_carriage_returns"]

_LOG = logging.getLogger(__name__)
_NOTEBOOK = logging.getLogger(NOTEBOOK)
MAX_STREAM_CHARACTERS: Final = 1_000_000
"""The limit on what the notebook keeps of a cell's stdout, and of its stderr: some 10,000 lines, a page that a browser can still open."""
_HALF: Final = MAX_STREAM_CHARACTERS // 2
_SLACK_CHARACTERS: Final = 250_000
"""How much more than the limit a stream has before it is cut again: each cut goes through all outputs of the cell."""
_CHUNK_CHARACTERS: Final = 1 << 16
"""Chunks of a stream are joined up to this length. Without a limit, each chunk would copy the whole text again."""
_LINE_CHARACTERS: Final = 10_000
"""Text is cut at the end of a line if one is as near as this."""
_LOGGED_END_CHARACTERS: Final = 10_000
"""How much of the end of a stream the log has, after its beginning: an exception, or a result."""


def apply_carriage_returns(text: str) -> str:
    """Return a text as a terminal shows it: of each line, what follows the last carriage return. Progress bars rely on this."""
    if "\r" not in text:
        return text
    lines = [line.rstrip("\r").rpartition("\r")[2] + "\r" * line.endswith("\r") for line in text.split("\n")]
    return "\n".join(lines)


@dataclass
class _Cut:
    """A stream of a cell that was cut."""

    outputs: list[NotebookNode]
    """The cell's outputs."""
    note: NotebookNode
    """The output in place of what was cut."""
    start: list[NotebookNode] = field(default_factory=list)
    """The outputs before it, which no longer change."""
    characters: int = 0

    @property
    def is_shown(self) -> bool:
        """Whether the cell still has the note. `clear_output` removes it with all other outputs."""
        return any(output is self.note for output in self.outputs)


@dataclass
class _LoggedStream:
    """A stream of the running cell in the log."""

    rest: str = ""
    """An unfinished line."""
    left: int = _HALF
    """How many characters of the beginning can still be logged."""
    end: str = ""
    """The end so far, if the beginning is complete."""
    unlogged: int = 0
    """How many characters came after the beginning."""


@dataclass
class CellLog:
    """Adds what cells print to their outputs and to the log, and bounds both."""

    _number: int = 0
    _cuts: dict[tuple[int, str], _Cut] = field(default_factory=dict)
    _added: dict[str, int] = field(default_factory=dict)
    _streams: dict[str, _LoggedStream] = field(default_factory=dict)

    @property
    def cut_cells(self) -> list[int]:
        """The code cells whose text was cut, counted from 1."""
        return sorted({number for (number, _), cut in self._cuts.items() if cut.is_shown})

    def start_cell(self, number: int, total: int) -> None:
        """Log the start of a code cell, counted from 1."""
        self._number = number
        self._added.clear()
        self._streams.clear()
        _LOG.info("cell %d of %d", number, total)

    def write(self, name: str, text: str) -> None:
        """Log a chunk of a stream: the beginning at once, and the end when the cell ends.

        Parameters
        ----------
        name
            `stdout` or `stderr`.
        text
            The chunk, not always whole lines.
        """
        stream = self._streams.setdefault(name, _LoggedStream())
        if stream.left <= 0:
            stream.unlogged += len(text)
            stream.end = (stream.end + text)[-_LOGGED_END_CHARACTERS:]
            return
        shown = apply_carriage_returns(stream.rest + text)
        stream.left -= len(shown) - len(stream.rest)
        if stream.left < 0:
            stream.unlogged, stream.end = -stream.left, shown[stream.left :][-_LOGGED_END_CHARACTERS:]
            shown = shown[: stream.left]
        *lines, stream.rest = shown.split("\n")
        _log(lines)

    def add(self, outputs: list[NotebookNode], name: str, text: str) -> dict[int, int]:
        """Add a chunk of a stream to the outputs of the running cell, and cut the middle of the stream if it is too long.

        Parameters
        ----------
        outputs
            The cell's outputs, changed in place.
        name, text
            As for `write`.

        Returns
        -------
            The new index of each remaining output by its old index, if outputs were removed.
        """
        for chunk in _chunks(text):
            self._join(outputs, name, chunk)
        if self._added.get(name, 0) <= MAX_STREAM_CHARACTERS + _SLACK_CHARACTERS:
            return {}
        self._added[name] = MAX_STREAM_CHARACTERS
        return self._cut_middle(outputs, name)

    def end_cell(self, error: str = "") -> None:
        """Log unfinished lines, the ends of long streams, and the cell's error, if any."""
        for stream in self._streams.values():
            _log([stream.rest] if stream.rest else [])
            if stream.unlogged:
                count = stream.unlogged - len(stream.end)
                note = [f"[… {count:,} characters are not in the log; the end:]"] if count else []
                _log([*note, *apply_carriage_returns(stream.end).splitlines()])
        _log(error.splitlines())
        self._streams.clear()

    def _join(self, outputs: list[NotebookNode], name: str, text: str) -> None:
        last = outputs[-1] if outputs and _is_stream(outputs[-1], name) else None
        before = 0
        if last is None or len(last.text) > _CHUNK_CHARACTERS or self._is_note(last):
            last = _make_stream(name, apply_carriage_returns(text))
            outputs.append(last)
        else:
            before = len(last.text)
            last.text = apply_carriage_returns(last.text + text)
        self._added[name] = self._added.get(name, 0) + len(last.text) - before

    def _is_note(self, output: NotebookNode) -> bool:
        cut = self._cuts.get((self._number, output.name))
        return cut is not None and cut.note is output

    def _cut_middle(self, outputs: list[NotebookNode], name: str) -> dict[int, int]:
        cut = self._cuts.get((self._number, name))
        if cut is None or not cut.is_shown:
            cut = _Cut(outputs, _make_stream(name, ""))
        texts = [output for output in outputs if _is_stream(output, name) and output is not cut.note]
        total = sum(len(output.text) for output in texts)
        if total <= MAX_STREAM_CHARACTERS:
            return {}
        start = cut.start or _keep_beginning(texts)
        rest = texts[len(start) :]
        end = _keep_end(rest)
        cut.characters += total - sum(len(output.text) for output in (*start, *end))
        cut.start = start
        cut.note.text = (
            f"\n[… {cut.characters:,} characters of {name} are left out here: a notebook keeps the first and the last {_HALF:,}. "
            "Write long results to a file.]\n"
        )
        self._cuts[self._number, name] = cut
        dropped = {id(output) for output in rest} - {id(output) for output in end}
        return _replace(outputs, cut.note, after=start[-1], drop=dropped)


def _chunks(text: str) -> Iterator[str]:
    """Split a text, at the ends of lines if possible."""
    start = 0
    while start < len(text):
        end = start + _CHUNK_CHARACTERS
        end = end if end >= len(text) else text.rfind("\n", start, end) + 1 or end
        yield text[start:end]
        start = end


def _keep_beginning(texts: Sequence[NotebookNode]) -> list[NotebookNode]:
    """Return the first outputs, up to half of the limit; the last of them is shortened."""
    kept: list[NotebookNode] = []
    left = _HALF
    for output in texts:
        if len(output.text) >= left:
            line_end = output.text.rfind("\n", max(left - _LINE_CHARACTERS, 0), left) + 1
            if line_end or left > _LINE_CHARACTERS:
                output.text = output.text[: line_end or left]
                kept.append(output)
            break
        left -= len(output.text)
        kept.append(output)
    return kept


def _keep_end(texts: Sequence[NotebookNode]) -> list[NotebookNode]:
    """Return the last outputs, up to half of the limit; the first of them is shortened."""
    kept: list[NotebookNode] = []
    left = _HALF
    for output in reversed(texts):
        if len(output.text) > left:
            start = len(output.text) - left
            line_end = output.text.find("\n", start, start + _LINE_CHARACTERS) + 1
            output.text = output.text[line_end or start :]
            kept += [output] if output.text else []
            break
        left -= len(output.text)
        kept.append(output)
    return kept[::-1]


def _replace(outputs: list[NotebookNode], note: NotebookNode, *, after: NotebookNode, drop: set[int]) -> dict[int, int]:
    kept: list[NotebookNode] = []
    indexes: dict[int, int] = {}
    for index, output in enumerate(outputs):
        if id(output) in drop or output is note:
            continue
        indexes[index] = len(kept)
        kept.append(output)
        if output is after:
            kept.append(note)
    outputs[:] = kept
    return indexes


def _make_stream(name: str, text: str) -> NotebookNode:
    """Return an output without the validation of nbformat, which takes longer than everything else here."""
    return NotebookNode(output_type="stream", name=name, text=text)  # type: ignore[no-untyped-call]


def _is_stream(output: NotebookNode, name: str) -> bool:
    return bool(output.output_type == "stream" and output.name == name)


def _log(lines: Sequence[str]) -> None:
    if lines:
        _NOTEBOOK.info("%s", "\n".join(lines))
