"""Why a job ended: an outcome has a code, a title and a message for people. Everything else reads them from here.

The runner reports a code (docs/runner-protocol.md). If a container ends without a report, `ecs_failure` derives one from what ECS says.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from chalicelib.domain.sanitize import shorten

__all__ = [
    "MESSAGE_CHARACTERS",
    "OUTCOMES",
    "RUNNER_CODES",
    "Fault",
    "Outcome",
    "OutcomeCode",
    "OutcomeKind",
    "make_outcome",
]


class OutcomeCode(StrEnum):
    """Every outcome, by the code that programs compare. `OUTCOMES` describes each."""

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
    CONNECTION_LOST = "connection_lost"
    SPOT_RECLAIMED = "spot_reclaimed"
    CONTAINER_GONE = "container_gone"
    HEARTBEAT_TIMEOUT = "heartbeat_timeout"
    NEVER_STARTED = "never_started"
    IMAGE_PROBLEM = "image_problem"
    NETWORK_PROBLEM = "network_problem"
    PERMISSION_PROBLEM = "permission_problem"
    CONFIGURATION_PROBLEM = "configuration_problem"
    NO_CAPACITY = "no_capacity"
    QUOTA = "quota"
    THROTTLED = "throttled"
    NOT_ALLOWED = "not_allowed"
    OWNER_DISABLED = "owner_disabled"


class Fault(StrEnum):
    """Who or what caused an outcome. Retries depend on it."""

    NONE = "none"
    NOTEBOOK = "notebook"
    TIMEOUT = "timeout"
    REQUEST = "request"
    """The request can never succeed, so it is not retried."""
    INFRASTRUCTURE = "infrastructure"
    CAPACITY = "capacity"
    """Nothing was started. The job waits and tries again; this does not count as a retry."""


@dataclass(frozen=True)
class Outcome:
    """Why a job ended."""

    code: OutcomeCode
    """Read from the table, it may be a code that only a newer release knows; it is then a plain string."""
    title: str
    message: str
    retryable: bool
    """Whether the same job may end differently if it runs again."""
    cell: int | None = None
    """The code cell in which the attempt ended, numbered from 1; None if it did not end in a cell, or a runner did not report it."""
    error_name: str | None = None
    """The class of the exception that a cell raised."""

    @property
    def fault(self) -> Fault:
        """Who or what caused it."""
        return OUTCOMES[self.code].fault


@dataclass(frozen=True)
class OutcomeKind:
    """What all outcomes with the same code have in common."""

    title: str
    advice: str
    """The message of an outcome that comes without one."""
    fault: Fault
    exit_code: int | None = None
    """The container's exit code, if the runner exits with one of its own."""

    @property
    def is_retryable(self) -> bool:
        """Whether the same job may end differently if it runs again."""
        return self.fault not in (Fault.NONE, Fault.REQUEST)


OUTCOMES: Final[Mapping[OutcomeCode, OutcomeKind]] = {
    OutcomeCode.SUCCEEDED: OutcomeKind("Completed", "", Fault.NONE, 0),
    OutcomeCode.NOTEBOOK_ERROR: OutcomeKind(
        "The notebook raised an error", "A cell raised an error; see the executed notebook.", Fault.NOTEBOOK, 10
    ),
    OutcomeCode.TIMEOUT: OutcomeKind(
        "Maximum run time exceeded",
        "The notebook ran longer than its maximum run time. Raise timeout_seconds, or make it faster.",
        Fault.TIMEOUT,
        11,
    ),
    OutcomeCode.STOPPED: OutcomeKind("Stopped", "Stopped on request.", Fault.NONE, 12),
    OutcomeCode.INPUT_PROBLEM: OutcomeKind(
        "The input cannot be used",
        "The snapshot is not a notebook, or not a safe zip of the folder that contains one.",
        Fault.REQUEST,
        13,
    ),
    OutcomeCode.KERNEL_DIED: OutcomeKind(
        "The kernel died", "The kernel exited in the middle of the run.", Fault.NOTEBOOK, 14
    ),
    OutcomeCode.OUT_OF_MEMORY: OutcomeKind(
        "Out of memory",
        "The notebook needed more memory than its compute type has. Choose a larger compute type.",
        Fault.NOTEBOOK,
        15,
    ),
    OutcomeCode.ENVIRONMENT_PROBLEM: OutcomeKind(
        "The environment cannot run this notebook",
        "The environment lacks the kernel, or an output format, that the job needs.",
        Fault.REQUEST,
        16,
    ),
    OutcomeCode.TERMINATED: OutcomeKind(
        "The container was terminated",
        "AWS stopped the container before the notebook finished.",
        Fault.INFRASTRUCTURE,
        17,
    ),
    OutcomeCode.UPLOAD_FAILED: OutcomeKind(
        "Outputs could not be stored",
        "The notebook ran, but its outputs could not be uploaded.",
        Fault.INFRASTRUCTURE,
        18,
    ),
    OutcomeCode.RUNNER_ERROR: OutcomeKind(
        "The runner failed", "The runner itself has a fault. See its log.", Fault.INFRASTRUCTURE, 19
    ),
    OutcomeCode.CONNECTION_LOST: OutcomeKind(
        "The runner lost its connection",
        "The runner could not reach the service, so it did not start the notebook.",
        Fault.INFRASTRUCTURE,
        21,
    ),
    OutcomeCode.SPOT_RECLAIMED: OutcomeKind(
        "Spot capacity was reclaimed",
        "AWS reclaimed the Spot capacity. To avoid this, choose a compute type that does not use Spot.",
        Fault.INFRASTRUCTURE,
    ),
    OutcomeCode.CONTAINER_GONE: OutcomeKind(
        "The container disappeared",
        "The container ended without reporting an outcome. See its log.",
        Fault.INFRASTRUCTURE,
    ),
    OutcomeCode.HEARTBEAT_TIMEOUT: OutcomeKind(
        "No heartbeat from the runner",
        "The runner stopped sending heartbeats, and its container was stopped or is gone.",
        Fault.INFRASTRUCTURE,
    ),
    OutcomeCode.NEVER_STARTED: OutcomeKind(
        "The container never started", "The container did not start before the launch deadline.", Fault.INFRASTRUCTURE
    ),
    OutcomeCode.IMAGE_PROBLEM: OutcomeKind(
        "The runner image cannot be used",
        "The environment's image could not be pulled or started. Tell the operator.",
        Fault.REQUEST,
    ),
    OutcomeCode.NETWORK_PROBLEM: OutcomeKind(
        "The container had no network",
        "The container could not reach what it needs to start. Tell the operator.",
        Fault.INFRASTRUCTURE,
    ),
    OutcomeCode.PERMISSION_PROBLEM: OutcomeKind(
        "AWS refuses a permission",
        "AWS does not let the stack start this container. Tell the operator.",
        Fault.INFRASTRUCTURE,
    ),
    OutcomeCode.CONFIGURATION_PROBLEM: OutcomeKind(
        "The stack is not configured for this", "AWS refused to start the container. Tell the operator.", Fault.REQUEST
    ),
    OutcomeCode.NO_CAPACITY: OutcomeKind(
        "No capacity",
        "AWS had no capacity for this compute type for too long. Choose another compute type, or try again later.",
        Fault.CAPACITY,
    ),
    OutcomeCode.QUOTA: OutcomeKind(
        "Quota reached",
        "The account's Fargate quota was used up for too long. Ask the operator to raise it.",
        Fault.CAPACITY,
    ),
    OutcomeCode.THROTTLED: OutcomeKind(
        "AWS was too busy", "AWS throttled the launch for too long. Try again later.", Fault.CAPACITY
    ),
    OutcomeCode.NOT_ALLOWED: OutcomeKind(
        "You may not use the environment",
        "The environment no longer exists, or the owner of this job may no longer use it.",
        Fault.REQUEST,
    ),
    OutcomeCode.OWNER_DISABLED: OutcomeKind(
        "The owner is disabled", "An admin has disabled the owner of this job.", Fault.REQUEST
    ),
}
"""Every outcome."""

RUNNER_CODES: Final = frozenset(code for code, kind in OUTCOMES.items() if kind.exit_code is not None) - {
    OutcomeCode.CONNECTION_LOST
}
"""Codes that a runner may report. One that has not checked in cannot report."""

MESSAGE_CHARACTERS: Final = 2000
"""The longest message (docs/runner-protocol.md)."""

_NAME_CHARACTERS: Final = 200
"""The longest name of an exception (docs/runner-protocol.md)."""


def make_outcome(code: str, message: str = "", *, cell: int | None = None, error_name: str | None = None) -> Outcome:
    """Make an outcome. Its texts are sanitized and truncated.

    Parameters
    ----------
    code
        An `OutcomeCode`, or its value as a runner reports it.
    message
        What happened; without one, the advice for this code. If it does not name the cell, its number comes first.
    cell
        The code cell in which the attempt ended, numbered from 1.
    error_name
        The class of the exception that a cell raised.

    Raises
    ------
    ValueError
        If the code is unknown.
    """
    known = OutcomeCode(code)
    kind = OUTCOMES[known]
    return Outcome(
        code=known,
        title=kind.title,
        message=shorten(_with_cell(shorten(message, MESSAGE_CHARACTERS) or kind.advice, cell), MESSAGE_CHARACTERS),
        retryable=kind.is_retryable,
        cell=cell,
        error_name=shorten(error_name or "", _NAME_CHARACTERS) or None,
    )


def _with_cell(message: str, cell: int | None) -> str:
    """Name the cell in a message that does not: people look for it there."""
    is_named = cell is None or re.search(rf"\bcell {cell}\b", message, re.IGNORECASE)
    return message if is_named else f"In cell {cell}: {message}"
