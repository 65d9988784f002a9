"""Check what a local cloud needs before it can start; each error is one line that says what to do."""

import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import Final

from local_cloud.addresses import HOST
from local_cloud.errors import LocalCloudError
from local_cloud.paths import ROOT, LocalPaths

__all__ = ["check_port_is_free", "check_prerequisites"]

_MIN_PYTHON: Final = (3, 11)
_MIN_NODE: Final = 18
"""Required by the CDK CLI and by aws-cdk-lib."""


def check_prerequisites(paths: LocalPaths) -> None:
    """Check that Python, node and the environments exist and have matching versions.

    Raises
    ------
    LocalCloudError
        At the first problem.
    """
    if sys.version_info < _MIN_PYTHON:
        raise LocalCloudError(f"Python {sys.version.split()[0]} is too old; use Python 3.11 or later.")
    for python in (paths.emulator_python, paths.runner_python, ROOT / "node_modules" / ".bin" / "cdk"):
        if not python.exists():
            raise LocalCloudError(f"{python.relative_to(ROOT)} is missing; run `make init`.")
    _check_node()
    _check_same_python(paths.emulator_python)


def check_port_is_free(port: int) -> None:
    """Check that no program listens on a port.

    Raises
    ------
    LocalCloudError
        If one does.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise LocalCloudError(
                f"Port {port} of {HOST} is in use by another program; choose another port, for example "
                f"`LOCAL_CLOUD_PORT={port + 10} make up`."
            ) from error


def _check_node() -> None:
    if shutil.which("node") is None:
        raise LocalCloudError(
            f"node is missing; install Node.js {_MIN_NODE} or later (22 is best). The CDK CLI needs it."
        )
    version = _output("node", "--version")
    match = re.match(r"v(\d+)\.", version)
    if match is None or int(match[1]) < _MIN_NODE:
        raise LocalCloudError(f"node {version} is too old; install Node.js {_MIN_NODE} or later (22 is best).")


def _check_same_python(emulator_python: Path) -> None:
    required = f"{sys.version_info.major}.{sys.version_info.minor}"
    found = _output(str(emulator_python), "-c", "import sys; print('%d.%d' % sys.version_info[:2])")
    if required != found:
        raise LocalCloudError(
            f"The emulator has Python {found}, but the functions are bundled for Python {required}; run `make clean init`."
        )


def _output(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=30).stdout.strip()
