"""Starting and stopping the launcher as a process of its own, found again by its process id and start time."""

import os
import re
import shutil
import signal
import subprocess
import time
import urllib.request
from collections.abc import Callable
from typing import Final

from local_cloud.access_keys import administrator_key
from local_cloud.addresses import HEALTH_PATH, HOST
from local_cloud.errors import LocalCloudError
from local_cloud.machine_checks import check_port_is_free
from local_cloud.paths import ACCOUNT_ID, REGION, ROOT, LocalPaths
from local_cloud.processes import note_process, noted_process

__all__ = ["Daemon"]

_START_SECONDS: Final = 60
"""Longest wait till the emulator answers [s]; it takes 1 s, and more where it has much to load."""

_STOP_SECONDS: Final = 60
"""Longest wait till it has saved its state and ended [s]."""

_UMASK: Final = 0o077
"""State, objects and the files of jobs are for their owner alone."""

_POLL_SECONDS: Final = 0.05


class Daemon:
    """The launcher of one local cloud.

    Parameters
    ----------
    places
        The local cloud's folder and port.
    module
        What is started.
    """

    def __init__(self, places: LocalPaths, *, module: str = "local_cloud.launcher") -> None:
        self._places = places
        self._module = module
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """The launcher's process id; `None` if it does not run."""
        return noted_process(self._places.pid)

    def start(self) -> bool:
        """Start the launcher and wait till it answers; give whether it was not running already.

        Raises
        ------
        LocalCloudError
            If the port is taken, or the launcher ends or says nothing.
        """
        if self.pid is not None and self._responses():
            return False
        self.stop()
        check_port_is_free(self._places.port)
        self._take_state_along()
        process = self._process = self._launch()
        self._wait(lambda: self._responses() or process.poll() is not None, within=_START_SECONDS)
        if process.poll() is not None or not self._responses():
            self.stop()
            raise LocalCloudError(f"The emulator did not start. The end of {self._places.log}:\n{self._log_end()}")
        return True

    def stop(self) -> bool:
        """Let the launcher save its state and end; give whether it was running."""
        pid = self.pid
        if pid is not None:
            os.kill(pid, signal.SIGTERM)
            if not self._wait(lambda: self.pid is None, within=_STOP_SECONDS):
                os.kill(pid, signal.SIGKILL)
                self._wait(lambda: self.pid is None, within=_STOP_SECONDS)
        if self._process is not None:
            self._process.wait()
            self._process = None
        self._places.pid.unlink(missing_ok=True)
        return pid is not None

    def _take_state_along(self) -> None:
        """Where the port is another than last time, change it in the state too: addresses of queues hold it."""
        last = self._places.last_port
        if last.exists():
            old = last.read_text(encoding="ascii")
            for path in self._places.state.glob("*.json") if old != str(self._places.port) else ():
                state = re.sub(
                    rf"\b(localhost|127\.0\.0\.1):{old}\b", rf"\1:{self._places.port}", path.read_text(encoding="utf-8")
                )
                path.write_text(state, encoding="utf-8")
        last.write_text(str(self._places.port), encoding="ascii")

    def _launch(self) -> subprocess.Popen[bytes]:
        shutil.rmtree(self._places.temporary, ignore_errors=True)
        self._places.make_private()
        if self._places.log.exists():
            self._places.log.replace(self._places.log.with_suffix(".log.1"))
        self._places.log.touch(mode=0o600)
        with self._places.log.open("wb") as log:
            process = subprocess.Popen(
                [str(self._places.emulator_python), "-m", self._module],
                cwd=ROOT,
                env=_environment(self._places),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                umask=_UMASK,
            )
        note_process(self._places.pid, process.pid)
        return process

    def _responses(self) -> bool:
        request = urllib.request.Request(f"{self._places.endpoint_url}{HEALTH_PATH}")  # noqa: S310  always http on loopback
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=5) as response:
                return bool(response.status == 200)  # noqa: PLR2004
        except OSError:
            return False

    def _log_end(self) -> str:
        return "\n".join(self._places.log.read_text(encoding="utf-8", errors="replace").splitlines()[-15:])

    @staticmethod
    def _wait(condition: Callable[[], bool], *, within: float) -> bool:
        end = time.monotonic() + within
        while not condition():
            if time.monotonic() > end:
                return False
            time.sleep(_POLL_SECONDS)
        return True


def _environment(places: LocalPaths) -> dict[str, str]:
    """All that the emulator is told; the functions that it runs inherit it, so nothing of the caller's is passed on."""
    return {
        "PATH": os.defpath,
        "HOME": str(places.folder),
        "LANG": "C.UTF-8",
        "TMPDIR": str(places.temporary),
        "LOCAL_CLOUD_DIR": str(places.folder),
        "LOCAL_CLOUD_PORT": str(places.port),
        "GATEWAY_PORT": str(places.port),
        "BIND_HOST": HOST,
        "MINISTACK_REGION": REGION,
        "PERSIST_STATE": "1",
        "STATE_DIR": str(places.state),
        "S3_PERSIST": "1",
        "S3_DATA_DIR": str(places.objects),
        "SFTP_ENABLED": "0",
        "IOT_MTLS_ENABLED": "0",
        "LAMBDA_EXECUTOR": "local",
        "DOCKER_HOST": f"unix://{places.folder / 'no-docker.sock'}",
        "AUTH": "true",
        "MINISTACK_ACCOUNT_ID": ACCOUNT_ID,
        **administrator_key(places.administrator_key).environment,
        "AWS_EC2_METADATA_DISABLED": "true",
    }
