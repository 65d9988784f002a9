"""Ticks, sweeps, edits, pauses, deletes and interruptions in any order, compared with a model of the expected result."""

from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.support.definitions import Definitions
from tests.support.faults import Killed, KilledAfter, Lost, Resent
from tests.support.scheduler import scheduler

_GRACE = timedelta(seconds=90)
_STEPS = {"* * * * *": 1, "*/2 * * * *": 2}
_MINUTE = timedelta(minutes=1)


class Interleavings(RuleBasedStateMachine):
    """One definition and its model: the handled due times, and the verdict on each."""

    def __init__(self) -> None:
        super().__init__()
        self._scheduler = scheduler()
        self.local = self._scheduler.__enter__()
        self.made = Definitions(self.local)
        self.made.follow_streams()
        self.local.clock.forward(seconds=1)

    def teardown(self) -> None:
        self._scheduler.__exit__(None, None, None)

    @initialize(catch_up=st.sampled_from([60, 150, 3600]), max_runs=st.sampled_from([None, 4]))
    def create(self, catch_up: int, max_runs: int | None) -> None:
        self.definition_id = self.made.create(schedule="* * * * *", catch_up_seconds=catch_up, max_runs=max_runs)
        self.model = SimpleNamespace(
            schedule="* * * * *", active=True, since=self.now, catch_up=timedelta(seconds=catch_up), max_runs=max_runs
        )
        self.taken: dict[datetime, str] = {}
        self.gone: set[datetime] = set()
        self.is_deleted = False

    @property
    def now(self) -> datetime:
        return self.local.clock.now

    @property
    def runs(self) -> int:
        return list(self.taken.values()).count("run")

    def is_due(self, due: datetime) -> bool:
        model = self.model
        open_runs = model.max_runs is None or self.runs < model.max_runs
        fits = due.minute % _STEPS[model.schedule] == 0
        return bool(not self.is_deleted and model.active and due > model.since and open_runs and fits)

    def expect(self, due: datetime) -> None:
        """Handle a due time in the model."""
        if due not in self.taken and self.is_due(due):
            self.taken[due] = "run" if self.now - due <= self.model.catch_up else "missed"

    def minute(self, ago: int) -> datetime:
        return self.now.replace(second=0, microsecond=0) - ago * _MINUTE

    @rule(seconds=st.sampled_from([5, 30, 60, 61, 150]))
    def wait(self, seconds: int) -> None:
        self.local.clock.forward(seconds=seconds)

    @rule(ago=st.integers(0, 4), times=st.integers(1, 2), revision=st.integers(1, 3))
    def tick(self, ago: int, times: int, revision: int) -> None:
        due = self.minute(ago)
        for _ in range(times):
            assert self.made.tick(self.definition_id, due, revision) == []
            self.expect(due)

    @rule(ago=st.integers(0, 2), fault=st.sampled_from([Lost, Resent]))
    def tick_with_a_lost_response(self, ago: int, fault: type[Any]) -> None:
        due = self.minute(ago)
        self.local.hub.listeners.append(fault("dynamodb:TransactWriteItems"))
        self.made.tick(self.definition_id, due)
        self.local.hub.listeners.clear()
        self.expect(due)
        assert self.made.tick(self.definition_id, due) == []

    @rule(
        ago=st.integers(0, 2),
        call=st.sampled_from(["s3:CopyObject", "dynamodb:TransactWriteItems", "dynamodb:GetItem"]),
        meanwhile=st.sampled_from(["nothing", "pause", "resume", "edit", "sweep", "delete", "wait"]),
    )
    def tick_that_is_interrupted_and_repeated(self, ago: int, call: str, meanwhile: str) -> None:
        due, fault = self.minute(ago), KilledAfter(call)
        self.local.hub.listeners.append(fault)
        try:
            self.made.tick(self.definition_id, due)
        except Killed:
            if call == "dynamodb:TransactWriteItems":
                self.expect(due)
        else:
            self.expect(due)
        self.local.hub.listeners.clear()
        match meanwhile:
            case "pause" | "resume":
                self.switch(active=meanwhile == "resume")
            case "edit":
                self.edit("*/2 * * * *")
            case "wait":
                self.wait(61)
            case "sweep":
                self.sweep()
            case "delete":
                self.delete()
        assert self.made.tick(self.definition_id, due) == []
        self.expect(due)

    @rule(active=st.booleans())
    def switch(self, active: bool) -> None:
        self.change(active=active)

    @rule(schedule=st.sampled_from(list(_STEPS)))
    def edit(self, schedule: str) -> None:
        self.change(schedule=schedule)

    @rule()
    def rename(self) -> None:
        self.change(name=f"Named at {self.now:%H %M %S}")

    def change(self, **fields: Any) -> None:
        response = self.local.api.patch(f"/scheduler/job_definitions/{self.definition_id}", fields)
        assert response.status == (404 if self.is_deleted else 204)
        timing = {name: value for name, value in fields.items() if name != "name"}
        if any(getattr(self.model, name) != value for name, value in timing.items()):
            vars(self.model).update(timing, since=self.now)

    @precondition(lambda self: not self.is_deleted)
    @rule()
    def sweep(self) -> None:
        self.made.sweep()
        if self.model.active and not self.is_deleted:
            due, overdue = self.model.since.replace(second=0, microsecond=0) + _MINUTE, []
            while due <= self.now - _GRACE:
                overdue.append(due)
                due += _MINUTE
            for due_time in overdue:
                self.expect(due_time)

    @rule(number=st.integers(0, 3))
    def delete_a_job(self, number: int) -> None:
        there = sorted(due for due, verdict in self.taken.items() if verdict == "run" and due not in self.gone)
        if len(there) > number and not self.is_deleted:
            job_id = self.made.jobs()[number]["job_id"]
            assert self.local.api.delete(f"/scheduler/jobs/{job_id}").status == 204
            assert self.made.clean_up() == []
            self.gone.add(there[number])

    @precondition(lambda self: len(self.taken) > 2)
    @rule()
    def delete(self) -> None:
        status = self.local.api.delete(f"/scheduler/job_definitions/{self.definition_id}").status
        assert status == (404 if self.is_deleted else 204)
        self.is_deleted = True
        for _ in range(2):
            assert self.made.clean_up() == []

    @invariant()
    def the_service_matches_the_model(self) -> None:
        if self.is_deleted:
            assert self.made.leftovers() == {}
            return
        expected, found = {f"{due:%H:%M}": verdict for due, verdict in self.taken.items()}, self.made.verdicts()
        unmarked = {due: verdict for due, verdict in expected.items() if due not in found}
        assert set(unmarked.values()) <= {"missed"}  # those of a sweep are counted without a mark for each
        assert {**found, **unmarked} == expected
        jobs = self.made.jobs()
        assert len(jobs) == self.runs - len(self.gone)
        assert len(self.local.objects("jobs/")) == len(jobs)
        stored = self.made.stored(self.definition_id)
        missed = list(self.taken.values()).count("missed")
        assert (stored.run_count, stored.missed_count) == (self.runs, missed)
        assert stored.active == self.model.active
        states = {each["State"] for each in self.made.schedules().values()}
        if stored.is_synced:
            assert states == {"ENABLED" if stored.active and stored.next_due else "DISABLED"}


def test_each_due_time_is_handled_once_in_any_order() -> None:
    run_state_machine_as_test(
        Interleavings,
        settings=settings(
            max_examples=8,
            stateful_step_count=25,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
