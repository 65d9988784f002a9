"""The files that the recorded and the unusual requests use, the same in both workspaces."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

__all__ = ["SLOW", "write_workspace"]

SLOW: Final = "slow.ipynb"
"""Runs until it is stopped."""

_KERNEL: Final = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}

_FILES: Final[Mapping[str, str]] = {
    "sub/data.csv": "year,ppm\n1970,325.7\n",
    "notjson.ipynb": "this is no notebook",
    "list.ipynb": "[1, 2]",
    "empty.ipynb": "",
    "nocells.ipynb": json.dumps({"metadata": _KERNEL, "nbformat": 4, "nbformat_minor": 5}),
    "text.txt": "plain text\n",
}


def write_workspace(root: Path) -> None:
    """Write all files, and a notebook outside of the root that nobody may run."""
    notebooks = {
        "hello.ipynb": _notebook(["who = 'world'", "print('hello', who)"], tagged=True),
        SLOW: _notebook(["import time\ntime.sleep(900)"]),
        "fail.ipynb": _notebook(["raise ValueError('no data for 1850')"]),
        "nokernel.ipynb": _notebook(["1"], metadata={}),
        "sub/withdata.ipynb": _notebook(["print(open('data.csv').read())"]),
        "Bericht für Änne & Co.ipynb": _notebook(["1"]),
        "100%25.ipynb": _notebook(["1"]),
        "../outside.ipynb": _notebook(["1"]),
    }
    for name, content in {**_FILES, **{name: json.dumps(each) for name, each in notebooks.items()}}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")


def _notebook(sources: list[str], *, metadata: Mapping[str, Any] = _KERNEL, tagged: bool = False) -> dict[str, Any]:
    cells: list[dict[str, Any]] = [
        {
            "cell_type": "code",
            "id": f"c{number}",
            "metadata": {"tags": ["parameters"]} if tagged and number == 0 else {},
            "execution_count": None,
            "outputs": [],
            "source": source,
        }
        for number, source in enumerate(sources)
    ]
    return {"cells": cells, "metadata": dict(metadata), "nbformat": 4, "nbformat_minor": 5}
