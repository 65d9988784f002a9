"""The process that turns an executed notebook into other formats.

A process of its own: templates and plugins of nbconvert are code, and notebooks are hostile input. Here there is no session
token, and `formats` starts it so that nothing is found in folders that the notebook could write to. It is a script that
imports nothing of the runner, because Python's isolated mode ignores `PYTHONPATH`. It reads one JSON object from stdin and
writes one to stdout; nbconvert is imported only here, so a run that asks for no format does not wait for it.
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
    """Convert what stdin describes: `{"notebook", "stem", "formats"}`; answer `{"files", "problems"}`."""
    responses = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what converters print must not get between
    asked = json.load(sys.stdin)
    files: list[dict[str, str]] = []
    problems: list[str] = []
    for name in asked["formats"]:
        try:
            made = convert(asked["notebook"], asked["stem"], name)
        except Exception as error:  # noqa: BLE001 - converters raise whatever their parts raise; one format must not cost the others
            problems.append(f"{name}: {str(error) or type(error).__name__}")
        else:
            files += [
                {"format": kind, "path": path, "base64": base64.b64encode(data).decode()} for kind, path, data in made
            ]
    with responses:
        responses.write(json.dumps({"files": files, "problems": problems}).encode())


def convert(text: str, stem: str, name: str) -> list[tuple[str, str, bytes]]:
    """Convert a notebook into one format.

    Markdown's pictures are files of their own beside it, in `<stem>_files/`, as `jupyter nbconvert` makes them: embedded ones
    are not shown by most readers of Markdown.

    Parameters
    ----------
    text
        The notebook's JSON.
    stem
        Name of the result without its extension.
    name
        `html`, `markdown`, `script` or `pdf`.

    Returns
    -------
        Format (or `files`), path and content of each file.

    Raises
    ------
    LookupError
        If this image cannot make the format.
    """
    import nbformat  # noqa: PLC0415 - see the module's docstring
    from nbconvert.exporters import get_exporter  # noqa: PLC0415

    exporter = get_exporter(_exporter(name))()  # type: ignore[no-untyped-call]
    resources: dict[str, Any] = {"metadata": {"name": stem}, "unique_key": stem, "output_files_dir": f"{stem}_files"}
    notebook = nbformat.reads(text, as_version=4)  # type: ignore[no-untyped-call]
    body, made = exporter.from_notebook_node(notebook, resources=resources)
    extension = made.get("output_extension") or ".txt"
    pictures: Mapping[str, bytes] = made.get("outputs") or {}
    data = body if isinstance(body, bytes) else body.encode("utf-8", "replace")
    return [
        (name, f"{stem}{extension}", data),
        *(("files", str(PurePosixPath(path)), data) for path, data in pictures.items()),
    ]


def _exporter(name: str) -> str:
    if name != "pdf":
        return name
    if which("xelatex") and which("pandoc"):
        return "pdf"
    if find_spec("playwright"):
        return "webpdf"
    raise LookupError(
        "this environment's image has neither xelatex and pandoc nor playwright; choose html, or ask the operator"
    )


if __name__ == "__main__":
    main()
