"""Why a job ended: one code, a title, a message for a person, decided here and nowhere else.

The runner reports a code (docs/runner-protocol.md); a container that ended without a report is classified by what ECS says.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

__all__ = [
    "OUTCOMES",
    "RUNNER_CODES",
    "Fault",
    "Outcome",
    "OutcomeKind",
    "classify_launch_failure",
    "classify_stopped_task",
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
    "fenced": OutcomeKind(
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
    "silent": OutcomeKind(
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
}
"""Every outcome there is."""

RUNNER_CODES: Final = frozenset(code for code, kind in OUTCOMES.items() if kind.exit_code is not None) - {"fenced"}
"""What a runner may report."""

_BY_EXIT_CODE: Final = {kind.exit_code: code for code, kind in OUTCOMES.items() if kind.exit_code is not None}
_KILLED: Final = 137
"""128 + SIGKILL: what a container shows whose process was killed: by the kernel for memory, or by ECS after `StopTask`."""


def make_outcome(code: str, message: str = "") -> Outcome:
    """Make an outcome of a code that `OUTCOMES` knows.

    Raises
    ------
    KeyError
        If the code is unknown.
    """
    kind = OUTCOMES[code]
    return Outcome(code=code, title=kind.title, message=message or kind.advice, retryable=kind.is_retryable)


def classify_launch_failure(reason: str) -> str:
    """Find the outcome code of what `RunTask` answered in `failures[]`, or raised.

    The reasons are those of the Amazon ECS developer guide, "API failures messages", and of RunTask's errors.
    """
    text = reason.lower()
    for code, words in _LAUNCH_FAILURES:
        if any(word in text for word in words):
            return code
    return "configuration_problem"


_LAUNCH_FAILURES: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    ("configuration_problem", ("capacity provider",)),
    ("quota", ("limit on the number of", "limitexceeded", "service quota", "resource:eni", "vcpu limit")),
    (
        "throttled",
        (
            "throttl",
            "rate exceeded",
            "too many concurrent",
            "toomanyrequests",
            "serverexception",
            "service unavailable",
            "serviceunavailable",
            "internal",
            "timeout",
            "timed out",
        ),
    ),
    ("no_capacity", ("capacity", "resource:")),
)


def classify_stopped_task(
    *, stop_code: str, reason: str, exit_code: int | None, container_reason: str
) -> tuple[str, str]:
    """Find the outcome code, and a message, of a container that ended without a report.

    Parameters
    ----------
    stop_code
        ECS's `stopCode`.
    reason
        ECS's `stoppedReason`.
    exit_code
        The runner container's exit code, where it ran.
    container_reason
        The runner container's `reason`.
    """
    said = " ".join(part for part in (reason, container_reason) if part)
    if "outofmemory" in container_reason.lower():
        return "out_of_memory", ""
    if stop_code in ("SpotInterruption", "TerminationNotice"):
        return "spot_reclaimed", ""
    if stop_code == "TaskFailedToStart":
        return _classify_failed_start(said), said
    if exit_code == _KILLED and stop_code != "UserInitiated":
        return (
            "out_of_memory",
            "The container was killed, most likely because its memory was full. Choose a larger compute type.",
        )
    if exit_code in _BY_EXIT_CODE and exit_code != 0:
        return _BY_EXIT_CODE[exit_code], ""
    return "container_gone", said


def _classify_failed_start(said: str) -> str:
    text = said.lower()
    if "capacity is unavailable" in text:
        return "no_capacity"
    if any(word in text for word in _NO_NETWORK):
        return "network_problem"
    if "cannotpull" in text or "image" in text:
        return "image_problem"
    return "network_problem" if "resourceinitialization" in text else "never_started"


_NO_NETWORK: Final = ("timeout", "timed out", "dial tcp", "request canceled", "connection re", "network interface")
"""Said of a registry that cannot be reached, or of a task that got no network interface: neither is the image's fault."""
