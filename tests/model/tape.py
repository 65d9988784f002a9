"""A tape: lets the real services run against a world that can be taken back.

An operation in flight is the answers that its calls have had so far. To take it one call further, it is run again from its
beginning: the tape gives the known answers, and stops it at the first call that has none. So every interleaving of operations
can be explored, call by call, with the code that runs on AWS and not with a copy of what it is thought to do.
"""

from collections.abc import Hashable
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

__all__ = ["NO_RESPONSE", "START", "Call", "Refused", "Suspended", "Tape"]

START: Final = datetime(2026, 1, 1, tzinfo=UTC)
"""When everything that the model stores has happened; operations run at this time or later."""


NO_RESPONSE: Final = "no answer"
"""What comes of a launch whose answer was lost: nobody knows whether it was made."""


class Call(NamedTuple):
    """One call of a store."""

    name: str
    arguments: tuple[Hashable, ...] = ()


class Refused(NamedTuple):
    """The answer to a launch that ECS refused."""

    outcome_code: str


class Suspended(BaseException):
    """The operation has come to a call without an answer; no error, and nothing in a service may catch it."""

    def __init__(self, call: Call) -> None:
        super().__init__(call)
        self.call = call


class Tape:
    """Gives recorded answers, then suspends."""

    def __init__(self) -> None:
        self.now = START
        self.heartbeat: datetime | None = None
        """When the last heartbeat arrived, for the operation that reads it."""
        self.others: datetime | None = None
        """The same of other jobs."""
        self._responses: tuple[Any, ...] = ()
        self._position = 0

    def rewind(
        self, responses: tuple[Any, ...], *, now: datetime, heartbeat: datetime | None, others: datetime | None
    ) -> None:
        """Begin anew."""
        self.now, self.heartbeat, self.others = now, heartbeat, others
        self._responses, self._position = responses, 0

    def ask(self, name: str, *arguments: Hashable) -> Any:
        """Answer a call.

        Raises
        ------
        Suspended
            If there is no answer yet.
        """
        if self._position == len(self._responses):
            raise Suspended(Call(name, arguments))
        self._position += 1
        return self._responses[self._position - 1]
