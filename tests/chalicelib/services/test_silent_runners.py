"""Runners without heartbeats: how long they may go on."""

import pytest

from tests.support.scheduler import LocalScheduler
from tests.support.watching import (
    is_asked_to_stop,
    job_id_of,
    sweeps,
)

ENDS = [("succeeded", "COMPLETED"), ("notebook_error", "FAILED"), ("stopped", "FAILED"), ("input_problem", "FAILED")]


@pytest.mark.parametrize("missed", [1, 2])
def test_throttled_heartbeats_do_not_end_a_run_while_its_task_is_running(local: LocalScheduler, missed: int) -> None:
    run = local.start()
    run.heartbeat()
    sweeps(local, 5 * missed + 2)
    assert not is_asked_to_stop(run)
    assert run.heartbeat().body == {"action": "continue"}
    sweeps(local, 5)
    assert run.report().status == 200
    assert local.status(job_id_of(run)) == "COMPLETED"


def test_a_run_without_heartbeats_for_15_minutes_is_stopped_while_another_is_connected(local: LocalScheduler) -> None:
    run, other = local.start(), local.start()
    run.heartbeat()
    for minute in range(1, 16):
        assert not is_asked_to_stop(run)
        local.clock.forward(minutes=1)
        other.heartbeat(connected_seconds=60 * minute)
        local.factory.sweep.run()
    assert is_asked_to_stop(run)
    assert not is_asked_to_stop(other)


def test_no_run_is_stopped_while_no_runner_can_reach_the_service(local: LocalScheduler) -> None:
    runs = [local.start() for _ in range(3)]
    sweeps(local, 119)
    assert not any(is_asked_to_stop(run) for run in runs)
    assert runs[0].heartbeat().body == {"action": "continue"}
    sweeps(local, 4)  # the first one is back; the others may take some seconds, or be gone
    assert [is_asked_to_stop(run) for run in runs] == [False, True, True]
    assert runs[0].report().body == {"status": "COMPLETED"}
    assert local.job(job_id_of(runs[0]))["attempt"] == 1


def test_a_runner_that_is_back_from_an_outage_does_not_prove_that_others_hang(local: LocalScheduler) -> None:
    """An outage of an hour ends: one runner is heard first, the other some seconds after the sweep has looked at it."""
    run, other = local.start(), local.start()
    sweeps(local, 60)
    for connected in (0, 60, 120, 180, 240):
        other.heartbeat(connected_seconds=connected)
        sweeps(local, 1)
        assert not is_asked_to_stop(run)
    assert run.heartbeat().status == 200
    other.heartbeat(connected_seconds=300)
    sweeps(local, 30)
    assert not is_asked_to_stop(run)


def test_a_runner_cannot_claim_to_have_been_connected_before_it_started(local: LocalScheduler) -> None:
    run = local.start()
    sweeps(local, 20)
    other = local.start()
    other.heartbeat(connected_seconds=10**9)
    sweeps(local, 4)
    assert not is_asked_to_stop(run)


def test_a_run_that_uploads_after_its_time_limit_is_not_stopped(local: LocalScheduler) -> None:
    run = local.start(timeout_seconds=60)
    for minute in range(60):
        run.heartbeat(phase="running" if minute < 1 else "converting" if minute < 3 else "uploading")
        sweeps(local, 1)
        assert not is_asked_to_stop(run), minute
    for _ in range(6):
        run.heartbeat(phase="uploading")
        sweeps(local, 1)
    assert is_asked_to_stop(run)


def test_a_stopped_run_that_is_uploading_is_not_stopped(local: LocalScheduler) -> None:
    run = local.start()
    local.api.patch(f"/scheduler/jobs/{job_id_of(run)}", {"status": "STOPPED"})
    for _ in range(55):
        assert run.heartbeat(phase="uploading").body == {"action": "stop"}
        sweeps(local, 1)
        assert not is_asked_to_stop(run)
    for _ in range(10):
        run.heartbeat(phase="uploading")
        sweeps(local, 1)
    assert is_asked_to_stop(run)


def test_an_overtime_run_without_heartbeats_gets_no_more_time(local: LocalScheduler) -> None:
    run = local.start(timeout_seconds=60)
    for _ in range(8):
        run.heartbeat()
        sweeps(local, 1)
    sweeps(local, 3)
    assert not is_asked_to_stop(run)
    sweeps(local, 1)
    assert is_asked_to_stop(run)
    local.finish(run)
    assert local.job(job_id_of(run))["outcome"]["code"] == "timeout"
