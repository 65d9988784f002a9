"""Other formats of the executed notebook."""

import base64
import json
import logging
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from runner.outcomes import clean_text
from runner.uploads import Output

__all__ = ["Converted", "make_formats"]

_LOG = logging.getLogger(__name__)
_COMMAND: Final = (sys.executable, "-s", "-P", "-m", "runner.convert")
"""Neither the user's own packages nor the current folder, which the notebook could have written to."""


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
        done = subprocess.run(_COMMAND, input=asked, stdout=subprocess.PIPE, timeout=for_seconds, check=True)
        made = json.loads(done.stdout)
    except subprocess.TimeoutExpired:
        return Converted((), [f"{', '.join(wanted)}: the conversion took longer than {for_seconds:.0f} s"])
    except (subprocess.CalledProcessError, json.JSONDecodeError, OSError) as error:
        return Converted((), [f"{', '.join(wanted)}: the converter failed: {clean_text(str(error), limit=300)}"])
    outputs = [
        Output(format=file["format"], path=file["path"], source=base64.b64decode(file["base64"]))
        for file in made["files"]
    ]
    return Converted(outputs, [clean_text(problem, limit=500) for problem in made["problems"]])
