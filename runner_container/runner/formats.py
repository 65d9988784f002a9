"""Convert the executed notebook to the other output formats."""

import base64
import json
import logging
import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from runner.kernel_stderr import KernelStderr
from runner.log import NOTEBOOK
from runner.outcomes import clean_text
from runner.uploads import Output

__all__ = ["Converted", "converter_environment", "make_formats"]

_NOTEBOOK = logging.getLogger(NOTEBOOK)
_COMMAND: Final = (sys.executable, "-I", str(Path(__file__).with_name("converter.py")))
"""Isolated: without the user's packages, the current folder, and Python's environment variables."""
_FOLDER_VARIABLES: Final = re.compile(r"(?:PYTHON|JUPYTER|IPYTHON|XDG_).*|PWD|OLDPWD")
"""Variables with paths of configuration, templates or modules."""
_NO_HOME: Final = "/nonexistent"
"""Debian's name for a home folder that does not exist. The runner's own may contain what the notebook wrote, and there may be no
space for a new one on a disk that the notebook has filled."""


@dataclass(frozen=True)
class Converted:
    """The result of the conversion."""

    outputs: Sequence[Output]
    problems: Sequence[str]
    """`format: reason`, for each format that could not be made."""


def make_formats(notebook: bytes, *, stem: str, formats: Sequence[str], timeout_seconds: float) -> Converted:
    """Convert an executed notebook.

    Parameters
    ----------
    notebook
        Its JSON.
    stem
        The name of the results without extension.
    formats
        Any of `html`, `markdown`, `script`, `pdf`; `ipynb` is the notebook itself and is ignored.
    timeout_seconds
        The time limit of the conversion.

    Returns
    -------
        The files, in memory (so that a full disk does not matter), and the problems.
    """
    names = [name for name in dict.fromkeys(formats) if name != "ipynb"]
    if not names:
        return Converted((), ())
    request = json.dumps({"notebook": notebook.decode(), "stem": stem, "formats": names}).encode()
    try:
        response = json.loads(_convert(request, timeout_seconds))
    except subprocess.TimeoutExpired:
        return Converted((), [f"{', '.join(names)}: the conversion took longer than {timeout_seconds:.0f} s"])
    except (subprocess.CalledProcessError, json.JSONDecodeError, OSError) as error:
        return Converted((), [f"{', '.join(names)}: the converter failed: {clean_text(str(error), limit=300)}"])
    outputs = [
        Output(format=file["format"], path=file["path"], source=base64.b64decode(file["base64"]))
        for file in response["files"]
    ]
    return Converted(outputs, [clean_text(problem, limit=500) for problem in response["problems"]])


def converter_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment variables of the converter, which uses only configuration, templates and packages of the image.

    Parameters
    ----------
    environ
        The runner's environment.
    """
    return {name: value for name, value in environ.items() if not _FOLDER_VARIABLES.fullmatch(name)} | {
        "HOME": _NO_HOME
    }


def _convert(request: bytes, timeout_seconds: float) -> bytes:
    """Run the converter, and log its stderr, which may quote the notebook, as the notebook's."""
    with KernelStderr(logs=False) as stderr:
        try:
            return subprocess.run(
                _COMMAND,
                input=request,
                stdout=subprocess.PIPE,
                stderr=stderr.pipe,
                timeout=timeout_seconds,
                check=True,
                cwd="/",
                env=converter_environment(os.environ),
            ).stdout
        finally:
            stderr.close()
            for line in stderr.lines():
                _NOTEBOOK.info("%s", line)
