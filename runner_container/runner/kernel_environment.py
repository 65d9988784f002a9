"""The environment variables of the kernel, and so of the notebook.

A launcher adds what depends on how it starts the kernel: `HOME` in `init_launcher`, `JPY_PARENT_PID` in `launchers`.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

__all__ = ["kernel_environment"]

_RUNNER_ONLY: Final = frozenset({"PYTHONSAFEPATH", "PYTHONNOUSERSITE"})
"""The image sets these for the runner's Python; a kernel imports from its working directory and from `%pip install`."""


def kernel_environment(environ: Mapping[str, str], variables: Mapping[str, str]) -> dict[str, str]:
    """Return the kernel's environment: this process's, without the variables that only the runner needs, and the run's own.

    Parameters
    ----------
    environ
        The environment, from which `read_settings` has already removed the runner's settings.
    variables
        The variables of the work order, which tell the notebook which run it is.
    """
    kept = {name: value for name, value in environ.items() if name not in _RUNNER_ONLY}
    own = str(Path(__file__).parents[1])
    if path := [
        entry for entry in kept.pop("PYTHONPATH", "").split(os.pathsep) if entry and str(Path(entry).resolve()) != own
    ]:
        kept["PYTHONPATH"] = os.pathsep.join(path)
    return {**kept, **variables}
