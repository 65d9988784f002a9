"""Why a job ended: one code, a title, a message for a person, decided here and nowhere else.

The runner reports a code (docs/runner-protocol.md); of a container that ended without a report, `ecs_failure` tells it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from chalicelib.domain.sanitize import sanitize_text

__all__ = [
    "MESSAGE_CHARACTERS",
    "OUTCOMES",
    "RUNNER_CODES",
    "Fault",
    "Outcome",
    "OutcomeKind",
    "make_outcome",
]


class Fault(StrEnum):
    """Whose fault an outcome is: it decides about retries."""

    NONE = "none"
    NOTEBOOK = "notebook"
    TIMEOUT = "timeout"
    REQUEST = "request"
    """What was asked for can never run: no retry."""
    INFRASTRUCTURE = "infrastructure"
    CAPACITY = "capacity"
    """Nothing was started: waits and tries again without counting."""


@dataclass(frozen=True)
class Outcome:
    """Why a job ended."""

    code: str
    title: str
    message: str
    retryable: bool
    """Whether running the same again may end differently."""


@dataclass(frozen=True)
class OutcomeKind:
    """What all outcomes of one code have in common."""

    title: str
    advice: str
    """Said where nothing better is known."""
    fault: Fault
    exit_code: int | None = None
    """The container's exit code, where the runner ends with one of its own."""

    @property
    def is_retryable(self) -> bool:
        """Whether running the same again may end differently."""
        return self.fault not in (Fault.NONE, Fault.REQUEST)


OUTCOMES: Final[Mapping[str, OutcomeKind]] = {
    "succeeded": OutcomeKind("Completed", "", Fault.NONE, 0),
    "notebook_error": OutcomeKind(
        "The notebook raised an error", "A cell raised an error; see the executed notebook.", Fault.NOTEBOOK, 10
    ),
    "timeout": OutcomeKind(
        "Maximum run time exceeded",
        "The notebook ran longer than its maximum run time. Raise timeout_seconds, or make it faster.",
        Fault.TIMEOUT,
        11,
    ),
    "stopped": OutcomeKind("Stopped", "Stopped on request.", Fault.NONE, 12),
    "input_problem": OutcomeKind(
        "The input cannot be used",
        "The snapshot is not a notebook, or not a safe zip of one's folder.",
        Fault.REQUEST,
        13,
    ),
    "kernel_died": OutcomeKind(
        "The kernel died", "The kernel ended by itself in the middle of the run.", Fault.NOTEBOOK, 14
    ),
    "out_of_memory": OutcomeKind(
        "Out of memory",
        "The notebook needed more memory than its compute type has. Choose a larger compute type.",
        Fault.NOTEBOOK,
        15,
    ),
    "environment_problem": OutcomeKind(
        "The environment cannot run this notebook",
        "The environment lacks a kernel or an output format that was asked for.",
        Fault.REQUEST,
        16,
    ),
    "terminated": OutcomeKind(
        "The container was ended", "AWS ended the container before the notebook was finished.", Fault.INFRASTRUCTURE, 17
    ),
    "upload_failed": OutcomeKind(
        "Outputs could not be stored",
        "The notebook ran, but its outputs could not be uploaded.",
        Fault.INFRASTRUCTURE,
        18,
    ),
    "runner_error": OutcomeKind(
        "The runner failed", "A fault of the runner itself; its log says more.", Fault.INFRASTRUCTURE, 19
    ),
    "connection_lost": OutcomeKind(
        "The runner lost its connection",
        "The runner could not reach the service and ended itself.",
        Fault.INFRASTRUCTURE,
        21,
    ),
    "spot_reclaimed": OutcomeKind(
        "Spot capacity was reclaimed",
        "AWS took the Spot capacity back. Choose a compute type that is not Spot to avoid it.",
        Fault.INFRASTRUCTURE,
    ),
    "container_gone": OutcomeKind(
        "The container disappeared", "The container ended without a word; its log may say more.", Fault.INFRASTRUCTURE
    ),
    "heartbeat_timeout": OutcomeKind(
        "The runner fell silent",
        "Nothing was heard from the runner, so its container was stopped.",
        Fault.INFRASTRUCTURE,
    ),
    "never_started": OutcomeKind(
        "The container never started", "The container did not start within the launch deadline.", Fault.INFRASTRUCTURE
    ),
    "image_problem": OutcomeKind(
        "The runner image cannot be used",
        "The environment's image could not be pulled or started. Tell the operator.",
        Fault.REQUEST,
    ),
    "network_problem": OutcomeKind(
        "The container had no network",
        "The container could not reach what it needs to start. Tell the operator.",
        Fault.INFRASTRUCTURE,
    ),
    "permission_problem": OutcomeKind(
        "AWS refuses a permission",
        "AWS does not let the stack start this container. Tell the operator.",
        Fault.INFRASTRUCTURE,
    ),
    "configuration_problem": OutcomeKind(
        "The stack is not set up for this", "AWS refused to start the container. Tell the operator.", Fault.REQUEST
    ),
    "no_capacity": OutcomeKind(
        "No capacity",
        "AWS had no capacity for this compute type for too long. Try another one, or later.",
        Fault.CAPACITY,
    ),
    "quota": OutcomeKind(
        "Quota reached",
        "The account's Fargate quota was used up for too long. Ask the operator to raise it.",
        Fault.CAPACITY,
    ),
    "throttled": OutcomeKind(
        "AWS was too busy", "AWS refused too many launches for too long. Try later.", Fault.CAPACITY
    ),
    "not_allowed": OutcomeKind(
        "The environment may not be used",
        "The environment is gone, or no longer open to whoever created this job.",
        Fault.REQUEST,
    ),
    "owner_disabled": OutcomeKind(
        "The owner is disabled", "An admin has disabled the owner of this job.", Fault.REQUEST
    ),
}
"""Every outcome there is."""

RUNNER_CODES: Final = frozenset(code for code, kind in OUTCOMES.items() if kind.exit_code is not None) - {
    "connection_lost"
}
"""What a runner may report."""


MESSAGE_CHARACTERS: Final = 2000
"""Longest message (docs/runner-protocol.md)."""


def make_outcome(code: str, message: str = "") -> Outcome:
    """Make an outcome of a code that `OUTCOMES` knows; its message is made plain, and cut.

    Raises
    ------
    KeyError
        If the code is unknown.
    """
    kind, said = OUTCOMES[code], sanitize_text(message).strip()
    if len(said) > MESSAGE_CHARACTERS:
        said = f"{said[: MESSAGE_CHARACTERS - 1]}…"
    return Outcome(code=code, title=kind.title, message=said or kind.advice, retryable=kind.is_retryable)
