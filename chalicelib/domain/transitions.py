"""The transitions of a job. The code, the diagram in docs/architecture.md and the model check all use this table."""

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
    """One conditional write, from any of the source states to the target state."""

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
        "dispatch assigns a slot and the next attempt number",
    ),
    Transition(
        TransitionName.CHECK_IN,
        frozenset({_S.QUEUED}),
        _S.IN_PROGRESS,
        "the first runner instance checks in and binds the attempt",
    ),
    Transition(
        TransitionName.STOP_BEFORE_RUN,
        frozenset({_S.CREATED, _S.QUEUED}),
        _S.STOPPED,
        "somebody stops the job before a runner has checked in",
    ),
    Transition(
        TransitionName.STOP_RUN,
        frozenset({_S.IN_PROGRESS}),
        _S.STOPPING,
        "somebody stops the job; the response to the next heartbeat tells the runner",
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
        "the job cannot run, the runner reports a failure, or the runner is gone",
    ),
    Transition(
        TransitionName.END_STOP,
        frozenset({_S.STOPPING}),
        _S.STOPPED,
        "the runner has stopped or is gone",
    ),
    Transition(
        TransitionName.RETRY,
        frozenset({_S.QUEUED, _S.IN_PROGRESS}),
        _S.CREATED,
        "the attempt failed and the retry policy allows another; never while the job is being stopped",
    ),
)
"""Every transition by its name."""
