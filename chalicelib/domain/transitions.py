"""The table of a job's transitions. The code, the diagram in docs/architecture.md and the model check read this one."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from chalicelib.domain.job import JobStatus

__all__ = ["TRANSITIONS", "Transition", "TransitionName"]

_S = JobStatus


class TransitionName(StrEnum):
    """What can happen to a job."""

    CLAIM = "claim"
    CHECK_IN = "check-in"
    STOP_BEFORE_RUN = "stop before it runs"
    STOP_RUN = "stop"
    COMPLETE = "complete"
    FAIL = "fail"
    END_STOP = "end of stop"
    RETRY = "retry"


@dataclass(frozen=True)
class Transition:
    """One conditional write: it may leave these states, and leads to this one."""

    name: TransitionName
    sources: frozenset[JobStatus]
    target: JobStatus
    meaning: str


def _table(*transitions: Transition) -> Mapping[TransitionName, Transition]:
    return {transition.name: transition for transition in transitions}


TRANSITIONS: Final = _table(
    Transition(
        TransitionName.CLAIM,
        frozenset({_S.CREATED}),
        _S.QUEUED,
        "dispatch gives it a slot and the next attempt number",
    ),
    Transition(
        TransitionName.CHECK_IN,
        frozenset({_S.QUEUED}),
        _S.IN_PROGRESS,
        "the first runner instance binds the attempt",
    ),
    Transition(
        TransitionName.STOP_BEFORE_RUN,
        frozenset({_S.CREATED, _S.QUEUED}),
        _S.STOPPED,
        "a person stops it before a runner has checked in",
    ),
    Transition(
        TransitionName.STOP_RUN,
        frozenset({_S.IN_PROGRESS}),
        _S.STOPPING,
        "a person stops it; the runner learns it with its next beat",
    ),
    Transition(
        TransitionName.COMPLETE,
        frozenset({_S.IN_PROGRESS, _S.STOPPING}),
        _S.COMPLETED,
        "the runner reports success",
    ),
    Transition(
        TransitionName.FAIL,
        frozenset({_S.CREATED, _S.QUEUED, _S.IN_PROGRESS, _S.STOPPING}),
        _S.FAILED,
        "it cannot run, the runner reports a failure, or the runner is gone",
    ),
    Transition(
        TransitionName.END_STOP,
        frozenset({_S.STOPPING}),
        _S.STOPPED,
        "the runner has stopped, or is gone",
    ),
    Transition(
        TransitionName.RETRY,
        frozenset({_S.QUEUED, _S.IN_PROGRESS}),
        _S.CREATED,
        "the attempt failed and another is due; never while it is being stopped",
    ),
)
"""Every transition by its name."""
