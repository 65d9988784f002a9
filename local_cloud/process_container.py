"""Run a container as a process of this machine, with its own folder and log."""

import contextlib
import os
import shutil
import signal
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from local_cloud.output_log import OutputLog
from local_cloud.processes import kill_group, kill_processes_in, write_pid_file

__all__ = ["ProcessContainer"]

_DEFAULT_STOP_SECONDS: Final = 30
"""The default time between SIGTERM and SIGKILL [s], that of ECS."""


class ProcessContainer:
    """A process with the interface of a container in Docker's Python client.

    Parameters
    ----------
    identifier
        Hexadecimal, unique.
    folder
        The folder for the working, home and temporary folders and the log; all but the log are removed when the process has ended.
    command
        The command of the process.
    environment
        The environment of the process, except `HOME` and `TMPDIR`.

    Raises
    ------
    OSError
        If the command cannot be started.
    """

    def __init__(
        self, identifier: str, *, folder: Path, command: Sequence[str], environment: Mapping[str, str]
    ) -> None:
        self.id = identifier
        self.attrs: dict[str, Any] = {"Id": identifier, "NetworkSettings": {"Networks": {}}}
        self._folder = folder
        self._ended = threading.Event()
        self._log = OutputLog(folder / "log", self._ended)
        self._exit_code = 0
        home, temporary, work = self._own_folders()
        for own_folder in (home, temporary, work):
            own_folder.mkdir(parents=True)
        self._process = self._start(command, {**environment, "HOME": str(home), "TMPDIR": str(temporary)}, work)
        threading.Thread(target=self._wait_for_end, name=f"container-{identifier[:12]}", daemon=True).start()

    @property
    def status(self) -> str:
        """`running` or `exited`."""
        return "exited" if self._ended.is_set() else "running"

    def reload(self) -> None:
        """Do nothing: the state is always current."""

    def wait(self, timeout: float | None = None) -> dict[str, int]:
        """Wait for the end and return the exit code, which is 128 + n after signal n, as for containers.

        Raises
        ------
        TimeoutError
            If it still runs after `timeout` seconds.
        """
        if not self._ended.wait(timeout):
            raise TimeoutError(f"Container {self.id[:12]} still runs after {timeout} s")
        return {"StatusCode": self._exit_code}

    def stop(self, timeout: float = _DEFAULT_STOP_SECONDS) -> None:
        """Send SIGTERM to the process, as ECS does, and after `timeout` seconds SIGKILL to it and all its descendants."""
        if not self._ended.is_set():
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._process.pid, signal.SIGTERM)
        if not self._ended.wait(timeout):
            self.kill()
            self._ended.wait()

    def kill(self) -> None:
        """Send SIGKILL to the process and all its descendants."""
        kill_group(self._process.pid)
        kill_processes_in(self._folder)

    def logs(
        self, *, stream: bool = False, follow: bool = False, tail: int | None = None, **_: Any
    ) -> bytes | Iterator[bytes]:
        """Return the output: all of it, the last `tail` lines, or a stream of complete lines until the end."""
        return self._log.read(stream=stream, follow=follow, tail=tail)

    def remove(self, **_: Any) -> None:
        """Do nothing: folders are removed when the process ends, logs when the local cloud restarts."""

    def _own_folders(self) -> tuple[Path, Path, Path]:
        return self._folder / "home", self._folder / "tmp", self._folder / "work"

    def _start(self, command: Sequence[str], environment: Mapping[str, str], work: Path) -> subprocess.Popen[bytes]:
        with (self._folder / "log").open("wb") as log:
            process = subprocess.Popen(
                list(command),
                cwd=work,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        write_pid_file(self._folder / "pid", process.pid)
        return process

    def _wait_for_end(self) -> None:
        # The id of the group can be reused after the wait for its leader: kill the rest of the group before.
        os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOWAIT)
        self.kill()
        code = self._process.wait()
        self._exit_code = code if code >= 0 else 128 - code
        (self._folder / "pid").unlink(missing_ok=True)
        for folder in self._own_folders():
            shutil.rmtree(folder, ignore_errors=True)
        self._ended.set()
