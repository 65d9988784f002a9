"""Every order in which things can happen to one job, within two attempts and two functions at a time.

The services are the real ones, suspended between any two of their calls; DynamoDB, ECS and the runners are a small model whose steps can
be undone. Responses are lost; events arrive twice, late or never; functions are interrupted; runners hang or die; a person stops or deletes
the job at any time.
"""

import logging
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest
from pynamodb.expressions.condition import Condition

from chalicelib.domain.job import Job
from chalicelib.domain.transitions import TRANSITIONS, Transition, TransitionName
from chalicelib.storage.job_table import JobTable
from tests.model.bounds import Bounds
from tests.model.explore import Explored, explore
from tests.model.record import Record
from tests.model.rules import breaches, ends_a_run_by_its_launch, runs_twice
from tests.model.scheduler import Options, Scheduler
from tests.model.steps import Step, Steps
from tests.model.world import Operation, World, has_ended, is_settled, task_arn

pytestmark = [pytest.mark.usefixtures("quiet"), pytest.mark.timeout(900)]

Rule = Callable[[World, Step], str | None]

PLAIN = Options()
ONE_ATTEMPT = Options(infrastructure_retries=0)
NO_CAPACITY_PROBLEM = 0

EARLY = Bounds(double=False, late_results=False)
"""Two functions at a time. Results are stored when notebooks end: later ones are explored with one function at a time."""

CASES = {
    "spot, then on demand": (Options(spot=True, infrastructure_retries=0), EARLY),
    "faults that are retried": (Options(), EARLY._replace(last_attempt_without_capacity=NO_CAPACITY_PROBLEM)),
    "notebooks that are retried": (
        Options(max_retries=1, infrastructure_retries=0),
        EARLY._replace(last_attempt_without_capacity=NO_CAPACITY_PROBLEM),
    ),
    "results that are stored late": (Options(spot=True, max_retries=1), Bounds(operations=1, double=False)),
    "two containers of one launch": (
        Options(spot=True, max_retries=1, infrastructure_retries=0),
        Bounds(operations=1, late_results=False),
    ),
}


@pytest.fixture
def quiet() -> Iterator[None]:
    """Turn off logging: the services log each failure, and thousands of failures are expected here."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def look(
    options: Options, bounds: Bounds, *rules: Rule, table: type[JobTable] = JobTable, record: Record | None = None
) -> Explored:
    """Explore with the rules that always apply, and others."""
    steps = Steps(Scheduler(options, table), bounds)

    def check(world: World, step: Step) -> str | None:
        return next((message for rule in (breaches, *rules) if (message := rule(world, step))), None)

    return explore(World(record or Record()), steps.after, check, most=1_500_000)


@pytest.mark.parametrize("case", CASES)
def test_whatever_happens_the_rules_hold_and_the_job_comes_to_an_end(case: str) -> None:
    options, bounds = CASES[case]
    rules = (
        () if bounds.double else (runs_twice, ends_a_run_by_its_launch)
    )  # two tasks of one launch are a fault of ECS
    found = look(options, bounds, *rules)
    reached = {world.record.status for world in found.worlds if world.record}
    assert reached == {"CREATED", "QUEUED", "IN_PROGRESS", "STOPPING", "COMPLETED", "FAILED", "STOPPED"}
    assert max(world.record.attempt for world in found.worlds if world.record) >= 2
    assert_that_all_comes_to_an_end(found)


def assert_that_all_comes_to_an_end(found: Explored) -> None:
    """Check that the job ends whatever was lost, and that none of its containers runs forever."""
    stuck = found.unable_to_reach(is_settled)
    assert not stuck, f"the job, or its task, never ends by itself: {found.story(stuck[0])}, {found.worlds[stuck[0]]}"


def test_without_faults_one_container_runs_at_a_time_and_none_is_orphaned() -> None:
    bounds = Bounds(double=False, faults=False, last_attempt_without_capacity=NO_CAPACITY_PROBLEM)
    assert_that_all_comes_to_an_end(look(ONE_ATTEMPT, bounds, ends_a_run_by_its_launch, runs_twice))


def test_a_healthy_run_waits_out_an_outage() -> None:
    bounds = Bounds(
        double=False, faults=False, outages=True, last_attempt_without_capacity=NO_CAPACITY_PROBLEM, operations=2
    )
    found = look(ONE_ATTEMPT, bounds, runs_twice)
    cut_off = [world for world in found.worlds if any(task.runner == "cut" for task in world.tasks)]
    assert any(each.kind == "sweep" for world in cut_off for each in world.operations)
    assert_that_all_comes_to_an_end(found)


def test_a_hanging_container_of_an_interrupted_dispatch_is_stopped() -> None:
    assert_that_all_comes_to_an_end(look(PLAIN, Bounds(operations=1, double=False)))


ALL_TASKS = [task_arn(attempt, launch) for attempt in (1, 2, 3) for launch in (1, 2)]
BY_RUNNERS = [
    Operation(kind, arn, detail)
    for arn in ALL_TASKS
    for kind, detail in (("check_in", ""), ("heartbeat", ""), ("report", "succeeded"), ("report", "notebook_error"))
]
BY_ECS = [Operation("event", arn, how) for arn in ALL_TASKS for how in ("exit 1", "exit 10", "killed", "no capacity")]
BY_OTHERS = [
    Operation("stop"),
    *(Operation(kind, mode) for kind in ("dispatch", "sweep") for mode in ("", "heartbeat_timeout")),
]


def attempt_of(operation: Operation) -> int:
    return int(operation.subject.split(".")[0])


def test_nothing_changes_a_job_that_has_ended_or_been_deleted() -> None:
    scheduler, records = some_records()
    steps = Steps(scheduler, Bounds())
    for record in [None, *(each for each in records if each.is_terminal and not each.live_shard)]:
        world = World(record)
        for operation in BY_RUNNERS + BY_ECS + BY_OTHERS:
            assert {following for _, following in steps.finish(world, operation)} == {world}, (record, operation)
        assert all(scheduler.run(Operation("heartbeat", arn, "", (record,))).refused for arn in ALL_TASKS)


def test_an_attempt_that_has_ended_changes_nothing() -> None:
    scheduler, records = some_records()
    steps = Steps(scheduler, Bounds())
    waiting_or_live = [each for each in records if not each.is_terminal and each.attempt]
    assert len({(each.status, each.attempt) for each in waiting_or_live}) >= 6
    for record in waiting_or_live:
        world, over = World(record), record.attempt + (record.status == "CREATED" and not record.live_shard)
        for operation in BY_RUNNERS + BY_ECS:
            if attempt_of(operation) < over:
                assert {following for _, following in steps.finish(world, operation)} == {world}, (record, operation)


def some_records() -> tuple[Scheduler, list[Record]]:
    """Find every record that two attempts can leave, one function at a time."""
    options = Options(spot=True, max_retries=1)
    found = look(options, Bounds(operations=1, double=False))
    return Scheduler(options), sorted({world.record for world in found.worlds if world.record}, key=repr)


class Careless(JobTable):
    """Writes a job without checking its state."""

    def _as_read(self, job: Job) -> Condition:
        condition: Condition = self._model.attempt == job.attempt
        return condition

    def transition(self, job: Job, transition: Transition, now: datetime, **changes: Any) -> Job | None:
        anything = Transition(transition.name, frozenset(type(job.status)), transition.target, transition.meaning)
        return super().transition(job, anything, now, **changes)


class Forgetful(JobTable):
    """Sets no deadline when a runner checks in."""

    def transition(self, job: Job, transition: Transition, now: datetime, **changes: Any) -> Job | None:
        if transition.name is TransitionName.CHECK_IN:
            changes["deadline"] = None
        return super().transition(job, transition, now, **changes)


class Undecided(JobTable):
    """Never ends a stop."""

    def transition(self, job: Job, transition: Transition, now: datetime, **changes: Any) -> Job | None:
        ends = transition is TRANSITIONS[TransitionName.END_STOP]
        return None if ends else super().transition(job, transition, now, **changes)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (Careless, "a job that has ended has changed|the table has no transition"),
        (Forgetful, "the index of live jobs lacks a live job"),
    ],
)
def test_a_mistake_is_detected(table: type[JobTable], message: str) -> None:
    with pytest.raises(AssertionError, match=message):
        look(PLAIN, Bounds(double=False), table=table)


def test_a_job_that_never_ends_is_detected() -> None:
    options, bounds = Options(infrastructure_retries=0), Bounds(operations=1, double=False)
    found = look(options, bounds, table=Undecided)
    stuck = found.unable_to_reach(has_ended)
    assert stuck
    assert all(any(step.startswith("stop") for step in found.story(number)) for number in stuck)
