"""A kernel provisioner for jupyter_client that starts the kernel with the run's launcher, whatever the kernel's specification names."""

import os
from pathlib import Path
from typing import Any

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.manager import KernelManager
from jupyter_client.provisioning.local_provisioner import LocalProvisioner

from runner.launchers import Launcher

__all__ = ["RunProvisioner"]


class RunProvisioner(LocalProvisioner):
    """jupyter_client's local provisioner, with another way to start the process.

    Parameters
    ----------
    launcher
        Starts the process.
    manager
        The manager of this kernel.
    """

    process: Any = None
    """A `LeaderProcess`, once the kernel has been started."""

    def __init__(self, launcher: Launcher, manager: KernelManager) -> None:
        super().__init__(kernel_id=manager.kernel_id, kernel_spec=manager.kernel_spec, parent=manager)
        self._launcher = launcher
        self._manager = manager

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        """Start the kernel. The process object signals its process group, not jupyter_client itself (`pgid`)."""
        self._launcher.make_readable(Path(self._manager.connection_file))
        self.process = self._launcher.start(
            _expand_user(cmd),
            environment=kwargs["env"],
            folder=kwargs["cwd"],
            stdout=kwargs.get("stdout", 1),
            stderr=kwargs.get("stderr", 2),
        )
        self.pid = self.process.pid
        return self.connection_info


def _expand_user(argv: list[str]) -> list[str]:
    """Replace `~` at the start of each argument, as jupyter_client does, even if the argument is not a path."""
    return [os.path.expanduser(argument) for argument in argv]  # noqa: PTH111 - not only paths
