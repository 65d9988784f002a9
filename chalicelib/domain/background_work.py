"""What the service does in the background, without anybody waiting for an answer."""

from enum import StrEnum

__all__ = ["BackgroundWork"]


class BackgroundWork(StrEnum):
    """One kind of background work. docs/operation.md says of each where a person sees that it fails."""

    SCHEDULES = "schedules"
    """Writing the EventBridge schedules of a definition."""
    TICKS = "ticks"
    """Making the job of a due minute, on time or late."""
    TICK_REQUESTS = "tick-requests"
    """Finding definitions that are overdue or whose schedules lag behind."""
    LAUNCHES = "launches"
    """Starting containers for waiting jobs."""
    WAKE_UPS = "wake-ups"
    """Waking the dispatcher while jobs wait."""
    RUNS = "runs"
    """Looking after runs whose deadline has passed."""
    TASK_EVENTS = "task-events"
    """Following ECS's events."""
    CLEANUP = "cleanup"
    """Removing what deleted jobs and definitions leave behind."""
