"""Runs blocking calls beside the server's event loop."""

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import TypeVar

__all__ = ["Workers"]

T = TypeVar("T")


class Workers:
    """Gives each blocking call a thread of its own, so many at one time.

    The threads are daemons: a server that is told to stop does not wait for an upload, as it would for a pool's threads.

    Parameters
    ----------
    most
        Calls at one time; others wait for their turn without a thread.
    """

    def __init__(self, most: int) -> None:
        self._turns = asyncio.Semaphore(most)

    async def run(self, call: Callable[[], T]) -> T:
        """Run a call and give what it gives, or raise what it raises."""
        async with self._turns:
            loop = asyncio.get_running_loop()
            future: asyncio.Future[T] = loop.create_future()
            threading.Thread(target=_work, args=(call, loop, future), name="jupyter-scheduler-aws", daemon=True).start()
            return await future


def _work(call: Callable[[], T], loop: asyncio.AbstractEventLoop, future: "asyncio.Future[T]") -> None:
    try:
        result = call()
    except BaseException as error:  # noqa: BLE001 - it belongs to whoever awaits
        _tell(loop, future, partial(future.set_exception, error))
    else:
        _tell(loop, future, partial(future.set_result, result))


def _tell(loop: asyncio.AbstractEventLoop, future: "asyncio.Future[T]", say: Callable[[], None]) -> None:
    with suppress(RuntimeError):  # The server has stopped, and nobody waits any more.
        loop.call_soon_threadsafe(lambda: None if future.done() else say())
