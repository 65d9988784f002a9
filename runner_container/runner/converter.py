"""The process that converts an executed notebook to other formats.

It is a separate process, because templates and plugins of nbconvert are code, and notebooks are hostile input. This process has
no session token, and `formats` starts it so that it loads nothing from folders that the notebook could write to. It imports
nothing of the runner, because Python's isolated mode ignores `PYTHONPATH`. It reads one JSON object from stdin and writes one
to stdout. Only this process imports nbconvert, so a run without other formats does not wait for it.
"""

import base64
import json
import os
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import PurePosixPath
from shutil import which
from typing import Any

__all__ = ["convert", "main"]


def main() -> None:
    """Convert the notebook in stdin, `{"notebook", "stem", "formats"}`, and write `{"files", "problems"}`."""
    responses = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what converters print must not mix with the response
    request = json.load(sys.stdin)
    files: list[dict[str, str]] = []
    problems: list[str] = []
    for name in request["formats"]:
        try:
            converted = convert(request["notebook"], request["stem"], name)
        except Exception as error:  # noqa: BLE001 - converters raise any error; one format must not affect the others
            problems.append(f"{name}: {str(error) or type(error).__name__}")
        else:
            files += [
                {"format": kind, "path": path, "base64": base64.b64encode(data).decode()}
                for kind, path, data in converted
            ]
    with responses:
        responses.write(json.dumps({"files": files, "problems": problems}).encode())


def convert(text: str, stem: str, name: str) -> list[tuple[str, str, bytes]]:
    """Convert a notebook to one format.

    Images in Markdown become separate files in `<stem>_files/`, as with `jupyter nbconvert`, because most Markdown viewers do not
    show embedded ones.

    Parameters
    ----------
    text
        The notebook's JSON.
    stem
        The name of the result without its extension.
    name
        `html`, `markdown`, `script` or `pdf`.

    Returns
    -------
        The format (or `files`), path and content of each file.

    Raises
    ------
    LookupError
        If this image does not support the format.
    """
    import nbformat  # noqa: PLC0415 - see the module's docstring
    from nbconvert.exporters import get_exporter  # noqa: PLC0415

    exporter = get_exporter(_exporter(name))()  # type: ignore[no-untyped-call]
    resources: dict[str, Any] = {"metadata": {"name": stem}, "unique_key": stem, "output_files_dir": f"{stem}_files"}
    notebook = nbformat.reads(text, as_version=4)  # type: ignore[no-untyped-call]
    body, results = exporter.from_notebook_node(notebook, resources=resources)
    extension = results.get("output_extension") or ".txt"
    images: Mapping[str, bytes] = results.get("outputs") or {}
    data = body if isinstance(body, bytes) else body.encode("utf-8", "replace")
    return [
        (name, f"{stem}{extension}", data),
        *(("files", str(PurePosixPath(path)), data) for path, data in images.items()),
    ]


def _exporter(name: str) -> str:
    if name != "pdf":
        return name
    if which("xelatex") and which("pandoc"):
        return "pdf"
    if find_spec("playwright"):
        return "webpdf"
    raise LookupError(
        "this environment's image has neither xelatex and pandoc nor playwright; choose html, or ask the operator to add one of them"
    )


if __name__ == "__main__":
    main()
