"""Background work: what the service does without a caller who waits for a response."""

from enum import StrEnum

__all__ = ["BackgroundWork"]


class BackgroundWork(StrEnum):
    """The kinds of background work. docs/operation.md lists where you see that one of them fails."""

    SCHEDULES = "schedules"
    """Writing the EventBridge schedules of a definition."""
    TICKS = "ticks"
    """Creating the job of a due time, on time or late."""
    TICK_REQUESTS = "tick-requests"
    """Finding definitions that are overdue or whose schedules are out of date."""
    LAUNCHES = "launches"
    """Starting containers for waiting jobs."""
    WAKE_UPS = "wake-ups"
    """Waking the dispatcher while jobs wait."""
    RUNS = "runs"
    """Checking runs whose deadline has passed."""
    ORPHANED_TASKS = "orphaned-tasks"
    """Finding running tasks that no job's record names."""
    TASK_EVENTS = "task-events"
    """Processing task events of ECS."""
    EVENTS = "events"
    """Sending events about changed jobs and definitions, and counting ended runs."""
    NOTIFICATIONS = "notifications"
    """Delivering notifications."""
    MEASUREMENTS = "measurements"
    """Measuring how many jobs wait, and for how long."""
    CLEANUP = "cleanup"
    """Cleanup: removing what deleted jobs and definitions leave behind."""
