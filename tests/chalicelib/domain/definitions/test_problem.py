"""Problems of definitions: reason, start, number of attempts and next retry."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from chalicelib.domain.background_work import BackgroundWork
from chalicelib.domain.definitions.problem import Failure, Problem, Reason, note_failure

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
DENIED, BUSY = Failure("AccessDeniedException", "no"), Failure("ThrottlingException", "slow down")


def series(count: int, failure: Failure = BUSY) -> list[Problem]:
    """Fail this number of times, each time as soon as a retry is due."""
    problem, found, now = None, [], NOW
    for _ in range(count):
        problem = note_failure(problem, BackgroundWork.SCHEDULES, failure, now)
        found.append(problem)
        now = problem.retry_at
    return found


def test_retries_come_after_one_two_and_four_minutes_then_every_five() -> None:
    problems = series(7)
    pauses = [after.last - before.last for before, after in pairwise(problems)]
    assert pauses == [timedelta(minutes=each) for each in (1, 2, 4, 5, 5, 5)]
    assert [each.attempts for each in problems] == [1, 2, 3, 4, 5, 6, 7]
    assert {each.since for each in problems} == {NOW}
    assert series(500)[-1].retry_at - series(499)[-1].retry_at == timedelta(minutes=5)


def test_temporary_problems_last_after_three_attempts_and_permanent_ones_at_once() -> None:
    assert [each.is_lasting for each in series(4, BUSY)] == [False, False, True, True]
    assert [each.is_lasting for each in series(2, DENIED)] == [True, True]


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("AccessDenied", Reason.DENIED),
        ("AccessDeniedException", Reason.DENIED),
        ("ServiceQuotaExceededException", Reason.QUOTA),
        ("ValidationException", Reason.INVALID),
        ("ResourceNotFoundException", Reason.MISSING),
        ("ThrottlingException", Reason.BUSY),
        ("InternalServerException", Reason.UNAVAILABLE),
        ("EndpointConnectionError", Reason.UNAVAILABLE),
        ("SomethingNew", Reason.UNAVAILABLE),
        ("", Reason.UNAVAILABLE),
    ],
)
def test_the_reason_is_that_of_the_code(code: str, reason: Reason) -> None:
    assert Failure(code, "").reason is reason


@pytest.mark.parametrize("work", [BackgroundWork.SCHEDULES, BackgroundWork.TICKS])
def test_the_latest_failure_is_quoted_and_a_long_one_is_cut(work: BackgroundWork) -> None:
    first = note_failure(None, work, DENIED, NOW)
    second = note_failure(first, work, Failure("ThrottlingException", "x" * 5000), NOW)
    assert "AccessDeniedException: no." in first.message
    assert (second.reason, "AccessDenied" in second.message) == (Reason.BUSY, False)
    assert "ThrottlingException: xxx" in second.message
    assert len(second.message) < 800
    assert first.title != ""
