"""Importing the entry points reads no setting, opens no connection and makes no client: `factory.py` does so on first use."""

import subprocess
import sys
from textwrap import dedent

import pytest

from tests.structure.sources import PACKAGES, ROOT, sources

GUARD = dedent(
    """
    import os, sys

    ROOT = sys.argv[1]

    class Poisoned(type(os.environ)):
        def __getitem__(self, name):
            frame = sys._getframe(1)
            while frame and frame.f_code.co_filename.endswith(("/os.py", "<frozen os>", "_collections_abc.py", "<frozen _collections_abc>")):
                frame = frame.f_back
            if frame and frame.f_code.co_filename.startswith(ROOT) and "/.venv/" not in frame.f_code.co_filename:
                raise SystemExit(f"{frame.f_code.co_filename}:{frame.f_lineno} reads {name} from the environment")
            return super().__getitem__(name)

    os.environ.__class__ = Poisoned

    def refuse(event, args):
        if event in ("socket.connect", "socket.getaddrinfo", "subprocess.Popen"):
            raise SystemExit(f"{event}{args} at import")

    sys.addaudithook(refuse)
    import botocore.session

    def no_client(self, service, *args, **kwargs):
        raise SystemExit(f"a client of {service} at import")

    botocore.session.Session.create_client = no_client
    """
)
"""Ends the process when the project's own code reads a variable, or anything connects or makes a client."""


def run_guarded(code: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", GUARD + code, str(ROOT)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)


def modules(package: str) -> list[str]:
    """Name the modules of a package, but for those that run when imported."""
    return [source.module for source in sources(PACKAGES[package]) if not source.path.endswith("__main__.py")]


def test_the_entry_points_import_quietly() -> None:
    done = run_guarded(
        "import app.app, app.cleanup, app.dispatch, app.sweep, app.task_events, app.ticks\nassert app.app.app.routes"
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("package", ["chalicelib", "jupyter_scheduler_aws"])
def test_packages_import_quietly(package: str) -> None:
    done = run_guarded("\n".join(f"import {name}" for name in modules(package)))
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (
            "import os\nexec(compile('os.environ.get(\"AWS_REGION\")', ROOT + '/x.py', 'exec'))",
            "x.py:1 reads AWS_REGION",
        ),
        ("import os\nexec(compile('os.getenv(\"A\")', ROOT + '/x.py', 'exec'))", "x.py:1 reads A from"),
        ("import socket; socket.create_connection(('127.0.0.1', 9))", "at import"),
        ("import boto3; boto3.client('s3', region_name='x')", "a client of s3 at import"),
    ],
)
def test_noise_would_be_heard(code: str, message: str) -> None:
    done = run_guarded(code)
    assert done.returncode == 1
    assert message in done.stderr
