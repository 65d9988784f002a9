"""The file with which the tests tell the launcher what to do with the events of tasks."""

from typing import Final

__all__ = ["RULES"]

RULES: Final = "event-faults.json"
"""For each job: `lost`, `doubled` or `reversed`."""
