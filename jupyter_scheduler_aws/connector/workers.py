"""Runs blocking calls in threads, outside of the event loop of the server."""

import asyncio
import contextvars
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import TypeVar

__all__ = ["Workers"]

T = TypeVar("T")


class Workers:
    """Runs each blocking call in a thread of its own, with a limit.

    The threads are daemons, so that a server that shuts down does not wait for an upload, as it would with a thread pool.

    Parameters
    ----------
    limit
        Parallel calls. Further calls wait without a thread.
    """

    def __init__(self, limit: int) -> None:
        self._slots = asyncio.Semaphore(limit)

    async def run(self, call: Callable[[], T]) -> T:
        """Run a call with the context variables of the caller, and return or raise what it does."""
        await self._slots.acquire()
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        context = contextvars.copy_context()
        arguments = (self._work, call, loop, future)
        threading.Thread(target=context.run, args=arguments, name="jupyter-scheduler-aws", daemon=True).start()
        return await future

    def _work(self, call: Callable[[], T], loop: asyncio.AbstractEventLoop, future: "asyncio.Future[T]") -> None:
        try:
            result = call()
        except BaseException as error:  # noqa: BLE001 - the awaiting task gets it
            self._end(loop, future, partial(future.set_exception, error))
        else:
            self._end(loop, future, partial(future.set_result, result))

    def _end(
        self, loop: asyncio.AbstractEventLoop, future: "asyncio.Future[T]", set_outcome: Callable[[], None]
    ) -> None:
        def end() -> None:
            self._slots.release()  # Not earlier, because a call goes on when nobody awaits it any more.
            if not future.done():
                set_outcome()

        with suppress(RuntimeError):  # The server has stopped, so nothing awaits the result.
            loop.call_soon_threadsafe(end)
