"""How a task relates to its job: current, orphaned or unknown."""

from dataclasses import replace
from datetime import timedelta
from itertools import product

import pytest

from chalicelib.domain.identifiers import RunId, make_owner_id, new_job_id
from chalicelib.domain.job import Heartbeat, Job, JobStatus, Phase, PhaseCode
from chalicelib.domain.outcome import OUTCOMES, OutcomeCode
from chalicelib.domain.task_state import TaskState, parse_task
from chalicelib.domain.task_watch import (
    EXIT_TIMEOUT,
    HEARTBEAT_TIMEOUT,
    LAUNCH_SETTLING_TIME,
    OUTAGE_TIMEOUT,
    STOP_TIMEOUT,
    UNRESPONSIVE_TIMEOUT,
    TaskMatch,
    is_overtime,
    match_task,
    outcome_without_result,
)
from tests.chalicelib.domain import builders
from tests.chalicelib.domain.builders import NOW

ARN, OTHER = "arn:aws:ecs:us-east-1:123456789012:task/c/1", "arn:aws:ecs:us-east-1:123456789012:task/c/2"


def a_task(job: Job, *, arn: str = ARN, attempt: int | None = None, launch: int | None = 1) -> TaskState:
    run_id = replace(job.run_id, attempt=job.attempt if attempt is None else attempt)
    overrides = [] if launch is None else [{"environment": [{"name": "LAUNCH", "value": str(launch)}]}]
    described = {"taskArn": arn, "startedBy": str(run_id), "overrides": {"containerOverrides": overrides}}
    return parse_task({**described, "lastStatus": "RUNNING", "desiredStatus": "RUNNING"})


def a_job(status: JobStatus = JobStatus.QUEUED, *, watched: bool = True, arn: str | None = ARN) -> Job:
    return builders.job(status=status, attempt=2, launch=1, deadline=NOW if watched else None, task_arn=arn)


@pytest.mark.parametrize(("status", "watched", "arn"), list(product(JobStatus, [True, False], [None, ARN, OTHER])))
def test_a_task_is_current_only_for_a_watched_job_that_names_it_or_none(
    status: JobStatus, watched: bool, arn: str | None
) -> None:
    job = a_job(status, watched=watched, arn=arn)
    expected = TaskMatch.CURRENT if watched and arn in (None, ARN) else TaskMatch.ORPHANED
    assert match_task(job, a_task(job)) is expected


@pytest.mark.parametrize("arn", [None, ARN])
@pytest.mark.parametrize("attempt", [1, 3])
def test_a_task_of_another_attempt_is_orphaned(arn: str | None, attempt: int) -> None:
    job = a_job(arn=arn)
    assert match_task(job, a_task(job, attempt=attempt)) is TaskMatch.ORPHANED


@pytest.mark.parametrize(("launch", "expected"), [(0, "orphaned"), (1, "current"), (2, "orphaned"), (None, "unknown")])
def test_before_a_task_is_recorded_the_launch_number_decides(launch: int | None, expected: str) -> None:
    job = a_job(arn=None)
    assert match_task(job, a_task(job, launch=launch)) is TaskMatch(expected)


def test_a_task_without_a_job_is_orphaned() -> None:
    assert match_task(None, a_task(a_job())) is TaskMatch.ORPHANED


def test_an_outage_of_an_hour_ends_no_run() -> None:
    assert HEARTBEAT_TIMEOUT < UNRESPONSIVE_TIMEOUT < timedelta(hours=1) < OUTAGE_TIMEOUT


_END = timedelta(hours=1)
"""The maximum run time of `builders.job`."""


@pytest.mark.parametrize(
    ("over", "heartbeat", "phase", "expected"),
    [
        (timedelta(minutes=11), timedelta(minutes=11), PhaseCode.RUNNING, True),
        (timedelta(minutes=9), timedelta(minutes=9), PhaseCode.RUNNING, False),
        (timedelta(minutes=59), timedelta(seconds=30), PhaseCode.RUNNING, False),
        (timedelta(minutes=59), timedelta(minutes=59), PhaseCode.UPLOADING, False),
        (timedelta(minutes=59), timedelta(minutes=59), PhaseCode.CONVERTING, False),
        (timedelta(minutes=61), timedelta(minutes=61), PhaseCode.UPLOADING, True),
        (timedelta(minutes=59), None, PhaseCode.RUNNING, False),
        (timedelta(minutes=61), None, PhaseCode.RUNNING, True),
    ],
)
def test_a_run_over_its_time_may_upload_but_not_execute(
    over: timedelta, heartbeat: timedelta | None, phase: PhaseCode, expected: bool
) -> None:
    job = builders.job(start_time=NOW, instance_id="i")
    last = None if heartbeat is None else Heartbeat(1, NOW + _END + heartbeat, Phase(phase))
    assert is_overtime(job, last, NOW + _END + over) is expected


def test_the_start_of_an_earlier_attempt_does_not_count() -> None:
    queued = builders.job(JobStatus.QUEUED, start_time=NOW, instance_id=None)
    late = NOW + timedelta(days=1)
    assert not is_overtime(queued, None, late)
    assert outcome_without_result(queued, "container_gone", "", late, None).code == "container_gone"
    started = replace(queued, instance_id="i", status=JobStatus.IN_PROGRESS)
    assert outcome_without_result(started, "container_gone", "", late, None).code == "timeout"
    assert outcome_without_result(started, "kernel_died", "", late, None).code == "kernel_died"


@pytest.mark.parametrize(
    ("phase", "starts"),
    [
        (Phase(PhaseCode.RUNNING, cell=3, cells=10), "Last reported: cell 3 of 10. The container was killed."),
        (Phase(PhaseCode.RUNNING, cell=3), "Last reported: cell 3. The container was killed."),
        (Phase(PhaseCode.STARTING_KERNEL, cells=10), "The container was killed."),
        (None, "The container was killed."),
    ],
)
def test_an_outcome_without_a_result_names_the_last_reported_cell(phase: Phase | None, starts: str) -> None:
    job = builders.job(start_time=NOW, instance_id="i")
    heartbeat = None if phase is None else Heartbeat(1, NOW, phase)
    outcome = outcome_without_result(job, "container_gone", "The container was killed.", NOW, heartbeat)
    assert outcome.message == starts
    assert outcome.cell is None, "it may have gone on to another cell"


def test_an_outcome_without_a_message_names_the_last_reported_cell_before_the_advice() -> None:
    job = builders.job(start_time=NOW, instance_id="i")
    heartbeat = Heartbeat(1, NOW, Phase(PhaseCode.RUNNING, cell=1, cells=2))
    for now, code in ((NOW, OutcomeCode.OUT_OF_MEMORY), (NOW + timedelta(days=1), OutcomeCode.TIMEOUT)):
        given = OutcomeCode.HEARTBEAT_TIMEOUT if code is OutcomeCode.TIMEOUT else code
        outcome = outcome_without_result(job, given, "", now, heartbeat)
        assert outcome.code is code
        assert outcome.message == f"Last reported: cell 1 of 2. {OUTCOMES[code].advice}"


def test_a_task_has_time_to_exit_and_to_be_stopped() -> None:
    """Fargate's longest stop timeout is 120 s, and a dispatch runs for 60 s at most."""
    assert min(EXIT_TIMEOUT, STOP_TIMEOUT) > timedelta(seconds=120)
    assert timedelta(seconds=60) < LAUNCH_SETTLING_TIME


def test_a_run_id_fits_into_started_by() -> None:
    """At most 128 letters, digits, hyphens, slashes and underscores (Amazon ECS API reference, `RunTask`)."""
    longest = RunId(make_owner_id("x", "W" * 100), new_job_id(NOW, b"0123456789"), 999_999_999)
    assert len(str(longest)) == 92
    assert set(str(longest)) <= set("abcdefghijklmnopqrstuvwxyz0123456789-/_")
