"""Why a container did not start, or ended without a report, by what ECS says.

One table serves what `RunTask` refuses and tasks that stop as `TaskFailedToStart`. ECS gives a code for little of it: an exception's name, and the category before the first colon of a stopped task's reason. Where several
causes share one code, AWS's words decide. Sources, all of AWS: Amazon ECS developer guide, "Stopped tasks error messages" with its pages on
`TaskFailedToStart`, `ResourceInitializationError`, `ResourceNotFoundException` and `CannotPullContainer` [1], "API failure reasons" [2],
"Service event messages" [3]; Amazon ECS API reference, `RunTask` [4]; "Common error types" [5]; Amazon EC2 API, "Error codes" [6].
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from chalicelib.domain.outcome import OUTCOMES

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
    """One cause, as AWS words it."""

    outcome_code: str
    words: tuple[str, ...]
    """Any of them, in lower case, is in what AWS says."""
    meaning: str
    """What is wrong, and what to do, for whoever reads the outcome; AWS's own words follow it."""


FAILURES: Final = (
    # Before all words: a message may name any resource, and a denial must not be taken for what it names.
    Failure(
        "permission_problem",  # [5], [1] ResourceInitializationError, [4] ClientException, [3] "unable to assume a role"
        ("accessdenied", "not authorized to perform", "unauthorizedoperation", "unable to assume"),
        "AWS refuses a permission: a role that the task needs is missing, does not trust ecs-tasks.amazonaws.com, or lacks an action."
        " Tell the operator.",
    ),
    Failure(
        "no_capacity",  # [3] "Capacity is unavailable at this time"
        ("capacity is unavailable",),
        "Fargate has no capacity for this compute type in the stack's zones.",
    ),
    Failure(
        "quota",  # [3] "limit on the number of vCPUs you can run concurrently"; [5]; [6]
        ("limit on the number of", "networkinterfacelimitexceeded", "vcpulimitexceeded"),
        "A quota of the AWS account is used up. Ask the operator to raise it.",
    ),
    Failure(
        "no_capacity",  # [6]; [1] TaskFailedToStart: this is how ECS words a subnet without free addresses
        ("insufficientfreeaddresses", "create network interface with public ip assignment"),
        "The stack's subnets have no free addresses. Ask the operator for larger or more subnets.",
    ),
    Failure(
        "image_problem",  # [1] CannotPullContainer; the kernel's ENOEXEC
        ("descriptor matching platform", "exec format error"),
        "The environment's image is built for another processor than its tasks have. Tell the operator: the image's architecture.",
    ),
    Failure(
        "image_problem",  # [1] CannotPullContainer
        ("no space left on device",),
        "The environment's image does not fit on the task's disk. Tell the operator: runners.ephemeral_storage_gib.",
    ),
    Failure(
        "never_started",  # [1] CannotPullContainer
        ("toomanyrequests", "pull rate limit"),
        "The image's registry limits how often images are pulled. Tell the operator: keep the image in Amazon ECR.",
    ),
    Failure(
        "network_problem",  # [1]: said of ECR, CloudWatch Logs and Secrets Manager alike, before what could not be found there
        ("there is a connection issue", "check your network configuration"),
        "The container cannot reach AWS from the stack's subnets. Tell the operator: the section [network].",
    ),
    Failure(
        "configuration_problem",  # [1] ResourceInitializationError; CloudWatch Logs, ResourceNotFoundException
        ("log group does not exist",),
        "The runners' log group is missing. Tell the operator: deploy the stack again.",
    ),
    Failure(
        "configuration_problem",  # [1] ResourceNotFoundException
        ("specified secret", "retrieve the secret", "contain json key", "marked for deletion"),
        "A secret that the task definition names cannot be read. Tell the operator.",
    ),
    Failure(
        "never_started",  # [1] ContainerRuntimeTimeoutError, DockerTimeoutError
        ("containerruntimetimeout", "dockertimeout"),
        "The container did not start in time on its host.",
    ),
    Failure(
        "network_problem",  # [1] TaskFailedToStart, CannotPullContainer, ResourceInitializationError
        (
            *("timeout waiting for network interface", "network interface", "dial tcp", "no such host", "i/o timeout"),
            *("timed out", "request canceled", "context canceled", "context deadline exceeded", "connection re"),
        ),
        "The container had no network, or its registry could not be reached. Tell the operator: the section [network].",
    ),
    Failure(
        "image_problem",  # containerd, of an image without what its task definition starts
        ("executable file not found",),
        "The environment's image lacks the runner. Tell the operator.",
    ),
)
"""Causes that are told by AWS's words; the first that fits counts."""

_ERRORS: Final = {
    # [4] and [5]. What is not here can never work: configuration_problem.
    "LimitExceededException": "quota",
    "ServerException": "throttled",
    "ThrottlingException": "throttled",
    "Throttling": "throttled",
    "TooManyRequestsException": "throttled",
    "RequestLimitExceeded": "throttled",
    "ServiceUnavailable": "throttled",
    "ServiceUnavailableException": "throttled",
    "InternalFailure": "throttled",
    "InternalServerError": "throttled",
    "RequestTimeout": "throttled",
}
"""Exceptions of `RunTask` that go away by themselves, or with a quota."""

_FAILURE_REASONS: Final = {
    "RESOURCE:ENI": "quota",
    "RESOURCE": "no_capacity",
    "AGENT": "no_capacity",
    "LOCATION": "no_capacity",
}
"""Codes in `failures[]` [2]; a code before a colon stands for all that begin so."""

_CATEGORIES: Final = {
    "CannotPullContainer": "image_problem",
    "ResourceInitialization": "network_problem",
    "ResourceNotFound": "configuration_problem",
    "RESOURCE": "no_capacity",
}
"""Categories of a stopped task's reason [1]: what their most frequent cause is, where AWS's words do not tell a cause."""

_BY_EXIT_CODE: Final = {kind.exit_code: code for code, kind in OUTCOMES.items() if kind.exit_code is not None}
_KILLED: Final = 137
"""128 + SIGKILL: what a container shows whose process was killed: by the kernel for memory, or by ECS after `StopTask`."""


def classify_launch_error(error_code: str, message: str) -> tuple[str, str]:
    """Find the outcome of an exception of `RunTask`.

    Returns
    -------
    tuple
        The outcome's code, and a message: what is wrong, what to do, and what AWS said.
    """
    said = f"{error_code}: {message}"
    return _by_words(said) or _by_code(_ERRORS.get(error_code, "configuration_problem"), said)


def classify_launch_failures(failures: Iterable[tuple[str, str]]) -> tuple[str, str]:
    """Find the outcome of what `RunTask` answers in `failures[]`: pairs of reason and detail.

    Returns
    -------
    tuple
        The outcome's code, and a message.
    """
    reasons = [f"{reason} {detail}".strip() for reason, detail in failures]
    said = "; ".join(filter(None, reasons)) or "ECS started nothing and did not say why."
    for reason in reasons:
        if code := _FAILURE_REASONS.get(reason.split(" ")[0]) or _FAILURE_REASONS.get(reason.partition(":")[0]):
            return _by_code(code, said)
    return _by_words(said) or _by_code("configuration_problem", said)


def classify_failed_start(said: str) -> tuple[str, str]:
    """Find the outcome of a task that stopped as `TaskFailedToStart`, from its own reason and its container's.

    Returns
    -------
    tuple
        The outcome's code, and a message.
    """
    code = next((code for category, code in _CATEGORIES.items() if category in said), "never_started")
    return _by_words(said) or _by_code(code, said)


def _by_words(said: str) -> tuple[str, str] | None:
    text = said.lower()
    for failure in FAILURES:
        if any(words in text for words in failure.words):
            return failure.outcome_code, f"{failure.meaning} AWS: {said}"
    return None


def _by_code(code: str, said: str) -> tuple[str, str]:
    """Say what an outcome's code means in general, where nothing better is known."""
    return code, f"{OUTCOMES[code].advice} AWS: {said}" if said else ""


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
        return classify_failed_start(said)
    if exit_code == _KILLED and stop_code != "UserInitiated":
        return (
            "out_of_memory",
            "The container was killed, most likely because its memory was full. Choose a larger compute type.",
        )
    if exit_code in _BY_EXIT_CODE and exit_code != 0:
        return _BY_EXIT_CODE[exit_code], ""
    return "container_gone", said
