"""How jupyter_client gets its kernel: from the launcher of this run, whatever provisioner a kernel's specification names."""

import os
from pathlib import Path
from typing import Any

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.manager import KernelManager
from jupyter_client.provisioning.local_provisioner import LocalProvisioner

from runner.launchers import Launcher, LeaderProcess

__all__ = ["RunProvisioner"]


class RunProvisioner(LocalProvisioner):
    """jupyter_client's local provisioner with another way to start the process.

    Parameters
    ----------
    launcher
        Who starts it.
    manager
        The manager of this kernel.
    """

    process: Any = None

    def __init__(self, launcher: Launcher, manager: KernelManager) -> None:
        super().__init__(kernel_id=manager.kernel_id, kernel_spec=manager.kernel_spec, parent=manager)
        self._launcher = launcher
        self._manager = manager
        self.leader: LeaderProcess | None = None
        """The kernel's process, once it has been started."""

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        """Start the kernel. Its process group is signalled by the process object, not by jupyter_client itself (`pgid`)."""
        self._launcher.share(Path(self._manager.connection_file))
        self.leader = self._launcher.start(
            _expanded(cmd),
            environment=kwargs["env"],
            folder=kwargs["cwd"],
            stdout=kwargs.get("stdout", 1),
            stderr=kwargs.get("stderr", 2),
        )
        self.process = self.leader
        self.pid = self.leader.pid
        return self.connection_info


def _expanded(argv: list[str]) -> list[str]:
    """Replace `~` at the start of arguments, as jupyter_client does, also where an argument is no path."""
    return [os.path.expanduser(each) for each in argv]  # noqa: PTH111 - of texts
