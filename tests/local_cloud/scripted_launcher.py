"""Start a local cloud whose tasks run the shell script in the variable `SCRIPT` instead of the runner."""

import os
from typing import Final

from local_cloud.launcher import main
from local_cloud.paths import LocalPaths
from local_cloud.process_engine import Program

__all__: list[str] = []

_SHELL: Final = Program(
    command=("/bin/sh", "-c", 'eval "$SCRIPT"'),
    environment={"PATH": os.defpath},
    variables=frozenset({"SCRIPT", "RUN_URL"}),
)


def _shell(_paths: LocalPaths) -> Program:
    return _SHELL


if __name__ == "__main__":
    main(_shell)
