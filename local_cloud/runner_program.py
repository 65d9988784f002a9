"""The only program that the process engine runs: the runner, with its own variables, for the API of this local cloud.

A process has all rights of the developer, so a call of ECS must not decide what runs: no command, no entry point, no variable
that Python, a shell or the dynamic linker reads, and no other address to fetch a notebook from.
"""

from collections.abc import Mapping
from typing import Final

from local_cloud.addresses import API_PATH, endpoint_url
from local_cloud.paths import ROOT, LocalPaths
from local_cloud.process_engine import Program, ProgramRefusedError

__all__ = ["runner_program"]

_ADDRESS: Final = "RUN_URL"
_VARIABLES: Final = frozenset({_ADDRESS, "LAUNCH", "LAUNCH_CODE", "RUNNER_KEY", "API_KEY"})
"""The variables that the runner reads (docs/runner-protocol.md)."""


def runner_program(paths: LocalPaths) -> Program:
    """Return the program that starts the runner."""
    python = paths.runner_python
    environment = {
        "LANG": "C.UTF-8",
        "PATH": f"{python.parent}:/usr/local/bin:/usr/bin:/bin",
        "PYTHONPATH": str(ROOT / "runner_container"),
        "PYTHONUNBUFFERED": "1",
    }
    own = f"{endpoint_url(paths.port)}{API_PATH}"

    def check(variables: Mapping[str, str]) -> None:
        if not variables.get(_ADDRESS, own).startswith(own):
            raise ProgramRefusedError(
                f"{_ADDRESS} = {variables[_ADDRESS]!r} is not an address of this local cloud's API."
            )

    return Program(command=(str(python), "-m", "runner"), environment=environment, variables=_VARIABLES, check=check)
