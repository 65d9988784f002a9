"""The state diagram in docs/architecture.md, generated from the table of transitions by `python -m tests.support.diagram`."""

import re
from pathlib import Path
from typing import Final

from chalicelib.domain.job import JobStatus
from chalicelib.domain.transitions import TRANSITIONS

__all__ = ["DOCUMENT", "block_in", "draw", "insert"]

DOCUMENT: Final = Path(__file__).parents[2] / "docs" / "architecture.md"

_BLOCK: Final = re.compile(r"(?<=<!-- transitions:begin -->\n).*?(?=<!-- transitions:end -->)", re.DOTALL)


def draw() -> str:
    """Return the table as a Mermaid state diagram, with an arrow for each pair of statuses that a transition connects."""
    arrows = [
        f"{source} --> {transition.target}: {transition.name}"
        for transition in TRANSITIONS.values()
        for source in JobStatus
        if source in transition.sources
    ]
    ends = [f"{status} --> [*]" for status in JobStatus if status.is_terminal]
    lines = ["stateDiagram-v2", "    [*] --> CREATED: create", *(f"    {line}" for line in arrows + ends)]
    return "\n".join(["```mermaid", *lines, "```", ""])


def block_in(text: str) -> str:
    """Find the diagram in a document.

    Raises
    ------
    ValueError
        If the document has no such block, or several.
    """
    blocks = _BLOCK.findall(text)
    if len(blocks) != 1:
        raise ValueError(
            f"The document has {len(blocks)} blocks between transitions:begin and transitions:end, not one."
        )
    return str(blocks[0])


def insert(text: str) -> str:
    """Replace the diagram in a document.

    Raises
    ------
    ValueError
        If the document has no such block, or several.
    """
    return text.replace(block_in(text), draw())


if __name__ == "__main__":
    DOCUMENT.write_text(insert(DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")
