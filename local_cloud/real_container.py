"""Run a container with a container engine, with the interface of Docker's Python client."""

import contextlib
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from local_cloud.container_command import ContainerCommand, ContainerCommandError
from local_cloud.container_options import ContainerOptions
from local_cloud.output_log import OutputLog

__all__ = ["RealContainer"]

_DEFAULT_STOP_SECONDS: Final = 30
"""The default time between SIGTERM and SIGKILL [s], that of ECS."""

_KILLED: Final = 137
"""The exit code of a container whose process 1 got SIGKILL: 128 + 9."""


class RealContainer:
    """A running container; when it ends it is removed, but its log remains.

    Parameters
    ----------
    command
        The engine.
    folder
        An existing folder for its log.
    image
        The name of the image.
    program
        The command instead of the image's; empty for the image's.
    environment
        Variables in addition to the image's.
    labels
        The labels of the container.
    options
        Limits, user, file systems.

    Raises
    ------
    ContainerCommandError
        If the engine cannot start the container.
    """

    def __init__(
        self,
        command: ContainerCommand,
        *,
        folder: Path,
        image: str,
        program: Sequence[str],
        environment: Mapping[str, str],
        labels: Mapping[str, str],
        options: ContainerOptions,
    ) -> None:
        self._command = command
        self._folder = folder
        self._ended = threading.Event()
        self._exit_code = 0
        self.log = OutputLog(folder / "log", self._ended)
        self.out_of_memory = False
        """Whether it was killed because it reached its memory limit; known when it has ended."""
        self.id = self._start(image, program, environment, labels, options)
        self.attrs: dict[str, Any] = {"Id": self.id, "NetworkSettings": {"Networks": {}}}
        with (folder / "log").open("wb") as output:
            self._follower = subprocess.Popen(
                [command.executable, "logs", "--follow", self.id],
                env=dict(command.environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        threading.Thread(target=self._wait_for_end, name=f"container-{self.id[:12]}", daemon=True).start()

    @property
    def status(self) -> str:
        """`running` or `exited`."""
        return "exited" if self._ended.is_set() else "running"

    def reload(self) -> None:
        """Do nothing: the state is always current."""

    def wait(self, timeout: float | None = None) -> dict[str, int]:
        """Wait for the end and return the exit code.

        Raises
        ------
        TimeoutError
            If it still runs after `timeout` seconds.
        """
        if not self._ended.wait(timeout):
            raise TimeoutError(f"Container {self.id[:12]} still runs after {timeout} s")
        return {"StatusCode": self._exit_code}

    def stop(self, timeout: float = _DEFAULT_STOP_SECONDS) -> None:
        """Send SIGTERM to process 1, and SIGKILL to all processes after `timeout` seconds; wait for the end."""
        self._send("stop", "-t", str(round(timeout)), seconds=None)
        self._ended.wait()

    def kill(self) -> None:
        """Send SIGKILL to every process of the container."""
        self._send("kill")

    def logs(
        self, *, stream: bool = False, follow: bool = False, tail: int | None = None, **_: Any
    ) -> bytes | Iterator[bytes]:
        """Return the output: all of it, the last `tail` lines, or a stream of complete lines until the end."""
        return self.log.read(stream=stream, follow=follow, tail=tail)

    def remove(self, **_: Any) -> None:
        """Do nothing: a container is removed when it ends."""

    def _send(self, *arguments: str, seconds: float | None = 60) -> None:
        if not self._ended.is_set():
            with contextlib.suppress(ContainerCommandError):  # it has just ended
                self._command.output(*arguments, self.id, seconds=seconds)

    def _start(
        self,
        image: str,
        program: Sequence[str],
        environment: Mapping[str, str],
        labels: Mapping[str, str],
        options: ContainerOptions,
    ) -> str:
        if multiline := [name for name, value in environment.items() if "\n" in value]:
            raise ContainerCommandError(f"variables with more than one line are not supported: {', '.join(multiline)}")
        arguments = [*self._command.run_arguments, *options.arguments(), *_flags("--label", labels)]
        variables, identifier = self._folder / "environment", self._folder / "id"
        variables.touch(mode=0o600)
        variables.write_text("".join(f"{name}={value}\n" for name, value in environment.items()), encoding="utf-8")
        files = ("--env-file", str(variables), "--cidfile", str(identifier))
        try:
            # The API of the local cloud listens on the loopback of this machine, which `--network host` shares.
            return self._command.output(
                *("run", "--detach", "--pull", "never", "--network", "host", *files),
                *(*arguments, image, *options.entry_point[1:], *program),
                folder=str(self._folder),
            )
        except ContainerCommandError:
            if identifier.exists():
                self._command.remove([identifier.read_text(encoding="ascii")])
            raise
        finally:
            variables.unlink()

    def _wait_for_end(self) -> None:
        self._follower.wait()
        try:
            self._exit_code = int(self._command.output("wait", self.id, seconds=None))
            killed = self._command.output("inspect", "--format", "{{.State.OOMKilled}}", self.id) == "true"
        except (ContainerCommandError, ValueError):  # someone else removed it: the exit code is unknown
            self._exit_code, killed = _KILLED, False
        # conmon 2.1 on control groups v1 writes the file `oom` to its working directory, where Podman does not look for it.
        oom_file = (self._folder / "oom").exists()
        self.out_of_memory = self._exit_code == _KILLED and (killed or oom_file)
        self._command.remove([self.id])
        self._ended.set()


def _flags(name: str, values: Mapping[str, str]) -> Iterator[str]:
    for key, value in values.items():
        yield from (name, f"{key}={value}")
