"""Why containers do not start, by AWS's real texts."""

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
from tests.chalicelib.domain.ecs_texts import FAILED_STARTS, REFUSED, Said


@pytest.mark.parametrize("said", FAILED_STARTS, ids=lambda said: said.text[:60])
def test_a_failed_start_is_told_by_its_cause(said: Said) -> None:
    code, message = classify_failed_start(f"Task failed to start {said.text}")
    assert code == said.expected
    assert said.text in message
    assert said.names in message


@pytest.mark.parametrize(("error_code", "message", "expected"), REFUSED)
def test_a_refused_launch_is_told_by_its_cause(error_code: str, message: str, expected: str) -> None:
    code, told = classify_launch_error(error_code, message)
    assert code == expected
    assert f"{error_code}: {message}" in told


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
def test_failures_of_run_task_are_told_by_their_codes(failures: list[tuple[str, str]], expected: str) -> None:
    code, said = classify_launch_failures(failures)
    assert code == expected
    assert said
    assert all(reason in said for reason, _ in failures)


def test_a_meaning_says_what_to_do_or_that_it_goes_away() -> None:
    for failure in FAILURES:
        fault = OUTCOMES[failure.outcome_code].fault
        assert failure.meaning.endswith(".")
        assert fault is Fault.CAPACITY or "operator" in failure.meaning or failure.outcome_code == "never_started"


def test_words_are_compared_in_lower_case() -> None:
    assert all(words == words.lower() for failure in FAILURES for words in failure.words)


@given(st.text())
def test_whatever_is_said_has_an_outcome_that_is_not_the_notebooks(said: str) -> None:
    codes = {
        classify_failed_start(said)[0],
        classify_launch_error(said, said)[0],
        classify_launch_failures([(said, said)])[0],
    }
    assert {OUTCOMES[code].fault for code in codes} <= {Fault.CAPACITY, Fault.REQUEST, Fault.INFRASTRUCTURE}
