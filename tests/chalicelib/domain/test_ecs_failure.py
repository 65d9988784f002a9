"""Real messages of AWS lead to the outcome that explains why a container did not start."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.ecs_failure import (
    FAILURES,
    classify_failed_start,
    classify_launch_error,
    classify_launch_failures,
)
from chalicelib.domain.outcome import OUTCOMES, Fault
from tests.chalicelib.domain.ecs_texts import FAILED_STARTS, REFUSED, EcsMessage


@pytest.mark.parametrize("sample", FAILED_STARTS, ids=lambda sample: sample.text[:60])
def test_a_failed_start_is_classified_by_its_cause(sample: EcsMessage) -> None:
    code, message = classify_failed_start("Task failed to start", sample.text)
    assert classify_failed_start(sample.text, "")[0] == code
    assert classify_failed_start(f"Task failed to start {sample.text}")[0] == code
    assert code == sample.expected
    assert sample.text in message
    assert sample.names in message


@pytest.mark.parametrize(("error_code", "message", "expected"), REFUSED)
def test_a_refused_launch_is_classified_by_its_cause(error_code: str, message: str, expected: str) -> None:
    code, explanation = classify_launch_error(error_code, message)
    assert code == expected
    assert f"{error_code}: {message}" in explanation


@pytest.mark.parametrize("phrase", sorted({phrase for failure in FAILURES for phrase in failure.phrases}))
def test_a_text_counts_only_within_a_code_for_which_aws_documents_it(phrase: str) -> None:
    message = f"User: x may not call ecs:RunTask on resource: arn:aws:ecs:us-east-1:1:cluster/{phrase}"
    assert classify_launch_error("AccessDeniedException", message)[0] == "permission_problem"
    assert classify_launch_error("BlockedException", message)[0] == "configuration_problem"
    assert classify_failed_start(f"ContainerRuntimeTimeoutError: {message}")[0] == "never_started"


@pytest.mark.parametrize(
    ("failures", "expected"),
    [
        ([("RESOURCE:CPU", "")], "no_capacity"),
        ([("RESOURCE:MEMORY", "")], "no_capacity"),
        ([("RESOURCE:ENI", "")], "quota"),
        ([("RESOURCE:ENI", "no attachment point")], "quota"),
        ([("AGENT", "")], "no_capacity"),
        ([("Capacity is unavailable at this time. Please try again later", "")], "no_capacity"),
        ([("You've reached the limit on the number of vCPUs you can run concurrently", "")], "quota"),
        ([("MISSING", "")], "configuration_problem"),
        ([("ATTRIBUTE", "")], "configuration_problem"),
        ([("", "")], "configuration_problem"),
        ([], "configuration_problem"),
    ],
)
def test_failures_of_run_task_are_classified_by_their_codes(failures: list[tuple[str, str]], expected: str) -> None:
    code, message = classify_launch_failures(failures)
    assert code == expected
    assert message
    assert all(reason in message for reason, _ in failures)


def test_each_explanation_contains_advice_unless_the_cause_is_temporary() -> None:
    for failure in FAILURES:
        fault = OUTCOMES[failure.outcome_code].fault
        assert failure.meaning.endswith(".")
        assert fault is Fault.CAPACITY or "operator" in failure.meaning or failure.outcome_code == "never_started"


def test_phrases_are_lower_case() -> None:
    assert all(phrase == phrase.lower() for failure in FAILURES for phrase in failure.phrases)


@given(st.text())
def test_no_message_leads_to_an_outcome_that_blames_the_notebook(message: str) -> None:
    codes = {
        classify_failed_start(message)[0],
        classify_launch_error(message, message)[0],
        classify_launch_failures([(message, message)])[0],
    }
    assert {OUTCOMES[code].fault for code in codes} <= {Fault.CAPACITY, Fault.REQUEST, Fault.INFRASTRUCTURE}
