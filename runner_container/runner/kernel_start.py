"""Start the kernel of a run as soon as its working directory is complete, while papermill and the notebook are still being loaded."""

import logging
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from jupyter_client.manager import AsyncKernelManager
from jupyter_core.utils import run_sync

from runner.errors import RunProblemError
from runner.kernel_environment import kernel_environment
from runner.kernel_messages import RunKernelClient
from runner.kernel_process import KernelProcess
from runner.kernel_stderr import KernelStderr
from runner.kernels import Kernel, choose_kernel, installed_kernels
from runner.launchers import Launcher
from runner.notebook_repair import repair_notebook
from runner.notebook_rules import parse_notebook
from runner.provisioner import RunProvisioner
from runner.watchdog import Watchdog
from runner.work_order import WorkOrder

__all__ = ["KernelStarter", "start_kernel_early"]

_LOG = logging.getLogger(__name__)
_NO_HISTORY: Final = "--HistoryManager.hist_file=:memory:"
"""Keeps ipykernel from writing a history file, as nbclient's `ipython_hist_file` does."""


class KernelStarter:
    """Starts the kernel of one run.

    Parameters
    ----------
    kernel
        The kernel to start.
    launcher, watchdog
        The launcher starts the process; the watchdog can end it from then on.
    folder
        The kernel's working directory.
    variables
        The run's environment variables.
    """

    def __init__(
        self, kernel: Kernel, *, launcher: Launcher, watchdog: Watchdog, folder: Path, variables: Mapping[str, str]
    ) -> None:
        self.kernel = kernel
        self._variables = variables
        self._launcher = launcher
        self._watchdog = watchdog
        self._folder = folder
        self.manager: AsyncKernelManager | None = None
        self.process: KernelProcess | None = None
        self.stderr: KernelStderr | None = None

    async def async_start(self) -> AsyncKernelManager:
        """Start a kernel with ports of its own, and return its manager. Do not wait until it responds.

        Raises
        ------
        RuntimeError, OSError
            If the process cannot be started.
        """
        manager = AsyncKernelManager(kernel_name=self.kernel.name, client_factory=RunKernelClient)
        provisioner = RunProvisioner(self._launcher, manager)
        manager.provisioner = provisioner
        with KernelStderr(logs=not _is_ipykernel(manager)) as stderr:
            await manager.start_kernel(
                extra_arguments=[_NO_HISTORY] if manager.ipykernel else [],
                env=kernel_environment(os.environ, self._variables),
                cwd=str(self._folder),
                stdout=stderr.pipe,
                stderr=stderr.pipe,
            )
        self.manager, self.stderr, self.process = manager, stderr, KernelProcess(provisioner.process)
        self._watchdog.kernel_started(self.process)
        return manager

    start = run_sync(async_start)


def start_kernel_early(
    notebook: bytes, order: WorkOrder, *, launcher: Launcher, watchdog: Watchdog, folder: Path
) -> KernelStarter | None:
    """Start the kernel that the notebook's metadata names, before nbformat reads the notebook.

    Parameters
    ----------
    notebook
        The content of the notebook's file, read before any kernel could change it.
    order, launcher, watchdog, folder
        As for `KernelStarter`.

    Returns
    -------
        The starter. None if it is not clear which kernel to start; then reading the notebook explains why.
    """
    try:
        metadata = repair_notebook(parse_notebook(notebook))[0]["metadata"]
        kernel = choose_kernel(
            metadata, environment=order.environment, fallback=order.kernel, installed=installed_kernels()
        )
    except (ValueError, RunProblemError):
        return None
    starter = KernelStarter(kernel, launcher=launcher, watchdog=watchdog, folder=folder, variables=order.variables)
    try:
        starter.start()
    except Exception:  # noqa: BLE001 - the execution starts it again and reports why that fails
        _LOG.info("the kernel could not be started early", exc_info=True)
    return starter


def _is_ipykernel(manager: AsyncKernelManager) -> bool:
    """Check whether a kernel is ipykernel, which also sends what is written to its stdout and stderr to Jupyter's channels."""
    spec = manager.kernel_spec
    return spec is not None and any(argument.startswith("ipykernel") for argument in spec.argv)
