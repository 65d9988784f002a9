"""Notes in the executed notebook that show where and why the run ended, as papermill makes them for errors."""

from typing import Final

import nbformat
from nbformat import NotebookNode

from runner.exit_codes import Code
from runner.papermill_without_stores import (
    ERROR_ANCHOR_MSG,
    ERROR_MARKER_TAG,
    ERROR_MESSAGE_TEMPLATE,
    ERROR_STYLE,
)

__all__ = ["add_end_notes"]

_REASONS: Final = {
    Code.STOPPED: "it was stopped",
    Code.TIMEOUT: "it reached its maximum run time",
    Code.TERMINATED: "its container was terminated",
    Code.KERNEL_DIED: "the kernel ended by itself",
    Code.OUT_OF_MEMORY: "the memory was full",
}


def add_end_notes(notebook: NotebookNode, code: Code, *, index: int) -> None:
    """Add a note at the top of a notebook that links to the cell where the run failed or ended, and an anchor before that cell.

    Parameters
    ----------
    notebook
        The notebook, changed in place. papermill's tag marks the notes, so the next run removes them.
    code
        Why the run ended: an error of a cell, as papermill describes it, or another reason.
    index
        The position of the cell.
    """
    cell = notebook.cells[index]
    place = cell.get("execution_count")
    top, anchor = ERROR_MESSAGE_TEMPLATE % place, ERROR_ANCHOR_MSG
    if reason := _REASONS.get(code):
        link = f'<a href="#papermill-error-cell">In [{place}]</a>'
        top = f"<span {ERROR_STYLE}>The run ended at '{link}': {reason}.</span>"
        anchor = f'<span id="papermill-error-cell" {ERROR_STYLE}>The run ended in this cell: {reason}.</span>'
    notebook.cells.insert(index, _make_note(anchor))
    notebook.cells.insert(0, _make_note(top))


def _make_note(text: str) -> NotebookNode:
    note: NotebookNode = nbformat.v4.new_markdown_cell(text)  # type: ignore[no-untyped-call]
    note.metadata["tags"] = [ERROR_MARKER_TAG]
    return note
