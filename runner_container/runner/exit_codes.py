"""The exit codes of the runner: one for each outcome code, and three where nothing can be reported.

docs/runner-protocol.md has the same table; a test compares them.
"""

from enum import StrEnum
from typing import Final

__all__ = ["EXIT_CONNECTION_LOST", "EXIT_RUN_REVOKED", "EXIT_WRONG_SETTINGS", "Code"]

EXIT_WRONG_SETTINGS: Final = 2
"""The container was started without what it needs. Shells use the same code for usage errors."""
EXIT_RUN_REVOKED: Final = 20
"""The run no longer belongs to this container. Nothing is reported."""
EXIT_CONNECTION_LOST: Final = 21
"""The service did not respond to check-in or the request for the work order, so nothing was executed."""


class Code(StrEnum):
    """The outcome codes of docs/runner-protocol.md."""

    SUCCEEDED = "succeeded"
    NOTEBOOK_ERROR = "notebook_error"
    TIMEOUT = "timeout"
    STOPPED = "stopped"
    INPUT_PROBLEM = "input_problem"
    KERNEL_DIED = "kernel_died"
    OUT_OF_MEMORY = "out_of_memory"
    ENVIRONMENT_PROBLEM = "environment_problem"
    TERMINATED = "terminated"
    UPLOAD_FAILED = "upload_failed"
    RUNNER_ERROR = "runner_error"

    @property
    def exit_code(self) -> int:
        """The container's exit code. It identifies the outcome even if the report is lost."""
        return _EXIT_CODES[self]


_EXIT_CODES: Final = {
    Code.SUCCEEDED: 0,
    Code.NOTEBOOK_ERROR: 10,
    Code.TIMEOUT: 11,
    Code.STOPPED: 12,
    Code.INPUT_PROBLEM: 13,
    Code.KERNEL_DIED: 14,
    Code.OUT_OF_MEMORY: 15,
    Code.ENVIRONMENT_PROBLEM: 16,
    Code.TERMINATED: 17,
    Code.UPLOAD_FAILED: 18,
    Code.RUNNER_ERROR: 19,
}
