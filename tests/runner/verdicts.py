"""A program that says what the runner does with inputs, for tests that run in another environment.

It reads the paths of files from stdin, one per line, and writes one line of JSON for each: null if the runner accepts it, else why not.
"""

import json
import logging
import sys
import tempfile
from pathlib import Path

from runner.archive import unpack
from runner.errors import RunProblemError
from runner.notebooks import read_notebook
from runner.work_order import Limits
from tests.support.hostile_zips import MOST_BYTES, MOST_FILES

LIMITS = Limits(max_unpacked_bytes=MOST_BYTES, max_unpacked_files=MOST_FILES, max_output_bytes=1, max_output_files=1)


def problem_of(path: Path) -> str | None:
    """Return why the runner refuses an input, with the code of the outcome. Any other error ends this program."""
    try:
        if path.suffix == ".zip":
            with tempfile.TemporaryDirectory() as folder:
                unpack(path, Path(folder), LIMITS)
        else:
            read_notebook(path.read_bytes(), path.name)
    except RunProblemError as error:
        return f"{error.code}: {error}"
    return None


if __name__ == "__main__":
    logging.disable()
    for line in sys.stdin:
        sys.stdout.write(json.dumps(problem_of(Path(line.rstrip("\n")))) + "\n")
        sys.stdout.flush()
