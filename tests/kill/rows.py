"""Every fault, when it happens, and what the promise says about it.

A notebook of three cells appends a line to a file outside each time it runs, so the number of runs is known whatever happens.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

__all__ = ["ROWS", "Fault", "Phase", "Row"]


class Phase(StrEnum):
    """What the runner is doing when the fault happens; the values are sentences of the table."""

    CHECK_IN = "before check-in"
    KERNEL = "while the kernel starts"
    CELL = "in a cell"
    CONVERT = "while converting"
    UPLOAD = "while uploading"
    REPORT = "after the last upload, before the report"
    REPORTED = "after the report"


class Fault(StrEnum):
    """What happens."""

    NONE = "nothing"
    KILL = "the runner gets SIGKILL"
    TERM = "the container gets SIGTERM"
    SUSPEND = "the runner hangs for good"
    PAUSE = "the runner is suspended for two minutes"
    KERNEL_KILL = "the kernel gets SIGKILL"
    API_SHORT = "the API is unreachable for one minute"
    API_LONG = "the API is unreachable for ten minutes"
    S3_SHORT = "S3 is unreachable for one minute"
    S3_LONG = "S3 is unreachable for ten minutes"
    EVENTS_LOST = "the events of ECS are lost, and the runner gets SIGKILL"
    EVENTS_DOUBLED = "the events of ECS come twice"
    EVENTS_REVERSED = "the events of ECS come in reverse order, at the end"
    STOP = "the user stops the job"
    DELETE = "the user deletes the job"
    RESTART = "the emulator gets SIGKILL and starts again"


@dataclass(frozen=True, kw_only=True)
class Row:
    """One row of the table."""

    fault: Fault
    phase: Phase
    status: frozenset[str]
    """The statuses in which the job may end; empty if it is deleted."""
    outcome: frozenset[str]
    """The codes of its outcome."""
    runs: frozenset[int]
    """How often the notebook may have run."""
    has_outputs: bool
    """Whether the executed notebook can be downloaded."""
    minutes: float
    """The longest time from the fault to the end, with production's limits [min]."""

    @property
    def disturbs_others(self) -> bool:
        """Whether the fault meets every job of the cloud."""
        return self.fault is Fault.RESTART

    @property
    def name(self) -> str:
        """The name of the row, and of its test."""
        return f"{self.fault}: {self.phase}"


_COMPLETED: Final = frozenset({"COMPLETED"})
_SUCCEEDED: Final = frozenset({"succeeded"})
_BEFORE_CELLS: Final = (Phase.CHECK_IN, Phase.KERNEL)
_CELLS_DONE: Final = (Phase.CONVERT, Phase.UPLOAD)
_OUTPUTS_DONE: Final = (Phase.REPORT, Phase.REPORTED)


def _completed(fault: Fault, phase: Phase, *, runs: set[int], minutes: float) -> Row:
    return Row(
        fault=fault,
        phase=phase,
        status=_COMPLETED,
        outcome=_SUCCEEDED,
        runs=frozenset(runs),
        has_outputs=True,
        minutes=minutes,
    )


def _runs_again(phase: Phase) -> set[int]:
    """Return how often a notebook may run whose container ends in a phase: what is uploaded completely does not run again."""
    if phase in _BEFORE_CELLS or phase in _OUTPUTS_DONE:
        return {1}
    return {2} if phase is Phase.CELL else {1, 2}


def _rows() -> Iterator[Row]:
    for phase in Phase:
        yield _completed(Fault.KILL, phase, runs=_runs_again(phase), minutes=5)
        yield _completed(Fault.TERM, phase, runs=_runs_again(phase), minutes=8)
        yield _completed(Fault.SUSPEND, phase, runs=_runs_again(phase), minutes=35)
        yield _stopped(phase)
        yield Row(
            fault=Fault.DELETE,
            phase=phase,
            status=frozenset(),
            outcome=frozenset(),
            runs=frozenset({0, 1}),
            has_outputs=False,
            minutes=8,
        )
    yield _completed(Fault.NONE, Phase.CELL, runs={1}, minutes=2)
    yield _completed(Fault.PAUSE, Phase.CELL, runs={1}, minutes=10)
    yield Row(
        fault=Fault.KERNEL_KILL,
        phase=Phase.CELL,
        status=frozenset({"FAILED"}),
        outcome=frozenset({"kernel_died"}),
        runs=frozenset({1}),
        has_outputs=True,
        minutes=3,
    )
    for phase in (Phase.CHECK_IN, Phase.CELL, Phase.UPLOAD, Phase.REPORT):
        yield _completed(Fault.API_SHORT, phase, runs={1}, minutes=10)
        yield _completed(Fault.API_LONG, phase, runs={1}, minutes=30)
    for phase in (Phase.KERNEL, Phase.UPLOAD):
        yield _completed(Fault.S3_SHORT, phase, runs={1}, minutes=10)
    yield _completed(Fault.S3_LONG, Phase.KERNEL, runs={1}, minutes=30)
    yield Row(
        fault=Fault.S3_LONG,
        phase=Phase.UPLOAD,
        status=frozenset({"COMPLETED", "FAILED"}),
        outcome=frozenset({"succeeded", "upload_failed"}),
        runs=frozenset({1, 2}),
        has_outputs=True,
        minutes=45,
    )
    yield _completed(Fault.EVENTS_LOST, Phase.CELL, runs={2}, minutes=10)
    yield _completed(Fault.EVENTS_DOUBLED, Phase.CELL, runs={1}, minutes=2)
    yield _completed(Fault.EVENTS_REVERSED, Phase.CELL, runs={1}, minutes=2)
    yield _completed(Fault.RESTART, Phase.CELL, runs={2}, minutes=10)


def _stopped(phase: Phase) -> Row:
    """Return the row of a stop. One that comes after the last cell may find the run completed before it is obeyed."""
    statuses, outcomes = {"STOPPED"}, {"stopped"}
    if phase is Phase.REPORTED:
        statuses, outcomes = {"COMPLETED"}, {"succeeded"}
    elif phase in (*_CELLS_DONE, Phase.REPORT):
        statuses, outcomes = {"STOPPED", "COMPLETED"}, {"stopped", "succeeded"}
    return Row(
        fault=Fault.STOP,
        phase=phase,
        status=frozenset(statuses),
        outcome=frozenset(outcomes),
        runs=frozenset({0, 1} if phase in _BEFORE_CELLS else {1}),
        has_outputs=phase not in _BEFORE_CELLS,
        minutes=8,
    )


ROWS: Final = tuple(_rows())
