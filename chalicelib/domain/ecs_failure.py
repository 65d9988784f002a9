"""Derive from what ECS says why a container did not start, or why it ended without a report.

One table serves both refusals by `RunTask` and tasks that stop with `TaskFailedToStart`. What AWS returns as data decides first: the name
of an exception, the stop code, the exit code, the category before the first colon of a reason. Where several causes share one of these,
the text decides, but only among the causes that AWS documents for it.
Sources, all by AWS: Amazon ECS developer guide, "Stopped tasks error messages" with its pages on
`TaskFailedToStart`, `ResourceInitializationError`, `ResourceNotFoundException` and `CannotPullContainer` [1], "API failure reasons" [2],
"Service event messages" [3]; Amazon ECS API reference, `RunTask` [4]; "Common error types" [5]; Amazon EC2 API, "Error codes" [6].
"""

import re
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

_PULL: Final = "CannotPullContainer"
_INIT: Final = "ResourceInitialization"
_FOUND: Final = "ResourceNotFound"
_START: Final = "CannotStartContainer"
_CREATE: Final = "CannotCreateContainer"
_RUNTIME: Final = "ContainerRuntimeTimeout"
_DOCKER: Final = "DockerTimeout"
_PLAIN: Final = ""
"""Reasons and failures without a category or a known code."""

_CLIENT: Final = ("Client", "InvalidParameter")
"""Exceptions of `RunTask` that many causes share."""


@dataclass(frozen=True)
class Failure:
    """One cause, and how to recognize it in a message of AWS."""

    outcome_code: OutcomeCode
    where: tuple[str, ...]
    """The names of exceptions, without `Exception`, and the categories of reasons, without `Error`, for which AWS documents the text."""
    phrases: tuple[str, ...]
    """The message, in lower case, contains at least one of them."""
    meaning: str
    """What is wrong and what to do, for the reader of the outcome. The message of AWS follows it."""


FAILURES: Final = (
    Failure(
        OutcomeCode.PERMISSION_PROBLEM,  # [5], [1] ResourceInitializationError, [4] ClientException, [3] "unable to assume a role"
        (_INIT, _PULL, _FOUND, _PLAIN, *_CLIENT),
        ("accessdenied", "not authorized to perform", "unauthorizedoperation", "unable to assume"),
        "AWS refuses a permission: a role that the task needs does not exist, does not trust ecs-tasks.amazonaws.com, or lacks an action."
        " Tell the operator.",
    ),
    Failure(
        OutcomeCode.NO_CAPACITY,  # [3] "Capacity is unavailable at this time"
        (_PLAIN, *_CLIENT),
        ("capacity is unavailable",),
        "Fargate has no capacity for this compute type in the stack's zones.",
    ),
    Failure(
        OutcomeCode.QUOTA,  # [3] "limit on the number of vCPUs you can run concurrently"; [5]; [6]
        (_PLAIN, "Throttling", *_CLIENT),
        ("limit on the number of", "networkinterfacelimitexceeded", "vcpulimitexceeded"),
        "A quota of the AWS account is used up. Ask the operator to raise it.",
    ),
    Failure(
        OutcomeCode.NO_CAPACITY,  # [6]; [1] TaskFailedToStart: this is how ECS words a subnet without free addresses
        (_PLAIN, *_CLIENT),
        ("insufficientfreeaddresses", "create network interface with public ip assignment"),
        "The stack's subnets have no free addresses. Ask the operator for larger or more subnets.",
    ),
    Failure(
        OutcomeCode.IMAGE_PROBLEM,  # [1] CannotPullContainer; the kernel's ENOEXEC
        (_PULL, _START, _CREATE, _PLAIN),
        ("descriptor matching platform", "exec format error"),
        "The environment's image is built for a different processor architecture than its tasks run on. Tell the operator.",
    ),
    Failure(
        OutcomeCode.IMAGE_PROBLEM,  # [1] CannotPullContainer
        (_PULL,),
        ("no space left on device",),
        "The environment's image does not fit on the task's disk. Tell the operator: runners.ephemeral_storage_gib.",
    ),
    Failure(
        OutcomeCode.NEVER_STARTED,  # [1] CannotPullContainer
        (_PULL,),
        ("toomanyrequests", "pull rate limit"),
        "The image's registry limits how often images are pulled. Tell the operator: keep the image in Amazon ECR.",
    ),
    Failure(
        OutcomeCode.NETWORK_PROBLEM,  # [1]: ECR, CloudWatch Logs and Secrets Manager all report it this way, before what could not be found
        (_INIT, _PULL, _FOUND),
        ("there is a connection issue", "check your network configuration"),
        "The container cannot reach AWS from the stack's subnets. Tell the operator: the section [network].",
    ),
    Failure(
        OutcomeCode.CONFIGURATION_PROBLEM,  # [1] ResourceInitializationError; CloudWatch Logs, ResourceNotFoundException
        (_INIT, _FOUND),
        ("log group does not exist",),
        "The runners' log group is missing. Tell the operator: deploy the stack again.",
    ),
    Failure(
        OutcomeCode.CONFIGURATION_PROBLEM,  # [1] ResourceNotFoundException
        (_INIT, _FOUND),
        ("specified secret", "retrieve the secret", "contain json key", "marked for deletion"),
        "A secret that the task definition names cannot be read. Tell the operator.",
    ),
    Failure(
        OutcomeCode.NETWORK_PROBLEM,  # [1] TaskFailedToStart, CannotPullContainer, ResourceInitializationError
        (_PULL, _INIT, _PLAIN),
        (
            *("timeout waiting for network interface", "network interface", "dial tcp", "no such host", "i/o timeout"),
            *("timed out", "request canceled", "context canceled", "context deadline exceeded", "connection re"),
        ),
        "The container had no network, or its registry could not be reached. Tell the operator: the section [network].",
    ),
    Failure(
        OutcomeCode.IMAGE_PROBLEM,  # containerd, if the image lacks the command of the task definition
        (_START, _CREATE, _PLAIN),
        ("executable file not found",),
        "The environment's image lacks the runner. Tell the operator.",
    ),
)
"""Causes that the text of a message reveals. The first match counts."""

_ERRORS: Final = {
    # [4] and [5], without `Exception`. Any other exception is permanent: a configuration problem.
    "AccessDenied": OutcomeCode.PERMISSION_PROBLEM,
    "UnauthorizedOperation": OutcomeCode.PERMISSION_PROBLEM,
    "NotAuthorized": OutcomeCode.PERMISSION_PROBLEM,
    "OptInRequired": OutcomeCode.PERMISSION_PROBLEM,
    "LimitExceeded": OutcomeCode.QUOTA,
    "Server": OutcomeCode.THROTTLED,
    "Throttling": OutcomeCode.THROTTLED,
    "TooManyRequests": OutcomeCode.THROTTLED,
    "RequestLimitExceeded": OutcomeCode.THROTTLED,
    "ServiceUnavailable": OutcomeCode.THROTTLED,
    "InternalFailure": OutcomeCode.THROTTLED,
    "InternalServerError": OutcomeCode.THROTTLED,
    "RequestTimeout": OutcomeCode.THROTTLED,
}
"""Exceptions of `RunTask` with one cause, or with a most frequent one."""

_FAILURE_REASONS: Final = {
    "RESOURCE:ENI": OutcomeCode.QUOTA,
    "RESOURCE": OutcomeCode.NO_CAPACITY,
    "AGENT": OutcomeCode.NO_CAPACITY,
    "LOCATION": OutcomeCode.NO_CAPACITY,
}
"""Codes in `failures[]` [2]. A code without a colon matches all codes that start with it and a colon."""

_CATEGORIES: Final = {
    _PULL: OutcomeCode.IMAGE_PROBLEM,
    _INIT: OutcomeCode.NETWORK_PROBLEM,
    _FOUND: OutcomeCode.CONFIGURATION_PROBLEM,
    _START: OutcomeCode.NEVER_STARTED,
    _CREATE: OutcomeCode.NEVER_STARTED,
    _RUNTIME: OutcomeCode.NEVER_STARTED,
    _DOCKER: OutcomeCode.NEVER_STARTED,
}
"""Categories of a stopped task's reason [1], each with its most frequent cause, for messages that reveal no cause."""

_CATEGORY: Final = re.compile(
    r"(?:Task failed to start:? *)?(?:TaskFailedToStart: *)?([A-Za-z]+?)(?:Error|Exception)?: *"
)
"""The start of a reason: `CannotPullContainerError: …`."""

_FAILURE_REASON: Final = re.compile(
    r"(?:Task failed to start:? *)?(?:TaskFailedToStart: *)?((?:RESOURCE|AGENT|LOCATION)(?::\w+)?)\b"
)

_MEMORY_REASON: Final = "OutOfMemoryError:"
"""The start of a container's reason if it was killed because its memory was full [1]."""

_BY_EXIT_CODE: Final = {kind.exit_code: code for code, kind in OUTCOMES.items() if kind.exit_code is not None}
_KILLED: Final = 137
"""128 + SIGKILL. It does not show who killed the process: `StopTask` after its time, a lack of memory, or the notebook."""

_KILLED_MESSAGE: Final = (
    "The container was killed (SIGKILL), and neither AWS nor the runner says why. AWS may have had a problem; a notebook may have killed"
    " the processes of its container. See its log."
)


def classify_launch_error(error_code: str, message: str) -> tuple[OutcomeCode, str]:
    """Return the outcome code of an exception that `RunTask` raised, and a message: what is wrong, what to do, the message of AWS."""
    text = f"{error_code}: {message}"
    name = error_code.removesuffix("Exception")
    code = _ERRORS.get(name, OutcomeCode.CONFIGURATION_PROBLEM)
    return _match_phrases(name, text) or _describe(code, text)


def classify_launch_failures(failures: Iterable[tuple[str, str]]) -> tuple[OutcomeCode, str]:
    """Return the outcome code of what `RunTask` returned in `failures[]`, as pairs of reason and detail, and a message."""
    reasons = list(failures)
    text = "; ".join(filter(None, (f"{reason} {detail}".strip() for reason, detail in reasons)))
    text = text or "ECS started nothing and returned no reason."
    codes = [code for reason, _ in reasons if (code := _failure_code(reason))]
    if codes:
        return _describe(codes[0], text)
    return _match_phrases(_PLAIN, text) or _describe(OutcomeCode.CONFIGURATION_PROBLEM, text)


def classify_failed_start(*reasons: str) -> tuple[OutcomeCode, str]:
    """Return the outcome code of a task that stopped with `TaskFailedToStart`, and a message.

    Parameters
    ----------
    *reasons
        The reasons of the task and of its container.
    """
    text = " ".join(filter(None, reasons))
    codes = [code for reason in reasons if (code := _failure_code(reason))]
    if codes:
        return _describe(codes[0], text)
    found = (match[1] for reason in reasons if (match := _CATEGORY.match(reason)))
    category = next((name for name in found if name in _CATEGORIES), _PLAIN)
    return _match_phrases(category, text) or _describe(_CATEGORIES.get(category, OutcomeCode.NEVER_STARTED), text)


def classify_stopped_task(task: TaskState) -> tuple[OutcomeCode, str]:
    """Return the outcome code of a task that stopped without a report and a result of its runner, and a message."""
    if task.container_reason.startswith(_MEMORY_REASON):
        return OutcomeCode.OUT_OF_MEMORY, ""
    if task.stop_code in ("SpotInterruption", "TerminationNotice"):
        return OutcomeCode.SPOT_RECLAIMED, ""
    if task.stop_code == "TaskFailedToStart":
        return classify_failed_start(task.stopped_reason, task.container_reason)
    if task.exit_code in _BY_EXIT_CODE and task.exit_code != 0:
        return _BY_EXIT_CODE[task.exit_code], ""
    text = " ".join(filter(None, (task.stopped_reason, task.container_reason)))
    if task.exit_code == _KILLED and not task.was_stopped_by_request:
        return OutcomeCode.CONTAINER_GONE, f"{_KILLED_MESSAGE} AWS: {text}" if text else _KILLED_MESSAGE
    return OutcomeCode.CONTAINER_GONE, text


def _failure_code(reason: str) -> OutcomeCode | None:
    match = _FAILURE_REASON.match(reason)
    return (_FAILURE_REASONS.get(match[1]) or _FAILURE_REASONS.get(match[1].partition(":")[0])) if match else None


def _match_phrases(where: str, text: str) -> tuple[OutcomeCode, str] | None:
    lowered = text.lower()
    for failure in FAILURES:
        if where in failure.where and any(phrase in lowered for phrase in failure.phrases):
            return failure.outcome_code, f"{failure.meaning} AWS: {text}"
    return None


def _describe(code: OutcomeCode, text: str) -> tuple[OutcomeCode, str]:
    """Return a code with its general advice, for a text that reveals no specific cause."""
    return code, f"{OUTCOMES[code].advice} AWS: {text}" if text else ""
