"""Makes blocking methods asynchronous, for versions 2 and 3 of jupyter-scheduler.

jupyter-scheduler 2 awaits the result of a scheduler's method on the event loop, so only a coroutine keeps the server
responsive. jupyter-scheduler 3 awaits `<method>_async` if it exists, and otherwise calls `<method>` in a thread. Each method
is therefore written once, as a blocking method. The adapter adds a coroutine that runs it in a thread, named
`<method>_async`, and in version 2 also `<method>`.
"""

import functools
import inspect
from collections.abc import Awaitable, Callable
from typing import Any, Final, Protocol, TypeVar

import jupyter_scheduler

from jupyter_scheduler_aws.connector.workers import Workers
from jupyter_scheduler_aws.errors import SchedulerClientError

__all__ = ["HasWorkers", "add_async_methods", "request", "transfer"]

_FIRST_VERSION_WITH_ASYNC_NAMES: Final = 3
"""Major version of jupyter-scheduler whose handlers look for `<method>_async`."""

_POOL_ATTRIBUTE: Final = "_worker_pool"
"""Attribute of a marked method: the name of the pool that runs it."""

Method = TypeVar("Method", bound=Callable[..., Any])
Class = TypeVar("Class", bound=type)


class HasWorkers(Protocol):
    """The pools that run the blocking methods of a class."""

    requests: Workers
    """For short requests."""
    transfers: Workers
    """For uploads and downloads, so that lists do not wait behind them."""


def request(method: Method) -> Method:
    """Mark a blocking method that sends a short request."""
    return _mark(method, "requests")


def transfer(method: Method) -> Method:
    """Mark a blocking method that uploads or downloads files."""
    return _mark(method, "transfers")


def _mark(method: Method, pool: str) -> Method:
    setattr(method, _POOL_ATTRIBUTE, pool)
    return method


def add_async_methods(
    to_error: Callable[[SchedulerClientError], Exception], *, version: str = jupyter_scheduler.__version__
) -> Callable[[Class], Class]:
    """Decorate a class: add a coroutine for each marked method, and convert the errors of the client.

    Parameters
    ----------
    to_error
        Converts an error of the client to one that jupyter-scheduler shows to users.
    version
        Version of jupyter-scheduler. It decides whether the plain name is the blocking method or the coroutine.
    """
    has_async_names = int(version.partition(".")[0]) >= _FIRST_VERSION_WITH_ASYNC_NAMES

    def decorate(decorated: Class) -> Class:
        for name, method in list(vars(decorated).items()):
            if inspect.isfunction(method) and hasattr(method, _POOL_ATTRIBUTE):
                blocking = _with_converted_errors(method, to_error)
                coroutine = _in_thread(blocking, getattr(method, _POOL_ATTRIBUTE))
                setattr(decorated, f"{name}_async", coroutine)
                setattr(decorated, name, blocking if has_async_names else coroutine)
        return decorated

    return decorate


def _with_converted_errors(
    method: Callable[..., Any], to_error: Callable[[SchedulerClientError], Exception]
) -> Callable[..., Any]:
    @functools.wraps(method)
    def blocking(self: HasWorkers, *args: Any, **kwargs: Any) -> Any:
        try:
            return method(self, *args, **kwargs)
        except SchedulerClientError as error:
            raise to_error(error) from error

    return blocking


def _in_thread(blocking: Callable[..., Any], pool: str) -> Callable[..., Awaitable[Any]]:
    @functools.wraps(blocking)
    async def coroutine(self: HasWorkers, *args: Any, **kwargs: Any) -> Any:
        workers: Workers = getattr(self, pool)
        return await workers.run(functools.partial(blocking, self, *args, **kwargs))

    return coroutine
