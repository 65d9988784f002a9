"""Inject one fault at each AWS call of each request, then repeat the request: nothing is lost, and nothing is left behind.

Two exceptions: a create that copies its snapshot and cannot store its job leaves the copy until the bucket's lifecycle removes it.
A create without an idempotency token whose response is lost creates a second job when it is repeated.
"""

from collections import Counter
from typing import Any

import pytest

from chalicelib.domain.job import JobStatus
from tests.faults.kinds import FAULTS, OF_READS, READS
from tests.faults.requests import REQUESTS, Request
from tests.faults.watcher import Watcher
from tests.support.runs import Run
from tests.support.scheduler import LocalScheduler, scheduler
from tests.support.watching import sweep


def _calls_of(request: Request) -> list[tuple[str, int]]:
    """Return the calls of a request, each with its index among calls of the same kind."""
    with scheduler() as local:
        subject = request.prepare(local)
        local.calls.clear()
        assert request.act(local, subject) in request.repeated
        turns = Counter[str]()
        found = []
        for call in local.calls:
            found.append((call, turns[call]))
            turns[call] += 1
        return found


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("request_", REQUESTS, ids=lambda request: request.name)
def test_a_single_fault_loses_nothing_and_leaves_nothing_behind(request_: Request, fault: str) -> None:
    calls = _calls_of(request_)
    assert calls
    for call, turn in calls:
        is_read = call.partition(":")[2].startswith(READS)
        if not is_read or (fault in OF_READS and (turn == 0 or call != "dynamodb:Query")):
            with scheduler() as local:
                _try(local, request_, fault, call, turn)


def _try(local: LocalScheduler, request: Request, fault: str, call: str, turn: int) -> None:
    where = f"{fault}: {call} {turn}"
    subject = request.prepare(local)
    watcher, injected = Watcher(local), FAULTS[fault](call, turn)
    local.hub.listeners += [watcher, injected]
    first = request.act(local, subject)
    local.hub.listeners.remove(injected)
    assert injected.has_happened or (fault == "sent twice" and call.startswith("ecs:")), where
    refused = {"throttled": {500 if request.is_event else 429}, "sent twice": set()}.get(fault, {500})
    assert first in {*request.repeated, *refused, *({500} if call == "dynamodb:Query" else ())}, where
    if first != 200 or request.is_idempotent:
        assert request.act(local, subject) in request.repeated, where
    request.after(local, subject)

    _drive_to_the_end(local, watcher)
    jobs = local.items()
    assert len(jobs) == request.jobs + (fault == "response lost" and "Put" in call and not request.is_idempotent), where
    assert {each["status"]["S"] for each in jobs} <= request.ends, where
    _hold_objects(local, request, where)
    request.holds(local)


def _hold_objects(local: LocalScheduler, request: Request, where: str) -> None:
    """Check that each job has its input, and that at most the copy of one failed create belongs to no job."""
    kept = {each["job_id"]["S"] for each in local.items()}
    stored = [key.split("/")[2] for key in local.objects("jobs/")]
    assert kept <= set(stored), where
    orphans = [job_id for job_id in stored if job_id not in kept]
    assert len(orphans) <= request.name.startswith("create"), where


def _drive_to_the_end(local: LocalScheduler, watcher: Watcher) -> None:
    """Run everything else for at most an hour: events, stream, sweep, dispatch, and well-behaved runners."""
    for _ in range(10):
        local.clock.forward(minutes=4)
        for record in watcher.stream():
            local.factory.cleanup.handle(record)
        sweep(local, minutes=1)
        sweep(local, minutes=1)
        local.dispatch()
        running = [each for each in local.tasks() if each["lastStatus"] != "STOPPED"]
        for task in running:
            _run(local, Run(task))
        if not running and all(_is_settled(each) for each in local.items()):
            return
    pytest.fail("it does not come to an end")


def _is_settled(job: dict[str, Any]) -> bool:
    """Whether a job has ended and nobody watches a task of its."""
    return JobStatus(job["status"]["S"]).is_terminal and "live_shard" not in job


def _run(local: LocalScheduler, run: Run) -> None:
    """A container's whole life, from its check-in on; one that was told to end, or is turned away, just ends."""
    if run.task["desiredStatus"] == "STOPPED":
        local.finish(run, exit_code=17)
        return
    if run.check_in("the container").status == 200 or run.check_in().status == 200:
        stop = run.heartbeat().body.get("action") == "stop"
        assert run.report("stopped" if stop else "succeeded").status in (200, 409)
        local.finish(run, exit_code=12 if stop else 0)
        return
    pytest.fail(f"{run.path}: a container that nobody waits for")
