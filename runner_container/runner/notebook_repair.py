"""Repair a notebook that can run: in the runner's copy, before nbformat and papermill read it."""

import json
import re
import uuid
from collections.abc import MutableMapping
from typing import Any, Final

from runner.notebook_rules import OLD_FORMATS, text_key

__all__ = ["repair_notebook"]

_MAX_DEPTH: Final = 100
"""How deep metadata and the like may be nested. nbformat and papermill copy them with Python's recursion, of 1,000 calls."""

_ID: Final = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_MAX_LEVEL: Final = 6
"""The smallest heading of Markdown."""

_METADATA_TYPES: Final[dict[str, type | tuple[type, ...]]] = {"authors": list, "papermill": dict, "title": str}
_CELL_METADATA_TYPES: Final[dict[str, type | tuple[type, ...]]] = {
    "collapsed": bool,
    "execution": dict,
    "format": str,
    "jupyter": dict,
    "name": str,
    "papermill": dict,
    "scrolled": (bool, str),
    "tags": list,
}
"""Types of the metadata that nbformat's schema, nbclient and papermill rely on."""

_Object = MutableMapping[str, Any]


def repair_notebook(notebook: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Repair a notebook, in its own format.

    Stored outputs are removed without a word, because a run replaces them.

    Parameters
    ----------
    notebook
        What `parse_notebook` returned; changed in place.

    Returns
    -------
        The repaired notebook, and what was repaired that its owner would notice, such as `cell 3: metadata`.
    """
    repairs: list[str] = []
    is_old = notebook["nbformat"] in OLD_FORMATS
    sheets = notebook["worksheets"] if is_old else [notebook]
    seen: set[str] = set()
    for sheet in sheets:
        for number, cell in enumerate(sheet["cells"], start=1):
            _repair_cell(cell, repairs, f"cell {number}: ", is_old=is_old)
            if not is_old:
                _repair_id(cell, seen)
    metadata = _object(notebook, "metadata", repairs, "")
    _repair_types(metadata, _METADATA_TYPES, repairs, "")
    _repair_kernel(metadata, repairs)
    repaired: dict[str, Any] = {"nbformat": int(notebook["nbformat"]), "metadata": metadata}
    if is_old:
        _keep_language(metadata, sheets)
        repairs.append(f"format {repaired['nbformat']}, upgraded to 4")
        repaired |= {"nbformat_minor": 0, "worksheets": [{"cells": sheet["cells"], "metadata": {}} for sheet in sheets]}
    else:
        repaired |= {"nbformat_minor": 5, "cells": notebook["cells"]}
    return _with_whole_characters(repaired, repairs), repairs


def _repair_cell(cell: _Object, repairs: list[str], label: str, *, is_old: bool) -> None:
    is_code = cell["cell_type"] == "code"
    key = text_key(cell, is_old=is_old)
    if cell.get(key) is None:
        if not (is_old and is_code):  # where an empty cell has no text
            repairs.append(label + key)
        cell[key] = ""
    if is_code:
        cell["outputs"] = []
        cell["prompt_number" if is_old else "execution_count"] = None
    if is_old:
        _repair_old_cell(cell)
    metadata = _object(cell, "metadata", repairs, label)
    _repair_types(metadata, _CELL_METADATA_TYPES, repairs, label)
    if "tags" in metadata:
        _repair_tags(metadata, repairs, label)
    if "attachments" in cell:
        files = _object(cell, "attachments", repairs, label)
        _repair_types(files, dict.fromkeys(files, dict), repairs, label)
    for name in [name for name, value in cell.items() if _is_deep(value, _MAX_DEPTH)]:
        del cell[name]
        repairs.append(label + name)


def _repair_old_cell(cell: _Object) -> None:
    """Add what nbformat expects before it upgrades a cell."""
    if cell["cell_type"] == "heading":
        level = cell.get("level")
        cell["level"] = min(max(level, 1), _MAX_LEVEL) if isinstance(level, int) else 1
    elif cell["cell_type"] == "code" and not isinstance(cell.get("language"), str):
        cell["language"] = ""
    if not isinstance(cell.get("collapsed", True), bool):
        del cell["collapsed"]


def _repair_id(cell: _Object, seen: set[str]) -> None:
    found = cell.get("id")
    if not isinstance(found, str) or not _ID.fullmatch(found) or found in seen:
        cell["id"] = found = uuid.uuid4().hex[:8]
    seen.add(found)


def _repair_tags(metadata: _Object, repairs: list[str], label: str) -> None:
    valid = [tag for tag in metadata["tags"] if isinstance(tag, str) and tag and "," not in tag]
    if len(valid) < len(metadata["tags"]):
        repairs.append(f"{label}tags")
    metadata["tags"] = list(dict.fromkeys(valid))


def _repair_kernel(metadata: _Object, repairs: list[str]) -> None:
    """Keep the kernel's name and language if they are text. Without a name, neither object is valid."""
    for key in ("kernelspec", "language_info"):
        if key in metadata:
            found = _object(metadata, key, repairs, "")
            _repair_types(found, {"name": str, "language": str}, repairs, f"{key}: ")
    spec = metadata.get("kernelspec", {})
    if spec.get("name"):
        spec.setdefault("display_name", spec["name"])
    else:
        metadata.pop("kernelspec", None)
    if not metadata.get("language_info", {}).get("name"):
        metadata.pop("language_info", None)
    if "kernelspec" not in metadata and spec.get("language"):
        metadata.setdefault("language_info", {"name": spec["language"]})


def _keep_language(metadata: _Object, sheets: list[Any]) -> None:
    """Note the language of the cells, which the upgrade drops, so that no kernel of another language runs them."""
    languages = (cell.get("language") for sheet in sheets for cell in sheet["cells"])
    language = next(filter(None, languages), None)
    if language and "kernelspec" not in metadata and "language_info" not in metadata:
        metadata["language_info"] = {"name": language}


def _object(parent: _Object, key: str, repairs: list[str], label: str) -> _Object:
    """Return an object of the notebook; if there is something else, replace it by an empty one."""
    found = parent.get(key)
    if not isinstance(found, dict) or _is_deep(found, _MAX_DEPTH):
        if found:
            repairs.append(label + key)
        parent[key] = found = {}
    return found


def _repair_types(parent: _Object, types: dict[str, Any], repairs: list[str], label: str) -> None:
    """Remove what has another type."""
    for key, expected in types.items():
        if key in parent and not isinstance(parent[key], expected):
            if parent[key]:
                repairs.append(label + key)
            del parent[key]


def _is_deep(value: Any, levels: int) -> bool:
    if not isinstance(value, (dict, list)):
        return False
    parts = value.values() if isinstance(value, dict) else value
    return levels == 0 or any(_is_deep(part, levels - 1) for part in parts)


def _with_whole_characters(notebook: dict[str, Any], repairs: list[str]) -> dict[str, Any]:
    """Replace each half of a character by a question mark: no kernel and no file could take it."""
    text = json.dumps(notebook, ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:
        repairs.append("characters that are not Unicode, replaced by question marks")
        replaced: dict[str, Any] = json.loads(text.encode("utf-8", "replace"))
        return replaced
    return notebook
