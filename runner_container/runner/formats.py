"""Other formats of the executed notebook."""

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
_COMMAND: Final = (sys.executable, "-I", str(Path(__file__).with_name("convert.py")))
"""Isolated: neither the user's own packages, nor the current folder, nor variables of Python count."""
_LEADING: Final = re.compile(r"(?:PYTHON|JUPYTER|IPYTHON|XDG_).*|PWD|OLDPWD")
"""Variables that name folders with configuration, templates or modules."""
_NO_HOME: Final = "/nonexistent"
"""Debian's name for a home folder that is not there. The runner's own may hold what the notebook wrote; a new one would
need a place on a disk that the notebook may have filled."""


@dataclass(frozen=True)
class Converted:
    """What became of the formats."""

    outputs: Sequence[Output]
    problems: Sequence[str]
    """`format: why it could not be made`."""


def make_formats(notebook: bytes, *, stem: str, formats: Sequence[str], for_seconds: float) -> Converted:
    """Convert an executed notebook.

    Parameters
    ----------
    notebook
        Its JSON.
    stem
        Names of the results without extension.
    formats
        Any of `html`, `markdown`, `script`, `pdf`; `ipynb` is the notebook itself and is left out here.
    for_seconds
        After this time the conversion is given up.

    Returns
    -------
        The files, in memory (a full disk does not matter), and what could not be made.
    """
    wanted = [name for name in dict.fromkeys(formats) if name != "ipynb"]
    if not wanted:
        return Converted((), ())
    asked = json.dumps({"notebook": notebook.decode(), "stem": stem, "formats": wanted}).encode()
    try:
        made = json.loads(_convert(asked, for_seconds))
    except subprocess.TimeoutExpired:
        return Converted((), [f"{', '.join(wanted)}: the conversion took longer than {for_seconds:.0f} s"])
    except (subprocess.CalledProcessError, json.JSONDecodeError, OSError) as error:
        return Converted((), [f"{', '.join(wanted)}: the converter failed: {clean_text(str(error), limit=300)}"])
    outputs = [
        Output(format=file["format"], path=file["path"], source=base64.b64decode(file["base64"]))
        for file in made["files"]
    ]
    return Converted(outputs, [clean_text(problem, limit=500) for problem in made["problems"]])


def converter_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Give the environment of the converter: configuration, templates and packages are the image's alone.

    Parameters
    ----------
    environ
        The runner's environment.
    """
    return {name: value for name, value in environ.items() if not _LEADING.fullmatch(name)} | {"HOME": _NO_HOME}


def _convert(asked: bytes, for_seconds: float) -> bytes:
    """Run the converter, and log what it says besides its answer: that may quote the notebook."""
    with KernelStderr(logs=False) as words:
        try:
            return subprocess.run(
                _COMMAND,
                input=asked,
                stdout=subprocess.PIPE,
                stderr=words.pipe,
                timeout=for_seconds,
                check=True,
                cwd="/",
                env=converter_environment(os.environ),
            ).stdout
        finally:
            words.close()
            for line in words.lines():
                _NOTEBOOK.info("%s", line)
