"""Which outputs of a run are uploaded as they are, which go into one zip, and which are left out, if limits do not admit them all.

No input or output: the caller knows the files and the limits.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from runner.uploads import MAX_PUT_BYTES, Output

__all__ = ["Selection", "select_outputs"]

_DIGITS: Final = re.compile(r"\d+")
_MEMBER_BYTES: Final = 200
"""More than what a zip stores for each member besides its name (twice) and its content."""
_INCOMPRESSIBLE: Final = 1000
"""Deflate makes content that cannot be compressed larger, by less than one part in 1,000 (RFC 1951: 5 bytes per block)."""


@dataclass(frozen=True, kw_only=True)
class Selection:
    """Every output is in exactly one of the three, in the order of the rule."""

    separate: Sequence[Output]
    """To upload, each by itself."""
    packed: Sequence[Output]
    """To upload in one zip: they exceed the limit on the number of files."""
    left_out: Sequence[Output]
    """They exceed the limit on the size."""


def select_outputs(outputs: Sequence[Output], *, max_files: int, max_bytes: int) -> Selection:
    """Select the outputs that keep the most results.

    The first of each kind comes first, small ones before large ones, then the second of each kind, and so on. Files are of one kind
    if their paths differ only in digits, or if they have the same folder and extension. So neither thousands of small files nor
    one huge file push out the others.

    Parameters
    ----------
    outputs
        Outputs with different paths.
    max_files, max_bytes
        How many files, and how many bytes in total, can be uploaded. The zip counts as one file.
    """
    kept: list[Output] = []
    left_out: list[Output] = []
    left_bytes = max_bytes
    for output in _in_order(outputs):
        fits = output.size_bytes <= min(left_bytes, MAX_PUT_BYTES)
        (kept if fits else left_out).append(output)
        left_bytes -= output.size_bytes * fits
    if len(kept) <= max_files:
        return Selection(separate=kept, packed=(), left_out=left_out)
    count = max(max_files - 1, 0)
    separate, rest = kept[:count], kept[count:]
    if max_files < 1:
        return Selection(separate=(), packed=(), left_out=[*rest, *left_out])
    zip_bytes = min(max_bytes - sum(output.size_bytes for output in separate), MAX_PUT_BYTES)
    packed: list[Output] = []
    for output in rest:
        size = output.size_bytes + output.size_bytes // _INCOMPRESSIBLE + 2 * len(output.path.encode()) + _MEMBER_BYTES
        (packed if size <= zip_bytes else left_out).append(output)
        zip_bytes -= size if size <= zip_bytes else 0
    return Selection(separate=separate, packed=packed, left_out=left_out)


def _in_order(outputs: Sequence[Output]) -> list[Output]:
    alike: Counter[tuple[str, str]] = Counter()
    kinds: Counter[tuple[str, str]] = Counter()
    turns: dict[str, int] = {}
    for output in sorted(outputs, key=lambda output: output.path):
        path = PurePosixPath(_DIGITS.sub("0", output.path))
        folder, suffix = str(path.parent), path.suffix.lower()
        if (folder, path.name) not in alike:
            kinds[folder, suffix] += 1
            alike[folder, path.name] = kinds[folder, suffix] - 1
        turns[output.path] = alike[folder, path.name]
        alike[folder, path.name] += 1
    return sorted(outputs, key=lambda output: (turns[output.path], output.size_bytes, output.path))
