"""Which attempts a job has, and how small their records are."""

import json
from dataclasses import replace

import pytest

from chalicelib.domain.attempt_history import attempts_of, recorded
from chalicelib.domain.attempt_result import AttemptResult, make_warning
from chalicelib.domain.job import Job, JobStatus
from chalicelib.domain.outcome import OUTCOMES, Fault, OutcomeCode, make_outcome
from chalicelib.domain.serialization import to_stored
from tests.chalicelib.domain.builders import NOW, job

_DIED = AttemptResult(make_outcome("kernel_died"))


def _retried(before: Job, result: AttemptResult = _DIED) -> Job:
    return replace(before, status=JobStatus.CREATED, **recorded(before, result, NOW))


def _claimed(before: Job) -> Job:
    return replace(before, status=JobStatus.QUEUED, attempt=before.attempt + 1, task_arn=None, instance_id=None)


@pytest.mark.parametrize("code", OutcomeCode)
def test_every_end_but_a_lack_of_capacity_is_on_record(code: OutcomeCode) -> None:
    running = job(status=JobStatus.IN_PROGRESS, attempt=1, task_arn="arn", instance_id="a")
    numbers = [each.number for each in _retried(running, AttemptResult(make_outcome(code))).past_attempts]
    assert numbers == ([] if OUTCOMES[code].fault is Fault.CAPACITY else [1])


def test_an_attempt_without_check_in_has_no_start_although_the_job_has_one() -> None:
    first = job(status=JobStatus.IN_PROGRESS, attempt=1, task_arn="arn", instance_id="a", start_time=NOW)
    second = _claimed(_retried(first))
    assert [each.start_time for each in attempts_of(second)] == [NOW, None]


def test_a_job_that_ends_while_it_waits_has_no_attempt_more() -> None:
    first = job(status=JobStatus.IN_PROGRESS, attempt=1, task_arn="arn", instance_id="a")
    waiting = _retried(first)
    stopped = replace(waiting, status=JobStatus.STOPPED, outcome=make_outcome("stopped"))
    without_capacity = _retried(_claimed(waiting), AttemptResult(make_outcome("no_capacity")))
    for ended in (stopped, replace(without_capacity, status=JobStatus.STOPPED, outcome=make_outcome("stopped"))):
        assert [each.number for each in attempts_of(ended)] == [1]


def test_an_attempt_that_could_not_be_launched_is_listed() -> None:
    refused = replace(job(attempt=1), status=JobStatus.FAILED, outcome=make_outcome("not_allowed"), end_time=NOW)
    (attempt,) = attempts_of(refused)
    assert (attempt.end_time, attempt.outcome and attempt.outcome.code) == (NOW, "not_allowed")


def test_of_twenty_attempts_ten_are_kept_and_ten_counted() -> None:
    current = job(attempt=0)
    for _ in range(20):
        current = _retried(_claimed(current))
    assert [each.number for each in current.past_attempts] == [1, 2, *range(13, 21)]
    assert current.attempts_left_out == 10


@pytest.mark.parametrize("letter", ["x", "é", "\U0001f4a5"])
def test_a_record_is_small(letter: str) -> None:
    warning = make_warning("c", letter * 500, names=[letter * 200] * 20)
    outcome = make_outcome("kernel_died", letter * 2000, error_name=letter * 200)
    running = job(status=JobStatus.IN_PROGRESS, attempt=1, task_arn="x" * 120, instance_id="a", start_time=NOW)
    retried = _retried(running, AttemptResult(outcome, (warning,) * 20, 1000, 10**12))
    (attempt,) = retried.past_attempts
    assert attempt.outcome is not None
    assert attempt.outcome.message == letter * 299 + "…"
    assert sum(len(each.message) for each in attempt.warnings) == 300
    assert len(json.dumps(to_stored(attempt), ensure_ascii=False).encode()) < 3600
