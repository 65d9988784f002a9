"""Convert the executed notebook to the other output formats."""

import json
import logging
import os
import re
import signal
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

__all__ = ["Converted", "converter_environment", "make_format"]

_NOTEBOOK = logging.getLogger(NOTEBOOK)
_CONVERTER: Final = (sys.executable, "-I", str(Path(__file__).with_name("converter.py")))
"""Isolated: without the user's packages, the current folder, and Python's environment variables."""
_FOLDER_VARIABLES: Final = re.compile(r"(?:PYTHON|JUPYTER|IPYTHON|XDG_).*|PWD|OLDPWD")
"""Variables with paths of configuration, templates or modules."""
_NO_HOME: Final = "/nonexistent"
"""Debian's name for a home folder that does not exist. The runner's own may contain what the notebook wrote, and there may be no
space for a new one on a disk that the notebook has filled."""


@dataclass(frozen=True)
class Converted:
    """The result of a conversion."""

    outputs: Sequence[Output] = ()
    problem: str = ""
    """`format: reason`, if the format could not be made."""


def make_format(
    notebook: Path,
    name: str,
    *,
    stem: str,
    folder: Path,
    timeout_seconds: float,
    converter: Sequence[str] = _CONVERTER,
) -> Converted:
    """Convert an executed notebook to one format, in a process of its own.

    Parameters
    ----------
    notebook
        The file with the executed notebook.
    name
        `html`, `markdown`, `script` or `pdf`.
    stem
        The name of the result without extension.
    folder
        Where the result goes; it is created.
    timeout_seconds
        The time limit of the conversion.
    converter
        The command that converts: it reads the notebook from stdin.
    """
    try:
        folder.mkdir()
        response = json.loads(_convert([*converter, name, stem, str(folder)], notebook, timeout_seconds))
        problem = clean_text(response["problem"], limit=500)
        outputs = [_output(folder, file["format"], file["path"]) for file in response["files"]]
    except subprocess.TimeoutExpired:
        return Converted(problem=f"{name}: the conversion took longer than {timeout_seconds:.0f} s")
    except subprocess.CalledProcessError as error:
        return Converted(problem=f"{name}: {_describe_end(error)}")
    except (json.JSONDecodeError, OSError) as error:
        return Converted(problem=f"{name}: the converter failed: {clean_text(str(error), limit=300)}")
    return Converted(outputs, f"{name}: {problem}" if problem else "")


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


def _output(folder: Path, kind: str, path: str) -> Output:
    return Output(format=kind, path=path, source=folder / path, size_bytes=(folder / path).stat().st_size)


def _describe_end(error: subprocess.CalledProcessError) -> str:
    if error.returncode == -signal.SIGKILL:
        return (
            "the converter was killed, as happens if the container's memory is full. The notebook has run and is complete: "
            "convert it on your machine, or choose a compute type with more memory"
        )
    return f"the converter failed: {clean_text(str(error), limit=300)}"


def _convert(command: Sequence[str], notebook: Path, timeout_seconds: float) -> bytes:
    """Run the converter, and log its stderr, which may quote the notebook, as the notebook's."""
    with KernelStderr(logs=False) as stderr, notebook.open("rb") as file:
        try:
            return subprocess.run(
                command,
                stdin=file,
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
