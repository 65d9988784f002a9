"""Makes blocking methods asynchronous, for versions 2 and 3 of jupyter-scheduler.

jupyter-scheduler 2 awaits the result of a scheduler's method on the event loop, so only a coroutine keeps the server
responsive. jupyter-scheduler 3 awaits `<method>_async` if it exists, and otherwise calls `<method>` in a thread. Each method
is therefore written once, as a blocking method. The adapter adds a coroutine that runs it in a thread, named
`<method>_async`, and in version 2 also `<method>`.
"""

import asyncio
import functools
import inspect
from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from typing import Any, Final, Protocol, TypeVar

import jupyter_scheduler

from jupyter_scheduler_aws.api.deadline import deadline
from jupyter_scheduler_aws.connector.workers import Workers
from jupyter_scheduler_aws.errors import SchedulerClientError, TooLateError

__all__ = ["GRACE_SECONDS", "HasWorkers", "add_async_methods", "is_read", "no_response", "read", "request", "transfer"]

GRACE_SECONDS: Final = 0.5
"""How much later than its deadline a read is given up, if something else than a try hangs, such as a login."""

_FIRST_VERSION_WITH_ASYNC_NAMES: Final = 3
"""Major version of jupyter-scheduler whose handlers look for `<method>_async`."""

_POOL_ATTRIBUTE: Final = "_worker_pool"
"""Attribute of a marked method: the name of the pool that runs it."""

_IS_READ_ATTRIBUTE: Final = "_is_read"
"""Attribute of a marked method: whether it has a deadline."""

Method = TypeVar("Method", bound=Callable[..., Any])
Class = TypeVar("Class", bound=type)

Convert = Callable[[SchedulerClientError], Any]
"""Returns what takes the place of an error of the client: an exception to raise, or a result."""


class HasWorkers(Protocol):
    """The pools that run the blocking methods of a class."""

    requests: Workers
    """For short requests."""
    transfers: Workers
    """For uploads and downloads, so that lists do not wait behind them."""

    @property
    def read_timeout_seconds(self) -> float:
        """How long somebody waits for what the panel shows, over all tries [s]."""


def request(method: Method) -> Method:
    """Mark a blocking method that sends a short request."""
    return _mark(method, "requests")


def read(method: Method) -> Method:
    """Mark a blocking method that returns what the panel shows. It ends in time, with an error if the service does not respond."""
    setattr(method, _IS_READ_ATTRIBUTE, True)
    return _mark(method, "requests")


def is_read(method: Callable[..., Any]) -> bool:
    """Check whether a method has a deadline."""
    return hasattr(method, _IS_READ_ATTRIBUTE)


def transfer(method: Method) -> Method:
    """Mark a blocking method that uploads or downloads files."""
    return _mark(method, "transfers")


def _mark(method: Method, pool: str) -> Method:
    setattr(method, _POOL_ATTRIBUTE, pool)
    return method


def add_async_methods(to_error: Convert, *, version: str = jupyter_scheduler.__version__) -> Callable[[Class], Class]:
    """Decorate a class: add a coroutine for each marked method, and convert the errors of the client.

    Parameters
    ----------
    to_error
        Converts an error of the client to one that jupyter-scheduler shows to users, or to a result that shows it.
    version
        Version of jupyter-scheduler. It decides whether the plain name is the blocking method or the coroutine.
    """
    has_async_names = int(version.partition(".")[0]) >= _FIRST_VERSION_WITH_ASYNC_NAMES

    def decorate(decorated: Class) -> Class:
        for name, method in list(vars(decorated).items()):
            if inspect.isfunction(method) and hasattr(method, _POOL_ATTRIBUTE):
                blocking = _with_converted_errors(method, to_error)
                coroutine = _in_thread(blocking, getattr(method, _POOL_ATTRIBUTE))
                if is_read(method):
                    coroutine = _in_time(coroutine, to_error)
                setattr(decorated, f"{name}_async", coroutine)
                setattr(decorated, name, blocking if has_async_names else coroutine)
        return decorated

    return decorate


def no_response(seconds: float) -> TooLateError:
    """Return the error of a read that took too long [s]."""
    return TooLateError(
        f"There was no response within {seconds:g} s. Check the network, and the login of AWS on the machine of the Jupyter server. Then try again."
    )


def _with_converted_errors(method: Callable[..., Any], to_error: Convert) -> Callable[..., Any]:
    @functools.wraps(method)
    def blocking(self: HasWorkers, *args: Any, **kwargs: Any) -> Any:
        limit = deadline(self.read_timeout_seconds) if is_read(method) else nullcontext()
        try:
            with limit:
                return method(self, *args, **kwargs)
        except SchedulerClientError as error:
            return _result(to_error, error)

    return blocking


def _result(to_error: Convert, error: SchedulerClientError) -> Any:
    result = to_error(error)
    if isinstance(result, Exception):
        raise result from error
    return result


def _in_thread(blocking: Callable[..., Any], pool: str) -> Callable[..., Awaitable[Any]]:
    @functools.wraps(blocking)
    async def coroutine(self: HasWorkers, *args: Any, **kwargs: Any) -> Any:
        workers: Workers = getattr(self, pool)
        return await workers.run(functools.partial(blocking, self, *args, **kwargs))

    return coroutine


def _in_time(coroutine: Callable[..., Awaitable[Any]], to_error: Convert) -> Callable[..., Awaitable[Any]]:
    @functools.wraps(coroutine)
    async def bounded(self: HasWorkers, *args: Any, **kwargs: Any) -> Any:
        seconds = self.read_timeout_seconds
        try:
            return await asyncio.wait_for(coroutine(self, *args, **kwargs), seconds + GRACE_SECONDS)
        except TimeoutError:
            return _result(to_error, no_response(seconds))

    return bounded
