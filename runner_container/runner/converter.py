"""The process that converts an executed notebook to another format: `converter.py <format> <stem> <folder>`.

It is a separate process, because templates and plugins of nbconvert are code, and notebooks are hostile input. This process has
no session token, and `formats` starts it so that it loads nothing from folders that the notebook could write to. It imports
nothing of the runner, because Python's isolated mode ignores `PYTHONPATH`. It reads the notebook from stdin, writes files to the
folder, and their list to stdout. Only this process imports nbconvert, so a run without other formats does not wait for it.
"""

import json
import os
import re
import secrets
import sys
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path, PurePosixPath
from shutil import which
from typing import Any, Final

__all__ = ["convert", "main"]

_IMAGES: Final = ("image/png", "image/jpeg")
"""Types whose base64 the HTML has as it is, in a `data:` URL."""
_LARGE_CHARACTERS: Final = 1 << 20
_VICTIM_SCORE: Final = "1000"
"""The highest: if memory runs out, the system kills this process, and not the runner, which then reports that."""


def main() -> None:
    """Convert the notebook in stdin, and write `{"files": [{"format", "path"}], "problem"}`."""
    responses = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what converters print must not mix with the response
    with suppress(OSError):  # other systems have no such file
        Path("/proc/self/oom_score_adj").write_text(_VICTIM_SCORE, encoding="ascii")
    name, stem, folder = sys.argv[1:]
    files: list[tuple[str, str]] = []
    problem = ""
    try:
        files = convert(name, stem, Path(folder))
    except Exception as error:  # noqa: BLE001 - converters raise any error
        problem = str(error) or type(error).__name__
    with responses:
        listed = [{"format": kind, "path": path} for kind, path in files]
        responses.write(json.dumps({"files": listed, "problem": problem}).encode())


def convert(name: str, stem: str, folder: Path) -> list[tuple[str, str]]:
    """Convert the notebook in stdin to one format, in a folder.

    Images in Markdown become separate files in `<stem>_files/`, as with `jupyter nbconvert`, because most Markdown viewers do not
    show embedded ones.

    Parameters
    ----------
    name
        `html`, `markdown`, `script` or `pdf`.
    stem
        The name of the result without its extension.
    folder
        Where the result goes.

    Returns
    -------
        The format (or `files`) and the path of each file, relative to the folder.

    Raises
    ------
    LookupError
        If this image does not support the format.
    """
    from nbconvert.exporters import get_exporter  # noqa: PLC0415 - see the module's docstring
    from nbformat.v4.nbjson import JSONReader  # noqa: PLC0415

    exporter = get_exporter(_exporter(name))()  # type: ignore[no-untyped-call]
    resources: dict[str, Any] = {"metadata": {"name": stem}, "unique_key": stem, "output_files_dir": f"{stem}_files"}
    notebook = JSONReader().to_notebook(json.load(sys.stdin.buffer))  # type: ignore[no-untyped-call]
    images = _take_large_images(notebook) if name == "html" else {}
    body, results = exporter.from_notebook_node(notebook, resources=resources)
    path = f"{stem}{results.get('output_extension') or '.txt'}"
    data = body if isinstance(body, bytes) else body.encode("utf-8", "replace")
    with (folder / path).open("wb") as file:
        for part in re.split(rb"(large-image-[0-9a-f]{32})", data):
            file.write(images.get(part, part))
    files = [(name, path)]
    for path, data in (results.get("outputs") or {}).items():
        image = str(PurePosixPath(path))
        (folder / image).parent.mkdir(parents=True, exist_ok=True)
        (folder / image).write_bytes(data)
        files.append(("files", image))
    return files


def _take_large_images(notebook: Any) -> dict[bytes, bytes]:
    """Replace large images by marks, and return them by mark: nbconvert parses the whole page, which takes nine times its size."""
    images = {}
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    for data in [output.data for output in outputs if "data" in output]:
        for kind in _IMAGES:
            if isinstance(content := data.get(kind), str) and len(content) > _LARGE_CHARACTERS:
                data[kind] = f"large-image-{secrets.token_hex(16)}"
                images[data[kind].encode()] = content.encode("ascii", "replace")
    return images


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
