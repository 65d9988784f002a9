"""A real Jupyter server in a separate process, without the Jupyter configuration of this machine."""

import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

__all__ = ["BUSY_MACHINE", "JupyterServer", "running_server"]

BUSY_MACHINE = "--AwsScheduler.read_timeout_seconds=60"
"""Option of a server in front of the local cloud, which shares the machine with the tests."""

_START_SECONDS = 60
"""The timeout in seconds. On an idle machine, it takes two."""


@dataclass(frozen=True)
class JupyterServer:
    """A running server."""

    url: str
    token: str
    workspace: Path
    """Its root folder, which is not its working directory unless requested."""
    log: Path
    process: "subprocess.Popen[bytes]"
    http: httpx.Client
    """Sends the token, as the panel does."""

    def request(self, method: str, path: str, body: Any = None) -> httpx.Response:
        """Send a request to jupyter-scheduler; the path is below `/scheduler`."""
        return self.http.request(method, f"/scheduler{path}", json=body)

    def get(self, path: str) -> Any:
        """Get a document."""
        response = self.request("GET", path)
        assert response.status_code == 200, response.text
        return response.json()

    def post(self, path: str, body: Any) -> Any:
        """Post a document and return the document of the response."""
        response = self.request("POST", path, body)
        assert response.status_code == 200, response.text
        return response.json()


@contextmanager
def running_server(
    folder: Path,
    environment: Mapping[str, str],
    *,
    app: str = "jupyter_server",
    options: Sequence[str] = (),
    starts_in_workspace: bool = False,
    in_place_of: JupyterServer | None = None,
    python: str = sys.executable,
) -> Iterator[JupyterServer]:
    """Run a server until the block ends.

    Parameters
    ----------
    folder
        Gets its configuration, data, log and workspace.
    environment
        Besides what it needs to start: the scheduler's URL, credentials.
    app
        The module to run: `jupyter_server`, or `jupyterlab`.
    options
        More of its command line.
    starts_in_workspace
        Whether its working directory is its root folder: only then does the stock scheduler download to where it looks.
    in_place_of
        A server that has ended, whose address and token this one gets.
    python
        The Python of the environment that it runs in.
    """
    workspace = folder / "workspace"
    workspace.mkdir(parents=True, exist_ok=True)
    port = httpx.URL(in_place_of.url).port if in_place_of else _free_port()
    token = in_place_of.token if in_place_of else secrets.token_hex(16)
    log = folder / "server.log"
    command = [python, "-m", app, "--ip=127.0.0.1", f"--port={port}", "--no-browser"]
    command += ["--ServerApp.port_retries=0", f"--ServerApp.root_dir={workspace}", f"--IdentityProvider.token={token}"]
    command += ["--allow-root", *options]
    with log.open("wb") as file:
        process = subprocess.Popen(
            command,
            cwd=workspace if starts_in_workspace else folder,
            env=_environment(folder, environment),
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
        )
    url = f"http://127.0.0.1:{port}"
    try:
        with httpx.Client(
            base_url=url, headers={"Authorization": f"token {token}"}, timeout=120, trust_env=False
        ) as http:
            server = JupyterServer(url, token, workspace, log, process, http)
            _await_start(server)
            yield server
    finally:
        _end(process)


def _environment(folder: Path, wanted: Mapping[str, str]) -> dict[str, str]:
    base = {name: os.environ[name] for name in ("PATH", "LANG", "SSL_CERT_FILE", "TMPDIR") if name in os.environ}
    homes = {f"JUPYTER_{kind}_DIR": str(folder / kind.lower()) for kind in ("CONFIG", "DATA", "RUNTIME")}
    return base | {"HOME": str(folder), "NO_PROXY": "127.0.0.1", "PYTHONPATH": str(Path.cwd())} | homes | dict(wanted)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _await_start(server: JupyterServer) -> None:
    end = time.monotonic() + _START_SECONDS
    while time.monotonic() < end and server.process.poll() is None:
        try:
            if server.http.get("/api/status").is_success:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise AssertionError(f"The Jupyter server did not start:\n{server.log.read_text(errors='replace')[-4000:]}")


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
