"""A tape of recorded responses, which lets the real services run against a world whose steps can be undone.

An operation in flight is the list of responses that its calls have received. To continue it by one call, it runs again from its start: the
tape returns the recorded responses and suspends the operation at the first call without one. So every interleaving of operations is
explored, call by call, with the code that runs on AWS instead of a copy of it.
"""

from collections.abc import Hashable
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

__all__ = ["NO_RESPONSE", "START", "Call", "Refused", "Suspended", "Tape"]

START: Final = datetime(2026, 1, 1, tzinfo=UTC)
"""When everything that the model stores has happened; operations run at this time or later."""


NO_RESPONSE: Final = "no response"
"""Stands for a lost response: the caller does not know whether the launch succeeded."""


class Call(NamedTuple):
    """One call of a store."""

    name: str
    arguments: tuple[Hashable, ...] = ()


class Refused(NamedTuple):
    """The response to a launch that ECS refused."""

    outcome_code: str


class Suspended(BaseException):
    """The operation has reached a call without a response. Not an error: a service must not catch it."""

    def __init__(self, call: Call) -> None:
        super().__init__(call)
        self.call = call


class Tape:
    """Returns recorded responses, then suspends the operation."""

    def __init__(self) -> None:
        self.now = START
        self.heartbeat: datetime | None = None
        """When the last heartbeat arrived, for the operation that reads it."""
        self.others: datetime | None = None
        """The same for other jobs."""
        self._responses: tuple[Any, ...] = ()
        self._position = 0

    def rewind(
        self, responses: tuple[Any, ...], *, now: datetime, heartbeat: datetime | None, others: datetime | None
    ) -> None:
        """Start an operation from its first call, with the responses that it has received."""
        self.now, self.heartbeat, self.others = now, heartbeat, others
        self._responses, self._position = responses, 0

    def ask(self, name: str, *arguments: Hashable) -> Any:
        """Return the response to a call.

        Raises
        ------
        Suspended
            If there is none yet.
        """
        if self._position == len(self._responses):
            raise Suspended(Call(name, arguments))
        self._position += 1
        return self._responses[self._position - 1]
