"""Each AWS call of each function that no request waits for fails once, in each way; then events are delivered again and sweeps follow.

The calls are found by recording them. Whatever fails, the end is the same as without a fault: nothing is lost, doubled or half done.
"""

from collections import Counter
from typing import Any

import pytest

from tests.faults.handlers import HANDLERS, Handler
from tests.faults.kinds import FAULTS, OF_READS, READS
from tests.support.definitions import Definitions
from tests.support.runs import Run
from tests.support.scheduler import LocalScheduler, scheduler

_ROUNDS = 9
"""Of two minutes: longer than the fifteen minutes after which a task without heartbeats is stopped, and a retry."""


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("handler", HANDLERS, ids=lambda handler: handler.name)
def test_a_fault_at_any_call_does_not_change_the_end(handler: Handler, fault: str) -> None:
    calls, expected = _undisturbed(handler)
    assert calls
    for call, turn in calls:
        is_read = call.partition(":")[2].startswith(READS)
        if is_read and fault not in OF_READS:
            continue
        with scheduler() as local:
            made, subject = _prepared(local, handler)
            local.hub.listeners.append(injected := FAULTS[fault](call, turn))
            succeeded = handler.act(made, subject)
            local.hub.listeners.remove(injected)
            assert injected.has_happened or (fault == "sent twice" and call.startswith("ecs:")), call
            for _ in range(2):  # AWS delivers an event again after a failure; some it delivers twice anyway
                succeeded = handler.act(made, subject)
            assert succeeded, f"{fault}: {call} {turn}"
            assert _end(made) == expected, f"{fault}: {call} {turn}"


def _prepared(local: LocalScheduler, handler: Handler) -> tuple[Definitions, Any]:
    made = Definitions(local)
    made.follow_streams()
    return made, handler.prepare(made)


def _undisturbed(handler: Handler) -> tuple[list[tuple[str, int]], dict[str, Any]]:
    """Return the calls of a handler, each with its index among calls of the same kind, and the state in the end."""
    with scheduler() as local:
        made, subject = _prepared(local, handler)
        local.calls.clear()
        assert handler.act(made, subject)
        turns: Counter[str] = Counter()
        found = []
        for call in list(local.calls):
            found.append((call, turns[call]))
            turns[call] += 1
        return found, _end(made)


def _end(made: Definitions) -> dict[str, Any]:
    """Let everything else happen for a while; return what there is then."""
    local = made.local
    dispatch = next(handler for handler in HANDLERS if handler.name == "dispatch")
    for _ in range(_ROUNDS):
        local.clock.forward(minutes=2)
        made.sweep()
        dispatch.act(made, None)
        for task in [each for each in local.tasks() if each["lastStatus"] != "STOPPED"]:
            _run(local, Run(task))
        made.clean_up()
        made.clean_up_again()
    definitions = [made.stored(item["definition_id"]["S"]) for item in local.items("definitions")]
    return {
        "jobs": sorted(item["status"]["S"] for item in local.items()),
        "watched": [item["job_id"]["S"] for item in local.items() if "live_shard" in item],
        "running": [task["startedBy"] for task in local.hub.ecs.running],
        "inputs": len([key for key in local.objects("jobs/") if "/input." in key]),
        "snapshots": len(local.objects("definitions/")),
        "schedules": [each["State"] for each in made.schedules().values()],
        "definitions": [
            (each.run_count, each.missed_count, each.next_due, each.is_synced, each.problems) for each in definitions
        ],
    }


def _run(local: LocalScheduler, run: Run) -> None:
    """Do what a container does: check in, report, end; one that was told to end, or is turned away, just ends."""
    if run.task["desiredStatus"] != "STOPPED" and run.check_in("the container").status == 200:
        run.report()
    local.finish(run, exit_code=0)
