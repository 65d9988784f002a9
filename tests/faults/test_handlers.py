"""Each AWS call of each function that no request waits for fails once, in each way; then AWS delivers the event again if the function has
failed, and sweeps follow.

The calls are found by recording them. Whatever fails, the end is the same as without a fault: each job has run once, and nothing is lost,
doubled or half done.
"""

from collections import Counter
from functools import cache
from typing import Any

import pytest

from chalicelib.domain.job import JobStatus
from tests.faults.handlers import HANDLERS, Handler, dispatch
from tests.faults.kinds import FAULTS, OF_READS, READS
from tests.support.definitions import Definitions
from tests.support.runs import Run
from tests.support.scheduler import LocalScheduler, scheduler

_ROUNDS = 12
"""Of two minutes: longer than the fifteen minutes after which a silent task is stopped, and a retry."""


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("handler", HANDLERS, ids=lambda handler: handler.name)
def test_a_fault_at_any_call_does_not_change_the_end(handler: Handler, fault: str) -> None:
    calls, expected = _undisturbed(handler)
    assert calls
    for call, turn in calls:
        if fault in OF_READS or not _is_read(call):
            end = _end_after(handler, fault, call, turn)
            if handler.waiting_job_may_run and end["runs"] == [1]:
                end["runs"] = []
            assert end == expected, f"{fault}: {call} {turn}"


@pytest.mark.parametrize("handler", HANDLERS, ids=lambda handler: handler.name)
def test_an_event_that_is_delivered_twice_does_not_change_the_end(handler: Handler) -> None:
    _, expected = _undisturbed(handler)
    with scheduler() as local:
        made, subject = _prepared(local, handler)
        assert handler.act(made, subject)
        assert handler.act(made, subject)
        assert _end(made) == expected


def _end_after(handler: Handler, fault: str, call: str, turn: int) -> dict[str, Any]:
    """Deliver an event with a fault at one call, and again if the function has failed. What it consumes in spite of that, a sweep repeats."""
    with scheduler() as local:
        made, subject = _prepared(local, handler)
        local.hub.listeners.append(injected := FAULTS[fault](call, turn))
        is_consumed = handler.act(made, subject)
        local.hub.listeners.remove(injected)
        assert injected.has_happened or (fault == "sent twice" and call.startswith("ecs:")), call
        assert is_consumed or handler.act(made, subject), f"{fault}: {call} {turn}"
        return _end(made)


def _prepared(local: LocalScheduler, handler: Handler) -> tuple[Definitions, Any]:
    made = Definitions(local)
    made.follow_streams()
    return made, handler.prepare(made)


@cache
def _undisturbed(handler: Handler) -> tuple[list[tuple[str, int]], dict[str, Any]]:
    """Return the calls of a handler, each with its index among calls of the same kind, and the state in the end.

    Of the Queries of one index, which has several partitions, the first stands for all.
    """
    with scheduler() as local:
        made, subject = _prepared(local, handler)
        local.calls.clear()
        assert handler.act(made, subject)
        turns: Counter[str] = Counter()
        found, read = [], set()
        for call, index in zip(local.calls, local.calls.indexes, strict=True):
            if not index or index not in read:
                found.append((call, turns[call]))
            read.add(index)
            turns[call] += 1
        return found, _end(made)


def _is_read(call: str) -> bool:
    return call.partition(":")[2].startswith(READS)


def _end(made: Definitions) -> dict[str, Any]:
    """Let everything else happen until there is nothing to do; return what there is then."""
    ran: Counter[str] = Counter()
    for _ in range(_ROUNDS):
        made.local.clock.forward(minutes=2)
        made.sweep()
        dispatch()
        for task in [each for each in made.local.tasks() if each["lastStatus"] != "STOPPED"]:
            _run(made.local, Run(task), ran)
        made.clean_up()
        made.clean_up_again()
        made.clean_up()
        if _is_settled(made):
            return {**_state(made), "runs": sorted(ran.values())}
    pytest.fail("it does not come to an end")


def _run(local: LocalScheduler, run: Run, ran: Counter[str]) -> None:
    """Do what a container does: check in, report, end; one that was told to end, or is turned away, just ends."""
    if run.task["desiredStatus"] != "STOPPED" and run.check_in("the container").status == 200:
        ran[run.run_id.rpartition("/")[0]] += run.report().status == 200
    local.finish(run, exit_code=0)


def _is_settled(made: Definitions) -> bool:
    local = made.local
    jobs_ended = all(JobStatus(each["status"]["S"]).is_terminal and "live_shard" not in each for each in local.items())
    stored = (made.stored(each["definition_id"]["S"]) for each in local.items("definitions"))
    definitions_are_current = all(
        each.is_synced and (not each.active or (each.next_due or local.clock()) > local.clock()) for each in stored
    )
    return jobs_ended and definitions_are_current and not local.hub.ecs.running and not local.second_cleanups()


def _state(made: Definitions) -> dict[str, Any]:
    local = made.local
    definitions = [made.stored(item["definition_id"]["S"]) for item in local.items("definitions")]
    return {
        "jobs": sorted(item["status"]["S"] for item in local.items()),
        "inputs": len([key for key in local.objects("jobs/") if "/input." in key]),
        "snapshots": len(local.objects("definitions/")),
        "schedules": [each["State"] for each in made.schedules().values()],
        "definitions": [
            (each.run_count, each.missed_count, each.next_due, each.is_synced, each.problems) for each in definitions
        ],
        "health": [
            (each.active, each.counted_runs, each.health.failures, each.health.failing_since, each.health.late_since)
            for each in definitions
        ],
    }
