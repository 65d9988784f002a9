"""Faults between the service and AWS: calls that are not sent, responses that are lost, and events that happen meanwhile."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from botocore.exceptions import EndpointConnectionError, ReadTimeoutError

from tests.support.fake_ecs import refusal

__all__ = [
    "Always",
    "Killed",
    "KilledAfter",
    "KilledBefore",
    "Lost",
    "Meanwhile",
    "NeverSent",
    "Quiet",
    "Refused",
    "Resent",
    "Responds",
    "Slow",
]


class Quiet:
    """A listener that lets everything pass."""

    def before(self, call: str) -> tuple[Any, dict[str, Any]] | None:  # noqa: ARG002 - of the Listener protocol
        return None

    def after(self, call: str) -> None:  # noqa: ARG002 - of the Listener protocol
        return None

    def sent(self, call: str) -> bool:  # noqa: ARG002 - of the Listener protocol
        return False


class Slow(Quiet):
    """AWS takes some seconds for each call of some kinds."""

    def __init__(self, forward: Callable[..., None], *calls: str, seconds: float) -> None:
        self._forward, self._calls, self._seconds = forward, calls, seconds

    def before(self, call: str) -> None:
        if call in self._calls:
            self._forward(seconds=self._seconds)


class _Nth(Quiet):
    """Counts calls of one kind, or all with None, and acts on one of them: `turn`, counted from 0."""

    def __init__(self, call: str | None = None, turn: int = 0) -> None:
        self.name, self._left = call, turn
        self.has_happened = False

    def is_its_turn(self, call: str) -> bool:
        if self.name not in (None, call):
            return False
        self._left -= 1
        self.has_happened |= self._left == -1
        return self._left == -1


class Meanwhile(_Nth):
    """Does something just before a call is sent."""

    def __init__(self, call: str, act: Callable[[], Any], turn: int = 0) -> None:
        super().__init__(call, turn)
        self._act = act

    def before(self, call: str) -> None:
        if self.is_its_turn(call):
            self._act()


class NeverSent(_Nth):
    """The network fails before the call is sent."""

    def before(self, call: str) -> None:
        if self.is_its_turn(call):
            raise EndpointConnectionError(endpoint_url=f"https://{call}")


class Lost(_Nth):
    """AWS executes the call, and its response is lost."""

    def after(self, call: str) -> None:
        if self.is_its_turn(call):
            raise ReadTimeoutError(endpoint_url=f"https://{call}")


class Resent(_Nth):
    """AWS executes the call, its response is lost, and botocore sends the same request again."""

    def sent(self, call: str) -> bool:
        return self.is_its_turn(call)


class Refused(_Nth):
    """AWS refuses the call."""

    def __init__(
        self, code: str, call: str | None = None, turn: int = 0, status: int = 400, message: str = "", **members: Any
    ) -> None:
        super().__init__(call, turn)
        self._refusal = refusal(code, message or f"{code}: said by the test", status, **members)

    def before(self, call: str) -> tuple[Any, dict[str, Any]] | None:
        return self._refusal if self.is_its_turn(call) else None


class Responds(Quiet):
    """AWS responds to every call of one kind with the same content."""

    def __init__(self, call: str, content: dict[str, Any]) -> None:
        self._call, self._content = call, content

    def before(self, call: str) -> tuple[Any, dict[str, Any]] | None:
        return (SimpleNamespace(status_code=200), self._content) if call == self._call else None


class Always(Quiet):
    """AWS refuses every call of some kinds while this listens."""

    def __init__(self, code: str, *calls: str, status: int = 400) -> None:
        self._calls = calls
        self._refusal = refusal(code, f"{code}: said by the test", status)

    def before(self, call: str) -> tuple[Any, dict[str, Any]] | None:
        return self._refusal if call in self._calls else None


class Killed(BaseException):
    """The function has ended: it ran out of time, or its machine failed."""


class KilledBefore(_Nth):
    """The function is killed before it sends the call."""

    def before(self, call: str) -> None:
        if self.is_its_turn(call):
            raise Killed(call)


class KilledAfter(_Nth):
    """The function is killed after AWS has executed the call."""

    def after(self, call: str) -> None:
        if self.is_its_turn(call):
            raise Killed(call)
