"""Values with names. This module imports nothing else of the package, so that `nbjobs --help` starts quickly."""

from enum import StrEnum
from typing import Final

__all__ = ["FINAL_STATUSES", "InputChoice", "JobStatus", "OverlapPolicy"]


class JobStatus(StrEnum):
    """Where a job is in its life."""

    CREATED = "CREATED"
    """It waits for a slot."""
    QUEUED = "QUEUED"
    """Its container is starting."""
    IN_PROGRESS = "IN_PROGRESS"
    """Its notebook is running."""
    COMPLETED = "COMPLETED"
    """Every cell ran."""
    FAILED = "FAILED"
    """It ended in another way; the outcome explains how."""
    STOPPING = "STOPPING"
    """A person stopped it, and it is saving its outputs."""
    STOPPED = "STOPPED"
    """A person stopped it."""


FINAL_STATUSES: Final = frozenset({JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.STOPPED})
"""Statuses that a job never leaves."""


class OverlapPolicy(StrEnum):
    """What happens at a due time while the definition's last scheduled job is still running."""

    ALLOW = "allow"
    """Another job starts and runs beside it."""
    SKIP = "skip"
    """No job is created."""


class InputChoice(StrEnum):
    """How much of a job's input to download."""

    NONE = "none"
    SNAPSHOT = "snapshot"
    """All of it: the notebook, or the zip of its folder."""
    NOTEBOOK = "notebook"
    """Only the notebook, even if the job has an input folder."""
