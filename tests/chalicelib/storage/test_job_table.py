"""Conditional writes: each changes only what it may, and only if the job has not changed."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.domain.idempotency import TokenSpace, TokenUse
from chalicelib.domain.job import Job, JobStatus
from chalicelib.domain.transitions import TRANSITIONS, TransitionName
from chalicelib.storage.job_table import JobTable
from chalicelib.storage.mark_table import MarkExistsError, token_mark
from tests.support.scheduler import LocalScheduler


@pytest.fixture
def table(local: LocalScheduler) -> JobTable:
    return local.factory._job_table


def _job(local: LocalScheduler, table: JobTable, **changes: Any) -> Job:
    """Store a job in some state, and return it."""
    made = table.get(local.owner_id(), local.create(), local.clock())
    assert made is not None
    table.delete(made.owner_id, made.job_id)
    deadline = local.clock() if JobStatus(changes.get("status", "CREATED")).is_live else None
    job = replace(made, **{"deadline": deadline, **changes})
    table.put_new(job)
    return job


def _stored(local: LocalScheduler, table: JobTable, job: Job) -> Job | None:
    return table.get(job.owner_id, job.job_id, local.clock())


@pytest.mark.parametrize("status", JobStatus)
@pytest.mark.parametrize("name", TransitionName)
def test_a_transition_starts_only_from_its_sources(
    local: LocalScheduler, table: JobTable, name: TransitionName, status: JobStatus
) -> None:
    transition = TRANSITIONS[name]
    job = _job(local, table, status=status, attempt=1, launch=1)
    after = table.transition(job, transition, local.clock())
    assert (after is not None) == (status in transition.sources)
    stored = _stored(local, table, job)
    assert stored is not None
    assert stored.status is (transition.target if after else status)
    assert stored == (after or job)


@pytest.mark.parametrize("known", [{"attempt": 2}, {"launch": 2}, {"status": JobStatus.CREATED}], ids=str)
def test_an_outdated_job_changes_nothing(local: LocalScheduler, table: JobTable, known: dict[str, Any]) -> None:
    job = _job(local, table, status=JobStatus.QUEUED, attempt=1, launch=1)
    read = replace(job, **known)
    assert table.change(read, local.clock(), task_arn="arn") is None
    if "status" not in known:
        assert table.transition(read, TRANSITIONS[TransitionName.FAIL], local.clock()) is None
    assert _stored(local, table, job) == job


def test_an_outdated_decision_about_an_attempt_does_not_end_the_next(local: LocalScheduler, table: JobTable) -> None:
    job = _job(local, table, status=JobStatus.CREATED, attempt=1, launch=1)
    for read in (JobStatus.QUEUED, JobStatus.IN_PROGRESS):
        stale = replace(job, status=read, deadline=local.clock())
        assert table.transition(stale, TRANSITIONS[TransitionName.FAIL], local.clock()) is None
    assert _stored(local, table, job) == job


@pytest.mark.parametrize("status", [JobStatus.CREATED, JobStatus.COMPLETED])
def test_a_decision_from_before_a_task_stopped_is_not_written_after_it(
    local: LocalScheduler, table: JobTable, status: JobStatus
) -> None:
    job = _job(local, table, status=status, attempt=1, launch=1)
    assert table.change(replace(job, deadline=local.clock()), local.clock(), name="x") is None
    assert _stored(local, table, job) == job


def test_no_write_restores_a_deleted_job(local: LocalScheduler, table: JobTable) -> None:
    job = _job(local, table, status=JobStatus.QUEUED, attempt=1, launch=1)
    assert table.delete(job.owner_id, job.job_id)
    assert table.transition(job, TRANSITIONS[TransitionName.CHECK_IN], local.clock()) is None
    assert table.change(job, local.clock(), task_arn="arn") is None
    assert table.record_task(job, "arn", local.clock()) is None
    assert not table.rename(job.owner_id, job.job_id, name="x", now=local.clock())
    assert not table.delete(job.owner_id, job.job_id)
    assert local.items() == []


@pytest.mark.parametrize("status", JobStatus)
@pytest.mark.parametrize("is_watched", [True, False], ids=["watched", "not watched"])
def test_a_task_is_recorded_while_its_launch_is_watched(
    local: LocalScheduler, table: JobTable, status: JobStatus, is_watched: bool
) -> None:
    is_watched |= status.is_live
    job = _job(local, table, status=status, attempt=1, launch=1, deadline=local.clock() if is_watched else None)
    later = local.clock() + timedelta(minutes=20)
    claimed = replace(job, status=JobStatus.QUEUED, deadline=local.clock())
    recorded = table.record_task(claimed, "arn", later)
    assert (recorded is not None) == is_watched
    stored = _stored(local, table, job)
    assert stored is not None
    assert stored.task_arn == ("arn" if is_watched else None)
    assert stored.deadline == (later if status is JobStatus.QUEUED else job.deadline)
    if is_watched:
        assert table.record_task(claimed, "arn", later) is not None


def test_an_empty_change_checks_its_condition(local: LocalScheduler, table: JobTable) -> None:
    job = _job(local, table)
    assert table.change(job, job.update_time) == job
    assert table.change(replace(job, attempt=3), job.update_time) is None


def test_a_job_and_its_mark_are_stored_both_or_none(local: LocalScheduler, table: JobTable) -> None:
    job = _job(local, table)
    table.delete(job.owner_id, job.job_id)
    mark = token_mark(TokenUse(TokenSpace.JOB, job.owner_id, "t", "f"), job.job_id, local.clock())
    table.put_new(job, mark)
    other = replace(job, job_id=job.job_id[:-1] + ("0" if job.job_id[-1] != "0" else "1"))
    with pytest.raises(MarkExistsError):
        table.put_new(other, mark)
    assert [item["job_id"]["S"] for item in local.items()] == [job.job_id]
    assert len(local.items("marks")) == 1


def test_times_are_stored_in_milliseconds_and_expiry_in_seconds(local: LocalScheduler, table: JobTable) -> None:
    now = local.clock() + timedelta(milliseconds=7)
    job = _job(local, table, status=JobStatus.COMPLETED, end_time=now, expires_at=now)
    stored = table.get(job.owner_id, job.job_id, local.clock() - timedelta(seconds=1))
    assert stored is not None
    assert (stored.end_time, stored.expires_at) == (now, now.replace(microsecond=0))
    assert _stored(local, table, job) is None
