"""Builds the JupyterLab extension for a wheel or an sdist; hatch-jupyter-builder calls it."""

import shutil
import sys
from pathlib import Path
from typing import Final

from hatch_jupyter_builder.utils import npm_builder

__all__ = ["build"]

_ROOT: Final = Path(__file__).parents[1]
_BUILT: Final = _ROOT / "jupyter_scheduler_aws" / "labextension"
"""Where npm puts the extension, and hatch takes it from."""


def build(target_name: str, version: str) -> None:
    """Build the extension with npm. Without Node.js it is left out: the panel then has the stock options only.

    Parameters
    ----------
    target_name
        `wheel` or `sdist`.
    version
        `standard`, or `editable`: then it is left to `make labextension`, which needs minutes once.
    """
    _BUILT.mkdir(exist_ok=True)  # hatch refuses a folder that is missing
    if version == "editable":
        return
    missing = [tool for tool in ("node", "npm") if shutil.which(tool) is None]
    if missing:
        print(  # noqa: T201
            f"jupyter-scheduler-aws: {' and '.join(missing)} not found, so the JupyterLab extension is left out. "
            "Install Node.js 20 or later and install again, or use a wheel, which contains it.",
            file=sys.stderr,
        )
        return
    npm_builder(target_name, version, path=str(_ROOT / "labextension"), build_cmd="build", npm="npm")
