"""What must be so before a local cloud can start; each fault is one line that says what to do."""

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

__all__ = ["check_machine", "check_port_is_free"]

_LEAST_PYTHON: Final = (3, 11)
_LEAST_NODE: Final = 18
"""What the CDK CLI and aws-cdk-lib's kernel run on."""


def check_machine(places: LocalPaths) -> None:
    """See that Python, node and the environments are there and fit together.

    Raises
    ------
    LocalCloudError
        At the first thing that does not.
    """
    if sys.version_info < _LEAST_PYTHON:
        raise LocalCloudError(f"Python {sys.version.split()[0]} is too old; use Python 3.11 or later.")
    for python in (places.emulator_python, places.runner_python, ROOT / "node_modules" / ".bin" / "cdk"):
        if not python.exists():
            raise LocalCloudError(f"{python.relative_to(ROOT)} is missing; run `make init`.")
    _check_node()
    _check_same_python(places.emulator_python)


def check_port_is_free(port: int) -> None:
    """See that nothing listens there.

    Raises
    ------
    LocalCloudError
        If something does.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise LocalCloudError(
                f"Port {port} of {HOST} is taken by another program; choose another one, for example "
                f"`LOCAL_CLOUD_PORT={port + 10} make up`."
            ) from error


def _check_node() -> None:
    if shutil.which("node") is None:
        raise LocalCloudError(f"node is missing; install Node.js {_LEAST_NODE} or later (22 is best), for the CDK CLI.")
    version = _output("node", "--version")
    match = re.match(r"v(\d+)\.", version)
    if match is None or int(match[1]) < _LEAST_NODE:
        raise LocalCloudError(f"node {version} is too old; install Node.js {_LEAST_NODE} or later (22 is best).")


def _check_same_python(emulator_python: Path) -> None:
    mine = f"{sys.version_info.major}.{sys.version_info.minor}"
    theirs = _output(str(emulator_python), "-c", "import sys; print('%d.%d' % sys.version_info[:2])")
    if mine != theirs:
        raise LocalCloudError(
            f"The emulator has Python {theirs}, and the functions are bundled for Python {mine}; run `make clean init`."
        )


def _output(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=30).stdout.strip()
