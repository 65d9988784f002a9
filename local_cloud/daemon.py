"""Start and stop the launcher as a separate process, identified by its process id and start time."""

import os
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
from local_cloud.paths import ACCOUNT_ID, REGION, ROOT, LocalPaths
from local_cloud.prerequisites import check_port_is_free
from local_cloud.processes import read_pid_file, write_pid_file

__all__ = ["Daemon"]

_START_SECONDS: Final = 60
"""The timeout of a start [s]; it takes 1 s, and longer with much saved state."""

_STOP_SECONDS: Final = 60
"""The timeout of a stop [s], in which the emulator saves its state."""

_UMASK: Final = 0o077
"""Only the owner can read state, objects and the files of jobs."""

_POLLING_SECONDS: Final = 0.05


class Daemon:
    """The launcher of a local cloud.

    Parameters
    ----------
    paths
        The files and the port of the local cloud.
    module
        The module to start.
    """

    def __init__(self, paths: LocalPaths, *, module: str = "local_cloud.launcher") -> None:
        self._paths = paths
        self._module = module
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """The process id of the launcher; None if it is not running."""
        return read_pid_file(self._paths.pid)

    def start(self) -> bool:
        """Start the launcher and wait until it responds; return False if it was already running.

        Raises
        ------
        LocalCloudError
            If the port is in use, or the launcher ends or does not respond.
        """
        if self.pid is not None and self._responds():
            return False
        self.stop()
        check_port_is_free(self._paths.port)
        process = self._process = self._launch()
        self._wait(lambda: self._responds() or process.poll() is not None, within=_START_SECONDS)
        if process.poll() is not None or not self._responds():
            self.stop()
            raise LocalCloudError(
                f"The emulator did not start. The last lines of {self._paths.log}:\n{self._log_end()}"
            )
        return True

    def stop(self) -> bool:
        """Stop the launcher, which saves its state; return whether it was running."""
        pid = self.pid
        if pid is not None:
            os.kill(pid, signal.SIGTERM)
            if not self._wait(lambda: self.pid is None, within=_STOP_SECONDS):
                os.kill(pid, signal.SIGKILL)
                self._wait(lambda: self.pid is None, within=_STOP_SECONDS)
        if self._process is not None:
            self._process.wait()
            self._process = None
        self._paths.pid.unlink(missing_ok=True)
        return pid is not None

    def _launch(self) -> subprocess.Popen[bytes]:
        shutil.rmtree(self._paths.temporary, ignore_errors=True)
        self._paths.make_private()
        if self._paths.log.exists():
            self._paths.log.replace(self._paths.log.with_suffix(".log.1"))
        self._paths.log.touch(mode=0o600)
        with self._paths.log.open("wb") as log:
            process = subprocess.Popen(
                [str(self._paths.emulator_python), "-m", self._module],
                cwd=ROOT,
                env=_environment(self._paths),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                umask=_UMASK,
            )
        write_pid_file(self._paths.pid, process.pid)
        return process

    def _responds(self) -> bool:
        request = urllib.request.Request(f"{self._paths.endpoint_url}{HEALTH_PATH}")  # noqa: S310  always http on loopback
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=5) as response:
                return bool(response.status == 200)  # noqa: PLR2004
        except OSError:
            return False

    def _log_end(self) -> str:
        return "\n".join(self._paths.log.read_text(encoding="utf-8", errors="replace").splitlines()[-15:])

    @staticmethod
    def _wait(condition: Callable[[], bool], *, within: float) -> bool:
        end = time.monotonic() + within
        while not condition():
            if time.monotonic() > end:
                return False
            time.sleep(_POLLING_SECONDS)
        return True


def _environment(paths: LocalPaths) -> dict[str, str]:
    """Return the environment of the emulator. Its functions inherit it, so it contains nothing of the caller's environment."""
    return {
        "PATH": os.defpath,
        "HOME": str(paths.folder),
        "LANG": "C.UTF-8",
        "TMPDIR": str(paths.temporary),
        "LOCAL_CLOUD_DIR": str(paths.folder),
        "LOCAL_CLOUD_PORT": str(paths.port),
        "GATEWAY_PORT": str(paths.port),
        "BIND_HOST": HOST,
        "MINISTACK_REGION": REGION,
        "PERSIST_STATE": "1",
        "STATE_DIR": str(paths.state),
        "S3_PERSIST": "1",
        "S3_DATA_DIR": str(paths.objects),
        "SFTP_ENABLED": "0",
        "SMTP_HOST": f"{HOST}:{paths.mail_port}",
        "IOT_MTLS_ENABLED": "0",
        "LAMBDA_EXECUTOR": "local",
        "DOCKER_HOST": f"unix://{paths.folder / 'no-docker.sock'}",
        "AUTH": "true",
        "MINISTACK_ACCOUNT_ID": ACCOUNT_ID,
        **administrator_key(paths.administrator_key).environment,
        "AWS_EC2_METADATA_DISABLED": "true",
    }
