"""Derive from what ECS says why a container did not start, or why it ended without a report.

One table serves both refusals by `RunTask` and tasks that stop with `TaskFailedToStart`. ECS returns few codes: the name of an exception,
and the category before the first colon of a stopped task's reason. Where several causes share a code, the text of the message decides.
Sources, all by AWS: Amazon ECS developer guide, "Stopped tasks error messages" with its pages on
`TaskFailedToStart`, `ResourceInitializationError`, `ResourceNotFoundException` and `CannotPullContainer` [1], "API failure reasons" [2],
"Service event messages" [3]; Amazon ECS API reference, `RunTask` [4]; "Common error types" [5]; Amazon EC2 API, "Error codes" [6].
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from chalicelib.domain.outcome import OUTCOMES, OutcomeCode
from chalicelib.domain.task_state import TaskState

__all__ = [
    "FAILURES",
    "Failure",
    "classify_failed_start",
    "classify_launch_error",
    "classify_launch_failures",
    "classify_stopped_task",
]


@dataclass(frozen=True)
class Failure:
    """One cause, and how to recognize it in a message of AWS."""

    outcome_code: OutcomeCode
    phrases: tuple[str, ...]
    """The message, in lower case, contains at least one of them."""
    meaning: str
    """What is wrong and what to do, for the reader of the outcome. The message of AWS follows it."""


FAILURES: Final = (
    # First, because a denial may name any resource and must not be mistaken for a problem with that resource.
    Failure(
        OutcomeCode.PERMISSION_PROBLEM,  # [5], [1] ResourceInitializationError, [4] ClientException, [3] "unable to assume a role"
        ("accessdenied", "not authorized to perform", "unauthorizedoperation", "unable to assume"),
        "AWS refuses a permission: a role that the task needs does not exist, does not trust ecs-tasks.amazonaws.com, or lacks an action."
        " Tell the operator.",
    ),
    Failure(
        OutcomeCode.NO_CAPACITY,  # [3] "Capacity is unavailable at this time"
        ("capacity is unavailable",),
        "Fargate has no capacity for this compute type in the stack's zones.",
    ),
    Failure(
        OutcomeCode.QUOTA,  # [3] "limit on the number of vCPUs you can run concurrently"; [5]; [6]
        ("limit on the number of", "networkinterfacelimitexceeded", "vcpulimitexceeded"),
        "A quota of the AWS account is used up. Ask the operator to raise it.",
    ),
    Failure(
        OutcomeCode.NO_CAPACITY,  # [6]; [1] TaskFailedToStart: this is how ECS words a subnet without free addresses
        ("insufficientfreeaddresses", "create network interface with public ip assignment"),
        "The stack's subnets have no free addresses. Ask the operator for larger or more subnets.",
    ),
    Failure(
        OutcomeCode.IMAGE_PROBLEM,  # [1] CannotPullContainer; the kernel's ENOEXEC
        ("descriptor matching platform", "exec format error"),
        "The environment's image is built for a different processor architecture than its tasks run on. Tell the operator.",
    ),
    Failure(
        OutcomeCode.IMAGE_PROBLEM,  # [1] CannotPullContainer
        ("no space left on device",),
        "The environment's image does not fit on the task's disk. Tell the operator: runners.ephemeral_storage_gib.",
    ),
    Failure(
        OutcomeCode.NEVER_STARTED,  # [1] CannotPullContainer
        ("toomanyrequests", "pull rate limit"),
        "The image's registry limits how often images are pulled. Tell the operator: keep the image in Amazon ECR.",
    ),
    Failure(
        OutcomeCode.NETWORK_PROBLEM,  # [1]: ECR, CloudWatch Logs and Secrets Manager all report it this way, before what could not be found
        ("there is a connection issue", "check your network configuration"),
        "The container cannot reach AWS from the stack's subnets. Tell the operator: the section [network].",
    ),
    Failure(
        OutcomeCode.CONFIGURATION_PROBLEM,  # [1] ResourceInitializationError; CloudWatch Logs, ResourceNotFoundException
        ("log group does not exist",),
        "The runners' log group is missing. Tell the operator: deploy the stack again.",
    ),
    Failure(
        OutcomeCode.CONFIGURATION_PROBLEM,  # [1] ResourceNotFoundException
        ("specified secret", "retrieve the secret", "contain json key", "marked for deletion"),
        "A secret that the task definition names cannot be read. Tell the operator.",
    ),
    Failure(
        OutcomeCode.NEVER_STARTED,  # [1] ContainerRuntimeTimeoutError, DockerTimeoutError
        ("containerruntimetimeout", "dockertimeout"),
        "The container did not start in time on its host.",
    ),
    Failure(
        OutcomeCode.NETWORK_PROBLEM,  # [1] TaskFailedToStart, CannotPullContainer, ResourceInitializationError
        (
            *("timeout waiting for network interface", "network interface", "dial tcp", "no such host", "i/o timeout"),
            *("timed out", "request canceled", "context canceled", "context deadline exceeded", "connection re"),
        ),
        "The container had no network, or its registry could not be reached. Tell the operator: the section [network].",
    ),
    Failure(
        OutcomeCode.IMAGE_PROBLEM,  # containerd, if the image lacks the command of the task definition
        ("executable file not found",),
        "The environment's image lacks the runner. Tell the operator.",
    ),
)
"""Causes that the text of a message reveals. The first match counts."""

_ERRORS: Final = {
    # [4] and [5]. Any other exception is permanent: a configuration problem.
    "LimitExceededException": OutcomeCode.QUOTA,
    "ServerException": OutcomeCode.THROTTLED,
    "ThrottlingException": OutcomeCode.THROTTLED,
    "Throttling": OutcomeCode.THROTTLED,
    "TooManyRequestsException": OutcomeCode.THROTTLED,
    "RequestLimitExceeded": OutcomeCode.THROTTLED,
    "ServiceUnavailable": OutcomeCode.THROTTLED,
    "ServiceUnavailableException": OutcomeCode.THROTTLED,
    "InternalFailure": OutcomeCode.THROTTLED,
    "InternalServerError": OutcomeCode.THROTTLED,
    "RequestTimeout": OutcomeCode.THROTTLED,
}
"""Exceptions of `RunTask` that are temporary, or that a quota causes."""

_FAILURE_REASONS: Final = {
    "RESOURCE:ENI": OutcomeCode.QUOTA,
    "RESOURCE": OutcomeCode.NO_CAPACITY,
    "AGENT": OutcomeCode.NO_CAPACITY,
    "LOCATION": OutcomeCode.NO_CAPACITY,
}
"""Codes in `failures[]` [2]. A code without a colon matches all codes that start with it and a colon."""

_CATEGORIES: Final = {
    "CannotPullContainer": OutcomeCode.IMAGE_PROBLEM,
    "ResourceInitialization": OutcomeCode.NETWORK_PROBLEM,
    "ResourceNotFound": OutcomeCode.CONFIGURATION_PROBLEM,
    "RESOURCE": OutcomeCode.NO_CAPACITY,
}
"""Categories of a stopped task's reason [1], each with its most frequent cause, for messages that reveal no cause."""

_BY_EXIT_CODE: Final = {kind.exit_code: code for code, kind in OUTCOMES.items() if kind.exit_code is not None}
_KILLED: Final = 137
"""128 + SIGKILL: the exit code if the kernel killed the process because memory was full, or ECS killed it after `StopTask`."""


def classify_launch_error(error_code: str, message: str) -> tuple[OutcomeCode, str]:
    """Return the outcome code of an exception that `RunTask` raised, and a message: what is wrong, what to do, the message of AWS."""
    text = f"{error_code}: {message}"
    return _match_phrases(text) or _describe(_ERRORS.get(error_code, OutcomeCode.CONFIGURATION_PROBLEM), text)


def classify_launch_failures(failures: Iterable[tuple[str, str]]) -> tuple[OutcomeCode, str]:
    """Return the outcome code of what `RunTask` returned in `failures[]`, as pairs of reason and detail, and a message."""
    reasons = [f"{reason} {detail}".strip() for reason, detail in failures]
    text = "; ".join(filter(None, reasons)) or "ECS started nothing and returned no reason."
    for reason in reasons:
        if code := _FAILURE_REASONS.get(reason.split(" ")[0]) or _FAILURE_REASONS.get(reason.partition(":")[0]):
            return _describe(code, text)
    return _match_phrases(text) or _describe(OutcomeCode.CONFIGURATION_PROBLEM, text)


def classify_failed_start(text: str) -> tuple[OutcomeCode, str]:
    """Return the outcome code of a task that stopped with `TaskFailedToStart`, and a message.

    Parameters
    ----------
    text
        The reasons of the task and of its container.
    """
    code = next((code for category, code in _CATEGORIES.items() if category in text), OutcomeCode.NEVER_STARTED)
    return _match_phrases(text) or _describe(code, text)


def classify_stopped_task(task: TaskState) -> tuple[OutcomeCode, str]:
    """Return the outcome code of a task that stopped without a report from its runner, and a message."""
    text = " ".join(part for part in (task.stopped_reason, task.container_reason) if part)
    if "outofmemory" in task.container_reason.lower():
        return OutcomeCode.OUT_OF_MEMORY, ""
    if task.stop_code in ("SpotInterruption", "TerminationNotice"):
        return OutcomeCode.SPOT_RECLAIMED, ""
    if task.stop_code == "TaskFailedToStart":
        return classify_failed_start(text)
    if task.exit_code == _KILLED and not task.was_stopped_by_request:
        return (
            OutcomeCode.OUT_OF_MEMORY,
            "The container was killed, most likely because its memory was full. Choose a larger compute type.",
        )
    if task.exit_code in _BY_EXIT_CODE and task.exit_code != 0:
        return _BY_EXIT_CODE[task.exit_code], ""
    return OutcomeCode.CONTAINER_GONE, text


def _match_phrases(text: str) -> tuple[OutcomeCode, str] | None:
    lowered = text.lower()
    for failure in FAILURES:
        if any(phrase in lowered for phrase in failure.phrases):
            return failure.outcome_code, f"{failure.meaning} AWS: {text}"
    return None


def _describe(code: OutcomeCode, text: str) -> tuple[OutcomeCode, str]:
    """Return a code with its general advice, for a text that reveals no specific cause."""
    return code, f"{OUTCOMES[code].advice} AWS: {text}" if text else ""
