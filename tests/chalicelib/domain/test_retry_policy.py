from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.config import Limits
from chalicelib.domain.job import Job, JobStatus
from chalicelib.domain.outcome import OUTCOMES, Fault, make_outcome
from chalicelib.domain.retry_policy import CAPACITY_DEADLINE, NextStep, next_step
from chalicelib.domain.transitions import TransitionName
from tests.chalicelib.domain.builders import NOW, job, spec

LIVE = [status for status in JobStatus if status.is_live]
LIMITS = Limits()
NOTEBOOK = [code for code, kind in OUTCOMES.items() if kind.fault is Fault.NOTEBOOK]
INFRASTRUCTURE = [code for code, kind in OUTCOMES.items() if kind.fault is Fault.INFRASTRUCTURE]
CAPACITY = [code for code, kind in OUTCOMES.items() if kind.fault is Fault.CAPACITY]
REQUEST = [code for code, kind in OUTCOMES.items() if kind.fault is Fault.REQUEST]


def step(ended: Job, code: str, limits: Limits = LIMITS) -> NextStep:
    return next_step(ended, make_outcome(code), limits, NOW)


@st.composite
def live_jobs(draw: st.DrawFn) -> Job:
    job_spec = spec(
        max_retries=draw(st.integers(0, 20)),
        retry_on_timeout=draw(st.booleans()),
        min_retry_interval=timedelta(milliseconds=draw(st.integers(0, 86_400_000))),
    )
    waited = draw(st.none() | st.timedeltas(timedelta(0), timedelta(days=1)))
    return job(
        draw(st.sampled_from(LIVE)),
        spec=job_spec,
        notebook_retries=draw(st.integers(0, 21)),
        infrastructure_retries=draw(st.integers(0, 11)),
        waiting_since=None if waited is None else NOW - waited,
    )


@given(live_jobs(), st.sampled_from(list(OUTCOMES)), st.integers(0, 10))
def test_the_next_step_is_always_a_valid_transition(ended: Job, code: str, retries: int) -> None:
    following = step(ended, code, Limits(infrastructure_retries=retries))
    transition = following.transition
    # Nobody can report success before the check-in: a report needs the session token.
    assert ended.status in transition.sources or (code, ended.status) == ("succeeded", JobStatus.QUEUED)
    assert transition.target.is_terminal or transition.name is TransitionName.RETRY
    if ended.status is JobStatus.STOPPING:
        assert transition.target.is_terminal


@given(live_jobs(), st.sampled_from(list(OUTCOMES)), st.integers(0, 10))
def test_another_attempt_counts_once_and_is_not_before_now(ended: Job, code: str, retries: int) -> None:
    following = step(ended, code, Limits(infrastructure_retries=retries))
    if following.transition.name is not TransitionName.RETRY:
        assert following.not_before is None
        return
    assert following.not_before is not None
    assert following.not_before >= NOW
    counted = (following.notebook_retries + following.infrastructure_retries) - (
        ended.notebook_retries + ended.infrastructure_retries
    )
    assert counted == (0 if code in CAPACITY else 1)
    assert code not in REQUEST


@given(live_jobs(), st.sampled_from(list(OUTCOMES)))
def test_attempts_come_to_an_end(ended: Job, code: str) -> None:
    used_up = ended.notebook_retries >= ended.spec.max_retries and (
        ended.infrastructure_retries >= LIMITS.infrastructure_retries
    )
    waited = NOW - (ended.waiting_since or NOW) >= CAPACITY_DEADLINE
    if used_up and (waited or code not in CAPACITY):
        assert step(ended, code).transition.target.is_terminal


@pytest.mark.parametrize("status", [JobStatus.IN_PROGRESS, JobStatus.STOPPING])
def test_a_success_completes_a_job_that_is_being_stopped(status: JobStatus) -> None:
    assert step(job(status), "succeeded").transition.target is JobStatus.COMPLETED


@pytest.mark.parametrize("code", [*INFRASTRUCTURE, *CAPACITY, "timeout", "stopped"])
def test_a_stopped_job_ends_as_stopped_whatever_happens_to_its_container(code: str) -> None:
    assert step(job(JobStatus.STOPPING, spec=spec(max_retries=5)), code).transition.target is JobStatus.STOPPED


@pytest.mark.parametrize("code", [*NOTEBOOK, *REQUEST])
def test_a_failure_before_the_stop_is_reported(code: str) -> None:
    assert step(job(JobStatus.STOPPING, spec=spec(max_retries=5)), code).transition.target is JobStatus.FAILED


def test_a_runner_that_stops_without_a_request_has_failed() -> None:
    assert step(job(JobStatus.IN_PROGRESS), "stopped").transition.target is JobStatus.FAILED


@pytest.mark.parametrize("code", REQUEST)
@pytest.mark.parametrize("status", [JobStatus.QUEUED, JobStatus.IN_PROGRESS])
def test_a_request_that_can_never_succeed_is_not_retried(code: str, status: JobStatus) -> None:
    assert step(job(status, spec=spec(max_retries=20)), code).transition.target is JobStatus.FAILED


@pytest.mark.parametrize("code", NOTEBOOK)
def test_a_failed_notebook_is_retried_max_retries_times(code: str) -> None:
    job_spec = spec(max_retries=2, min_retry_interval=timedelta(minutes=7))
    following = step(job(spec=job_spec, notebook_retries=1, infrastructure_retries=1), code)
    assert following.transition.name is TransitionName.RETRY
    assert (following.notebook_retries, following.infrastructure_retries) == (2, 1)
    assert following.not_before == NOW + timedelta(minutes=7)
    assert step(job(spec=job_spec, notebook_retries=2), code).transition.name is TransitionName.FAIL


@pytest.mark.parametrize("wanted", [True, False])
def test_a_timeout_is_retried_only_if_the_job_allows_it(wanted: bool) -> None:
    ended = job(spec=spec(max_retries=1, retry_on_timeout=wanted))
    assert (step(ended, "timeout").transition.name is TransitionName.RETRY) == wanted


@pytest.mark.parametrize("code", INFRASTRUCTURE)
def test_an_infrastructure_failure_does_not_count_as_a_notebook_retry(code: str) -> None:
    following = step(job(notebook_retries=1), code)
    assert (following.notebook_retries, following.infrastructure_retries) == (1, 1)
    used_up = job(infrastructure_retries=LIMITS.infrastructure_retries, spec=spec(max_retries=20))
    assert step(used_up, code).transition.name is TransitionName.FAIL


def test_the_backoff_grows() -> None:
    tries = [
        step(job(infrastructure_retries=n), "heartbeat_timeout", Limits(infrastructure_retries=10)) for n in range(6)
    ]
    delays = [each.not_before - NOW for each in tries if each.not_before]
    assert delays == sorted(delays)
    assert delays[0] > timedelta(0)
    assert len(delays) == 6


@pytest.mark.parametrize("code", CAPACITY)
def test_a_job_waits_for_capacity_for_hours(code: str) -> None:
    almost = CAPACITY_DEADLINE - timedelta(milliseconds=1)
    waits = job(JobStatus.QUEUED, waiting_since=NOW - almost, infrastructure_retries=10)
    assert step(waits, code).transition.name is TransitionName.RETRY
    waited = job(JobStatus.QUEUED, waiting_since=NOW - CAPACITY_DEADLINE)
    assert step(waited, code).transition.name is TransitionName.FAIL
