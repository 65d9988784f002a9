import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.outcome import (
    OUTCOMES,
    RUNNER_CODES,
    Fault,
    classify_launch_failure,
    classify_stopped_task,
    make_outcome,
)

PROTOCOL = Path(__file__).parents[3] / "docs" / "runner-protocol.md"


def exit_codes_of_the_protocol() -> dict[int, str | None]:
    """Read the table of exit codes; None where nothing is reported."""
    rows = re.findall(r"^\| (?:`(\w+)`|—) \| (\d+) \|", PROTOCOL.read_text(encoding="utf-8"), re.MULTILINE)
    return {int(exit_code): code or None for code, exit_code in rows}


@pytest.mark.parametrize("code", OUTCOMES)
def test_every_outcome_is_told_in_words(code: str) -> None:
    kind, outcome = OUTCOMES[code], make_outcome(code)
    assert re.fullmatch(r"[A-Z].*[a-z]", kind.title)
    assert kind.advice.endswith(".") or code == "succeeded"
    assert outcome.message == kind.advice
    assert make_outcome(code, "said").message == "said"


def test_running_again_helps_where_the_fault_may_go_away() -> None:
    hopeless = {code for code in OUTCOMES if not make_outcome(code).retryable}
    assert hopeless == {
        *("succeeded", "stopped", "input_problem", "environment_problem"),
        *("image_problem", "configuration_problem", "not_allowed"),
    }


def test_an_unknown_code_is_refused() -> None:
    with pytest.raises(KeyError):
        make_outcome("no_such_code")


def test_exit_codes_are_those_of_the_protocol() -> None:
    documented = exit_codes_of_the_protocol()
    known = {kind.exit_code: code for code, kind in OUTCOMES.items() if kind.exit_code is not None}
    assert len(known) == sum(kind.exit_code is not None for kind in OUTCOMES.values())
    assert {number: code for number, code in documented.items() if code} | {20: None, 21: None} == documented
    assert known == {number: code or "fenced" for number, code in documented.items() if number != 20}


def test_a_runner_may_report_what_the_protocol_lists() -> None:
    assert {code for code in exit_codes_of_the_protocol().values() if code} == RUNNER_CODES


def classify(
    stop_code: str = "EssentialContainerExited",
    reason: str = "Essential container in task exited",
    exit_code: int | None = None,
    container_reason: str = "",
) -> str:
    return classify_stopped_task(
        stop_code=stop_code, reason=reason, exit_code=exit_code, container_reason=container_reason
    )[0]


@pytest.mark.parametrize(
    ("code", "expected"),
    [(kind.exit_code, code) for code, kind in OUTCOMES.items() if kind.exit_code] + [(1, "container_gone")],
)
def test_an_exit_code_tells_of_a_report_that_was_lost(code: int, expected: str) -> None:
    assert classify(exit_code=code) == expected


def test_an_exit_without_error_proves_nothing() -> None:
    """A wrong image may end with 0 without having run anything."""
    assert classify(exit_code=0) == "container_gone"


OOM = "OutOfMemoryError: Container killed due to memory usage"


@pytest.mark.parametrize(("exit_code", "said"), [(137, OOM), (137, ""), (1, OOM), (None, OOM)])
def test_a_full_memory_is_told(exit_code: int | None, said: str) -> None:
    assert classify(exit_code=exit_code, container_reason=said) == "out_of_memory"


def test_a_container_that_we_had_killed_had_no_full_memory() -> None:
    """`StopTask` ends with SIGKILL, too, where the runner does not end by itself."""
    code, said = classify_stopped_task(
        stop_code="UserInitiated", reason="sweep: silent", exit_code=137, container_reason=""
    )
    assert (code, said) == ("container_gone", "sweep: silent")
    assert classify("UserInitiated", exit_code=12) == "stopped"
    assert classify("UserInitiated", exit_code=137, container_reason=OOM) == "out_of_memory"


@pytest.mark.parametrize("stop_code", ["SpotInterruption", "TerminationNotice"])
@pytest.mark.parametrize("exit_code", [None, 17, 137, 143])
def test_a_reclaim_is_told_however_the_container_ended(stop_code: str, exit_code: int | None) -> None:
    assert classify(stop_code, "Your Spot Task was interrupted.", exit_code) == "spot_reclaimed"


FAILED_STARTS = {
    "Capacity is unavailable at this time. Please try again later or in a different availability zone": "no_capacity",
    "Timeout waiting for network interface provisioning to complete.": "network_problem",
    "Unexpected EC2 error while attempting to Create Network Interface in subnet 'subnet-1': "
    "InsufficientFreeAddressesInSubnet": "network_problem",
    "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: "
    "unable to retrieve ecr registry auth: service call has been retried 3 time(s): RequestError: send request failed "
    "caused by: Post ecr: dial tcp 10.0.0.1:443: i/o timeout": "network_problem",
    "ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: "
    "failed to create Cloudwatch log stream": "network_problem",
    "CannotPullContainerError: pull image manifest has been retried 5 time(s): failed to resolve ref "
    "registry/runner:1: not found": "image_problem",
    "CannotPullContainerError: pull image manifest has been retried 1 time(s): image Manifest does not contain "
    "descriptor matching platform 'linux/amd64'": "image_problem",
    "CannotPullContainerError: ref pull has been retried 5 time(s): failed to copy: httpReadSeeker: failed open: "
    "dial tcp 10.0.0.1:443: i/o timeout": "network_problem",
    "CannotPullContainerError: Error response from daemon: request canceled while waiting for connection": (
        "network_problem"
    ),
    "CannotStartContainerError: Error response from daemon: failed to create task for container": "never_started",
    "InternalError: An unexpected error occurred": "never_started",
    "": "never_started",
}


@pytest.mark.parametrize(("said", "expected"), FAILED_STARTS.items())
def test_a_failed_start_is_told_by_its_cause(said: str, expected: str) -> None:
    for reason, container_reason in ((said, ""), ("Task failed to start", said)):
        code, message = classify_stopped_task(
            stop_code="TaskFailedToStart", reason=reason, exit_code=None, container_reason=container_reason
        )
        assert code == expected
        assert said in message


NOT_LAUNCHED = {
    "Capacity is unavailable at this time. Please try again later or in a different availability zone": "no_capacity",
    "RESOURCE:CPU": "no_capacity",
    "RESOURCE:MEMORY": "no_capacity",
    "RESOURCE:ENI": "quota",
    "You've reached the limit on the number of tasks you can run concurrently": "quota",
    "You've reached the limit on the number of vCPUs you can run concurrently": "quota",
    "LimitExceededException: The limit for the resource has been exceeded.": "quota",
    "ThrottlingException: Rate exceeded": "throttled",
    "ThrottlingException: Too many concurrent attempts to create a new task": "throttled",
    "TooManyRequestsException: ": "throttled",
    "ServerException: Service Unavailable. Please try again later.": "throttled",
    "ServiceUnavailableException: Try again.": "throttled",
    "503: Service Unavailable": "throttled",
    "InternalFailure: ": "throttled",
    "InternalServerError: ": "throttled",
    "Read timeout on endpoint URL": "throttled",
    "ClusterNotFoundException: Cluster not found.": "configuration_problem",
    "ClientException: ECS was unable to assume the role 'arn:aws:iam::123456789012:role/x'": "configuration_problem",
    "AccessDeniedException: User is not authorized to perform: ecs:RunTask": "configuration_problem",
    "InvalidParameterException: No Fargate configuration exists for given values.": "configuration_problem",
    "InvalidParameterException: The specified capacity provider strategy cannot contain a capacity provider that is "
    "not associated with the cluster.": "configuration_problem",
    "BlockedException: Your account is currently blocked.": "configuration_problem",
    "PlatformUnknownException: The specified platform version doesn't exist.": "configuration_problem",
    "": "configuration_problem",
}


@pytest.mark.parametrize(("said", "expected"), NOT_LAUNCHED.items())
def test_a_refused_launch_is_told_by_its_cause(said: str, expected: str) -> None:
    assert classify_launch_failure(said) == expected


WORDS = st.sampled_from(["", "SpotInterruption", "TaskFailedToStart", "UserInitiated", OOM, *FAILED_STARTS])


@given(WORDS | st.text(), WORDS | st.text(), st.none() | st.integers(-1, 300), WORDS | st.text())
def test_whatever_ecs_says_has_an_outcome(
    stop_code: str, reason: str, exit_code: int | None, container_reason: str
) -> None:
    code, _ = classify_stopped_task(
        stop_code=stop_code, reason=reason, exit_code=exit_code, container_reason=container_reason
    )
    assert OUTCOMES[code].fault is not Fault.NONE or code == "stopped"


@given(st.text())
def test_whatever_refuses_a_launch_has_an_outcome(said: str) -> None:
    assert OUTCOMES[classify_launch_failure(said)].fault in (Fault.CAPACITY, Fault.REQUEST)
