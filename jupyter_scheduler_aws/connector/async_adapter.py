"""Two calling conventions from one method.

jupyter-scheduler 2 awaits what a scheduler's method gives, on the event loop; only a coroutine does not hold up the server.
jupyter-scheduler 3 awaits `<method>_async` where there is one, and calls `<method>` in a thread where there is none. So a
method is written once, plain and blocking; its twin runs it in a thread, and in version 2 also bears its name.
"""

import functools
import inspect
from collections.abc import Awaitable, Callable
from typing import Any, Final, Protocol, TypeVar

import jupyter_scheduler

from jupyter_scheduler_aws.connector.workers import Workers
from jupyter_scheduler_aws.errors import SchedulerClientError

__all__ = ["HasWorkers", "request", "transfer", "with_twins"]

_FIRST_VERSION_WITH_TWINS: Final = 3
"""Major version of jupyter-scheduler whose handlers look for `<method>_async`."""

_MARK: Final = "_workers_of_twin"

Method = TypeVar("Method", bound=Callable[..., Any])
Class = TypeVar("Class", bound=type)


class HasWorkers(Protocol):
    """What a class with twins runs them in."""

    requests: Workers
    """For what is short."""
    transfers: Workers
    """For what sends or fetches files, so that lists need not wait behind them."""


def request(method: Method) -> Method:
    """Mark a blocking method that asks the service for something short."""
    return _mark(method, "requests")


def transfer(method: Method) -> Method:
    """Mark a blocking method that sends or fetches files."""
    return _mark(method, "transfers")


def _mark(method: Method, workers: str) -> Method:
    setattr(method, _MARK, workers)
    return method


def with_twins(
    to_error: Callable[[SchedulerClientError], Exception], *, version: str = jupyter_scheduler.__version__
) -> Callable[[Class], Class]:
    """Decorate a class: its marked methods raise what jupyter-scheduler shows to people, and get twins.

    Parameters
    ----------
    to_error
        Turns the client's error into one that jupyter-scheduler knows.
    version
        Of jupyter-scheduler: says whether the plain name is the blocking method or its twin.
    """
    has_twins_by_name = int(version.partition(".")[0]) >= _FIRST_VERSION_WITH_TWINS

    def decorate(decorated: Class) -> Class:
        for name, method in list(vars(decorated).items()):
            if inspect.isfunction(method) and hasattr(method, _MARK):
                blocking = _raising(method, to_error)
                twin = _in_thread(blocking, getattr(method, _MARK))
                setattr(decorated, f"{name}_async", twin)
                setattr(decorated, name, blocking if has_twins_by_name else twin)
        return decorated

    return decorate


def _raising(method: Callable[..., Any], to_error: Callable[[SchedulerClientError], Exception]) -> Callable[..., Any]:
    @functools.wraps(method)
    def blocking(self: HasWorkers, *args: Any, **kwargs: Any) -> Any:
        try:
            return method(self, *args, **kwargs)
        except SchedulerClientError as error:
            raise to_error(error) from error

    return blocking


def _in_thread(blocking: Callable[..., Any], workers: str) -> Callable[..., Awaitable[Any]]:
    @functools.wraps(blocking)
    async def twin(self: HasWorkers, *args: Any, **kwargs: Any) -> Any:
        pool: Workers = getattr(self, workers)
        return await pool.run(functools.partial(blocking, self, *args, **kwargs))

    return twin
