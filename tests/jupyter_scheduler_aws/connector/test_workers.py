"""Blocking calls beside an event loop: many at one time, not too many, and none that keeps a server from ending."""

import asyncio
import subprocess
import sys
import threading
from typing import Final

import pytest

from jupyter_scheduler_aws.connector.workers import Workers

PATIENCE_SECONDS: Final = 60
"""For what is awaited; nothing takes that long unless it hangs."""


def test_a_call_gives_what_it_gives_and_raises_what_it_raises() -> None:
    async def main() -> None:
        workers = Workers(1)
        assert await workers.run(lambda: 5) == 5
        with pytest.raises(ZeroDivisionError):
            await workers.run(lambda: 1 / 0)
        assert await workers.run(lambda: "after an error") == "after an error"

    asyncio.run(main())


def test_calls_run_in_daemon_threads_that_are_no_loops_thread() -> None:
    async def main() -> None:
        thread = await Workers(1).run(threading.current_thread)
        assert thread is not threading.current_thread()
        assert thread.daemon

    asyncio.run(main())


def test_the_loop_goes_on_while_calls_hang() -> None:
    async def main() -> None:
        workers, let_go = Workers(2), threading.Event()
        hanging = [asyncio.create_task(workers.run(lambda: let_go.wait(PATIENCE_SECONDS))) for _ in range(2)]
        assert await asyncio.to_thread(lambda: "the loop answers") == "the loop answers"
        let_go.set()
        assert await asyncio.gather(*hanging) == [True, True]

    asyncio.run(main())


def test_more_calls_than_may_run_wait_for_their_turn() -> None:
    most, asked = 3, 10
    lock, arrived, let_go = threading.Lock(), threading.Semaphore(0), threading.Semaphore(0)
    running, started = set[int](), list[int]()
    peak = 0

    def call(number: int) -> int:
        nonlocal peak
        with lock:
            running.add(number)
            started.append(number)
            peak = max(peak, len(running))
        arrived.release()
        assert let_go.acquire(timeout=PATIENCE_SECONDS)
        with lock:
            running.remove(number)
        return number

    async def main() -> None:
        workers = Workers(most)
        tasks = [asyncio.create_task(workers.run(lambda number=number: call(number))) for number in range(asked)]  # type: ignore[misc]
        for _ in range(most):
            assert await asyncio.to_thread(arrived.acquire, timeout=PATIENCE_SECONDS)
        assert started == list(range(most))
        let_go.release(asked)
        assert await asyncio.gather(*tasks) == list(range(asked))

    asyncio.run(main())
    assert peak == most
    assert sorted(started) == list(range(asked))


def test_a_call_that_nobody_awaits_any_more_does_no_harm() -> None:
    async def main() -> None:
        workers, started, let_go, done = Workers(1), threading.Event(), threading.Event(), threading.Event()

        def call() -> None:
            started.set()
            let_go.wait(PATIENCE_SECONDS)
            done.set()

        task = asyncio.create_task(workers.run(call))
        assert await asyncio.to_thread(started.wait, PATIENCE_SECONDS)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        let_go.set()
        assert await asyncio.to_thread(done.wait, PATIENCE_SECONDS)
        assert await workers.run(lambda: "next") == "next"

    asyncio.run(main())


HANGING: Final = """
import asyncio, threading
from jupyter_scheduler_aws.connector.workers import Workers

async def main():
    task = asyncio.create_task(Workers(1).run(lambda: (print("hangs", flush=True), threading.Event().wait())))
    await asyncio.to_thread(input)
    task.cancel()

asyncio.run(main())
"""


def test_a_process_whose_call_hangs_ends_when_it_is_told() -> None:
    """A pool's threads would be waited for: a server could not be stopped during an upload."""
    command = [sys.executable, "-c", HANGING]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "hangs\n"
        process.communicate("end\n", timeout=PATIENCE_SECONDS)
        assert process.returncode == 0
