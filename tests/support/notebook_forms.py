"""Forms of notebooks, and whether they can run: client, service and runner are held to this list."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

__all__ = ["FORMS", "Form", "cell_of", "notebook_of", "old_notebook_of"]

KERNEL: Final = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}


@dataclass(frozen=True)
class Form:
    """A notebook in some form."""

    content: bytes
    problem: str | None = None
    """Why it cannot run; None if it can."""
    repairs: tuple[str, ...] = ()
    """What the runner says that it repaired."""
    source: str = "x = 1"
    """The text of its first cell after the repair."""


def cell_of(**changes: Any) -> dict[str, Any]:
    """Make a valid cell, with changes; `...` removes a field."""
    cell = {
        "id": "a",
        "cell_type": "code",
        "metadata": {},
        "source": "x = 1",
        "outputs": [],
        "execution_count": None,
        **changes,
    }
    return {name: value for name, value in cell.items() if value is not ...}


def notebook_of(*cells: Any, **changes: Any) -> bytes:
    """Make a notebook in format 4.5, with changes; `...` removes a field."""
    notebook = {"nbformat": 4, "nbformat_minor": 5, "metadata": KERNEL, "cells": list(cells or [cell_of()]), **changes}
    return json.dumps({name: value for name, value in notebook.items() if value is not ...}).encode()


def old_notebook_of(*cells: Any, version: Any = 3, **changes: Any) -> bytes:
    """Make a notebook in format 3, with changes; `...` removes a field."""
    found = list(cells or [_old_cell()])
    notebook = {"nbformat": version, "nbformat_minor": 0, "metadata": {"name": ""}, "worksheets": [{"cells": found}]}
    return json.dumps({name: value for name, value in (notebook | changes).items() if value is not ...}).encode()


def _old_cell(**changes: Any) -> dict[str, Any]:
    cell = {"cell_type": "code", "language": "python", "input": ["x = 1"], "outputs": [], "collapsed": False, **changes}
    return {name: value for name, value in cell.items() if value is not ...}


def _nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


_OLD_OUTPUTS: Final = [
    {"output_type": "pyout", "prompt_number": 1, "text": ["1"]},
    {"output_type": "pyerr", "ename": "E", "evalue": "e", "traceback": []},
    {"output_type": "stream", "stream": "stdout", "text": "1"},
    {"output_type": "display_data", "json": "not JSON", "png": "iVBO"},
]
_WHOLE: Final = notebook_of()
_RUNS: Final[Mapping[str, Form]] = {
    "valid": Form(_WHOLE),
    "no cells": Form(notebook_of(cells=[]), source=""),
    "with a byte order mark": Form(b"\xef\xbb\xbf" + _WHOLE),
    "a kernelspec without a name": Form(notebook_of(metadata={"kernelspec": {"display_name": "Python"}})),
    "a kernelspec without a display name": Form(notebook_of(metadata={"kernelspec": {"name": "python3"}})),
    "a kernelspec with a number as its name": Form(
        notebook_of(metadata={"kernelspec": {"name": 3}}), repairs=("kernelspec: name",)
    ),
    "a kernelspec that is text": Form(notebook_of(metadata={"kernelspec": "python3"}), repairs=("kernelspec",)),
    "language_info without a name": Form(notebook_of(metadata={"language_info": {"version": "3"}})),
    "no metadata": Form(notebook_of(metadata=...)),
    "metadata null": Form(notebook_of(metadata=None)),
    "metadata as an empty list": Form(notebook_of(metadata=[])),
    "metadata as text": Form(notebook_of(metadata="x"), repairs=("metadata",)),
    "deep metadata": Form(notebook_of(metadata={"a": _nested(200)}), repairs=("metadata",)),
    "metadata of papermill as text": Form(notebook_of(metadata={"papermill": "x"}), repairs=("papermill",)),
    "no nbformat_minor": Form(notebook_of(nbformat_minor=...)),
    "nbformat_minor as text": Form(notebook_of(nbformat_minor="5")),
    "an unknown nbformat_minor": Form(notebook_of(nbformat_minor=9)),
    "nbformat with a fraction of zero": Form(notebook_of(nbformat=4.0)),
    "format 4.0": Form(notebook_of(cell_of(id=...), nbformat_minor=0)),
    "an id in format 4.4": Form(notebook_of(nbformat_minor=4)),
    "unknown fields": Form(notebook_of(cell_of(extra=1), extra=1)),
    "the same field twice": Form(b'{"cells": [1], "nbformat": 9, ' + _WHOLE[1:]),
    "no id": Form(notebook_of(cell_of(id=...))),
    "a number as an id": Form(notebook_of(cell_of(id=1))),
    "a list as an id": Form(notebook_of(cell_of(id=[]))),
    "an id with a space": Form(notebook_of(cell_of(id="a b"))),
    "the same id twice": Form(notebook_of(cell_of(), cell_of())),
    "no outputs": Form(notebook_of(cell_of(outputs=...))),
    "outputs null": Form(notebook_of(cell_of(outputs=None))),
    "outputs as text": Form(notebook_of(cell_of(outputs="x"))),
    "odd outputs": Form(notebook_of(cell_of(outputs=[1, None, {}, {"output_type": "x"}, {"output_type": "stream"}]))),
    "outputs of format 3": Form(notebook_of(cell_of(outputs=_OLD_OUTPUTS))),
    "deep outputs": Form(notebook_of(cell_of(outputs=_nested(300)))),
    "no execution_count": Form(notebook_of(cell_of(execution_count=...))),
    "execution_count as text": Form(notebook_of(cell_of(execution_count="1"))),
    "no metadata of a cell": Form(notebook_of(cell_of(metadata=...))),
    "metadata of a cell as text": Form(notebook_of(cell_of(metadata="x")), repairs=("cell 1: metadata",)),
    "metadata of another type": Form(
        notebook_of(
            cell_of(), cell_of(metadata={"collapsed": "yes", "jupyter": 1, "execution": [1], "papermill": "x"})
        ),
        repairs=("cell 2: collapsed", "cell 2: execution", "cell 2: jupyter", "cell 2: papermill"),
    ),
    "tags as text": Form(notebook_of(cell_of(metadata={"tags": "parameters"})), repairs=("cell 1: tags",)),
    "tags null": Form(notebook_of(cell_of(metadata={"tags": None}))),
    "a tag that is a number": Form(notebook_of(cell_of(metadata={"tags": [1, "a"]})), repairs=("cell 1: tags",)),
    "the same tag twice": Form(notebook_of(cell_of(metadata={"tags": ["a", "a"]}))),
    "attachments as text": Form(
        notebook_of(cell_of(cell_type="markdown", attachments="x")), repairs=("cell 1: attachments",)
    ),
    "an attachment as text": Form(
        notebook_of(cell_of(cell_type="markdown", attachments={"a.png": "x", "b.png": {"image/png": "eA=="}})),
        repairs=("cell 1: a.png",),
    ),
    "a deep unknown field": Form(notebook_of(cell_of(extra=_nested(200))), repairs=("cell 1: extra",)),
    "text in lines": Form(notebook_of(cell_of(source=["x", " = ", "1"]))),
    "text as an empty list": Form(notebook_of(cell_of(source=[])), source=""),
    "no text": Form(notebook_of(cell_of(source=...)), repairs=("cell 1: source",), source=""),
    "text null": Form(notebook_of(cell_of(source=None)), repairs=("cell 1: source",), source=""),
    "a raw cell without metadata": Form(notebook_of({"cell_type": "raw", "source": "x = 1"})),
    "an escaped type": Form(_WHOLE.replace(b'"cell_type": "code"', b'"cell\\u005ftype": "c\\u006fde"')),
    "NaN": Form(notebook_of(cell_of(metadata={"a": [float("nan"), float("inf"), float("-inf")]}))),
    "NaN as metadata": Form(_WHOLE.replace(b'"metadata": {}', b'"metadata": NaN'), repairs=("cell 1: metadata",)),
    "a number of 5,000 digits": Form(_WHOLE.replace(b'"metadata": {}', b'"metadata": {"a": ' + b"9" * 5000 + b"}")),
    "half a character in an output": Form(notebook_of(cell_of(outputs=["\ud83d"]))),
    "half a character in a text": Form(
        notebook_of(cell_of(source="x = '\ud83d'")),
        repairs=("characters that are not Unicode, replaced by question marks",),
        source="x = '?'",
    ),
    "a whole character in two escapes": Form(
        notebook_of(cell_of(source="x = '\U0001f4a5'")), source="x = '\U0001f4a5'"
    ),
    "format 3": Form(old_notebook_of(), repairs=("format 3, upgraded to 4",)),
    "format 2": Form(old_notebook_of(version=2), repairs=("format 2, upgraded to 4",)),
    "format 3 with lines without ends": Form(
        old_notebook_of(_old_cell(input=["x = 1", "y = 2"])),
        repairs=("format 3, upgraded to 4",),
        source="x = 1\ny = 2",
    ),
    "format 3 with all types of cells": Form(
        old_notebook_of(
            {"cell_type": "heading", "level": 2, "source": "x = 1"},
            {"cell_type": "html", "source": "<b>"},
            {"cell_type": "raw", "source": "r"},
            {"cell_type": "markdown", "source": ["m"]},
            _old_cell(),
        ),
        repairs=("format 3, upgraded to 4",),
        source="## x = 1",
    ),
    "format 3 with an odd level": Form(
        old_notebook_of({"cell_type": "heading", "level": 10**9, "source": "x = 1"}),
        repairs=("format 3, upgraded to 4",),
        source="###### x = 1",
    ),
    "format 3 with outputs": Form(
        old_notebook_of(_old_cell(outputs=_OLD_OUTPUTS, prompt_number=7)), repairs=("format 3, upgraded to 4",)
    ),
    "format 3 without optional fields": Form(
        old_notebook_of({"cell_type": "code", "input": "x = 1"}, metadata=..., nbformat_minor=...),
        repairs=("format 3, upgraded to 4",),
    ),
    "format 3 with an empty cell": Form(
        old_notebook_of(_old_cell(input=...)), repairs=("format 3, upgraded to 4",), source=""
    ),
    "format 3 without worksheets in its list": Form(
        old_notebook_of(worksheets=[]), repairs=("format 3, upgraded to 4",), source=""
    ),
    "format 3 with two worksheets": Form(
        old_notebook_of(worksheets=[{"cells": [_old_cell()]}, {"cells": [_old_cell(metadata=1)], "metadata": 3}]),
        repairs=("cell 1: metadata", "format 3, upgraded to 4"),
    ),
}
"""Notebooks that run."""

_MANY_CELLS: Final = b'{"cell_type": "raw"},' * 50_000 + b'{"cell_type": "raw"}'
_TOO_MANY_CELLS: Final = "cannot run: it has more than 100,000 cells"
_NOT_UTF_8: Final = "is not a notebook: it is not UTF-8 text"
_NOT_JSON: Final = "is not a notebook: it is not JSON"
_NO_OBJECT: Final = "is not a notebook: it is not a JSON object"
_NO_FORMAT: Final = "is not a notebook of the formats 2, 3 and 4: check its nbformat"
_NO_CELLS: Final = "is not a notebook: its cells are not a list"
_NO_WORKSHEETS: Final = "is not a notebook: its worksheets are not a list of objects"
_CANNOT_RUN: Final[Mapping[str, Form]] = {
    "nothing": Form(b"", _NOT_JSON),
    "a program": Form(b"print(1)", _NOT_JSON),
    "two values": Form(_WHOLE + b"1", _NOT_JSON),
    "a number": Form(b"1", _NO_OBJECT),
    "null": Form(b"null", _NO_OBJECT),
    "a list": Form(b"[" + _WHOLE + b"]", _NO_OBJECT),
    "cut off": Form(_WHOLE[:-1], _NOT_JSON),
    "with a comma at the end": Form(_WHOLE[:-1] + b",}", _NOT_JSON),
    "with a raw line end in a text": Form(_WHOLE.replace(b"x = 1", b"x =\n 1"), _NOT_JSON),
    "an unknown escape": Form(_WHOLE.replace(b"x = 1", b"\\x"), _NOT_JSON),
    "too deep": Form(notebook_of(cell_of(outputs="O")).replace(b'"O"', b"[" * 100_000 + b"]" * 100_000), _NOT_JSON),
    "minus NaN": Form(_WHOLE.replace(b'"metadata": {}', b'"metadata": -NaN'), _NOT_JSON),
    "a NaN of four characters": Form(_WHOLE.replace(b'"metadata": {}', b'"metadata": 1NaN'), _NOT_JSON),
    "two byte order marks": Form(b"\xef\xbb\xbf" * 2 + _WHOLE, _NOT_JSON),
    "UTF-16": Form(_WHOLE.decode().encode("utf-16"), _NOT_UTF_8),
    "UTF-16 without a byte order mark": Form(_WHOLE.decode().encode("utf-16-le"), _NOT_JSON),
    "Latin-1": Form(_WHOLE.replace(b"x = 1", b"# \xe9"), _NOT_UTF_8),
    "cut off within a character": Form(_WHOLE + b"\xf0\x9f", _NOT_UTF_8),
    "no nbformat": Form(notebook_of(nbformat=...), _NO_FORMAT),
    "nbformat null": Form(notebook_of(nbformat=None), _NO_FORMAT),
    "nbformat as text": Form(notebook_of(nbformat="4"), _NO_FORMAT),
    "nbformat true": Form(notebook_of(nbformat=True), _NO_FORMAT),
    "nbformat as a list": Form(notebook_of(nbformat=[4]), _NO_FORMAT),
    "nbformat NaN": Form(notebook_of(nbformat=float("nan")), _NO_FORMAT),
    "nbformat 4.5": Form(notebook_of(nbformat=4.5), _NO_FORMAT),
    "nbformat 5": Form(notebook_of(nbformat=5), _NO_FORMAT),
    "nbformat 1": Form(notebook_of(nbformat=1), _NO_FORMAT),
    "nbformat of 5,000 digits": Form(notebook_of(nbformat="N").replace(b'"N"', b"9" * 5000), _NO_FORMAT),
    "no list of cells": Form(notebook_of(cells=...), _NO_CELLS),
    "cells null": Form(notebook_of(cells=None), _NO_CELLS),
    "cells as an object": Form(notebook_of(cells={"a": cell_of()}), _NO_CELLS),
    "worksheets in format 4": Form(old_notebook_of(version=4), _NO_CELLS),
    "a cell that is text": Form(notebook_of(cell_of(), "x"), "cannot run: cell 2 is not an object"),
    "a cell that is a list": Form(notebook_of([]), "cannot run: cell 1 is not an object"),
    "no type": Form(
        notebook_of(*[cell_of()] * 10, cell_of(cell_type=...)),
        "cannot run: the cell_type of cell 11 is none of code, markdown, raw",
    ),
    "an unknown type": Form(
        notebook_of(cell_of(cell_type="sql")), "cannot run: the cell_type of cell 1 is none of code, markdown, raw"
    ),
    "a type of format 3": Form(
        notebook_of(cell_of(cell_type="heading")), "cannot run: the cell_type of cell 1 is none of code, markdown, raw"
    ),
    "a list as a type": Form(
        notebook_of(cell_of(cell_type=["code"])), "cannot run: the cell_type of cell 1 is none of code, markdown, raw"
    ),
    "a number as text": Form(notebook_of(cell_of(source=1)), "cannot run: the source of cell 1 is not text"),
    "NaN as text": Form(notebook_of(cell_of(source=float("nan"))), "cannot run: the source of cell 1 is not text"),
    "an object as text": Form(notebook_of(cell_of(source={})), "cannot run: the source of cell 1 is not text"),
    "a number among lines": Form(
        notebook_of(cell_of(), cell_of(source=["x", 1])), "cannot run: the source of cell 2 is not text"
    ),
    "null among lines": Form(notebook_of(cell_of(source=[None])), "cannot run: the source of cell 1 is not text"),
    "a list among lines": Form(
        notebook_of(cell_of(source=["x", ["y"]])), "cannot run: the source of cell 1 is not text"
    ),
    "too many cells": Form(
        notebook_of(cells=["C", "C"]).replace(b'"C"', _MANY_CELLS),
        _TOO_MANY_CELLS,
    ),
    "too many cells in two worksheets": Form(
        old_notebook_of(worksheets=[{"cells": ["C"]}] * 2).replace(b'"C"', _MANY_CELLS), _TOO_MANY_CELLS
    ),
    "too many worksheets": Form(old_notebook_of(worksheets=[{"cells": []}] * 100_001), _TOO_MANY_CELLS),
    "a number after 100,000 cells": Form(
        notebook_of(cells=["C", "D", 1]).replace(b'"C"', _MANY_CELLS).replace(b'"D"', _MANY_CELLS[: 21 * 49_999 - 1]),
        "cannot run: cell 100001 is not an object",
    ),
    "cells in format 3": Form(notebook_of(nbformat=3), _NO_WORKSHEETS),
    "a worksheet that is a number": Form(old_notebook_of(worksheets=[1]), _NO_WORKSHEETS),
    "worksheets as an object": Form(old_notebook_of(worksheets={}), _NO_WORKSHEETS),
    "a worksheet without cells": Form(old_notebook_of(worksheets=[{}]), _NO_CELLS),
    "a worksheet of a wrong cell before another problem": Form(
        old_notebook_of(worksheets=[{"cells": [1]}, 1]), "cannot run: cell 1 is not an object"
    ),
    "an unknown type in format 3": Form(
        old_notebook_of(_old_cell(cell_type="sql")),
        "cannot run: the cell_type of cell 1 is none of code, heading, html, markdown, raw",
    ),
    "a number as input in format 3": Form(
        old_notebook_of(_old_cell(input=1)), "cannot run: the input of cell 1 is not text"
    ),
}
"""Notebooks that cannot run."""

FORMS: Final[Mapping[str, Form]] = {**_RUNS, **_CANNOT_RUN}
"""The notebooks, by their form."""
