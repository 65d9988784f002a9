"""Blocking calls outside of the event loop: parallel, limited, and no reason for a server not to end."""

import asyncio
import subprocess
import sys
import threading
from typing import Final

import pytest

from jupyter_scheduler_aws.connector.workers import Workers

TIMEOUT_SECONDS: Final = 60
"""Timeout [s]. Only a hanging call takes that long."""


def test_run_returns_the_result_or_raises_the_error_of_the_call() -> None:
    async def main() -> None:
        workers = Workers(1)
        assert await workers.run(lambda: 5) == 5
        with pytest.raises(ZeroDivisionError):
            await workers.run(lambda: 1 / 0)
        assert await workers.run(lambda: "after an error") == "after an error"

    asyncio.run(main())


def test_calls_run_in_daemon_threads_outside_of_the_loop() -> None:
    async def main() -> None:
        thread = await Workers(1).run(threading.current_thread)
        assert thread is not threading.current_thread()
        assert thread.daemon

    asyncio.run(main())


def test_the_loop_runs_while_calls_hang() -> None:
    async def main() -> None:
        workers, let_go = Workers(2), threading.Event()
        hanging = [asyncio.create_task(workers.run(lambda: let_go.wait(TIMEOUT_SECONDS))) for _ in range(2)]
        assert await asyncio.to_thread(lambda: "the loop answers") == "the loop answers"
        let_go.set()
        assert await asyncio.gather(*hanging) == [True, True]

    asyncio.run(main())


def test_calls_above_the_limit_wait() -> None:
    most, requested = 3, 10
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
        assert let_go.acquire(timeout=TIMEOUT_SECONDS)
        with lock:
            running.remove(number)
        return number

    async def main() -> None:
        workers = Workers(most)
        tasks = [asyncio.create_task(workers.run(lambda number=number: call(number))) for number in range(requested)]  # type: ignore[misc]
        for _ in range(most):
            assert await asyncio.to_thread(arrived.acquire, timeout=TIMEOUT_SECONDS)
        assert started == list(range(most))
        let_go.release(requested)
        assert await asyncio.gather(*tasks) == list(range(requested))

    asyncio.run(main())
    assert peak == most
    assert sorted(started) == list(range(requested))


def test_a_cancelled_call_is_harmless() -> None:
    async def main() -> None:
        workers, started, let_go, done = Workers(1), threading.Event(), threading.Event(), threading.Event()

        def call() -> None:
            started.set()
            let_go.wait(TIMEOUT_SECONDS)
            done.set()

        task = asyncio.create_task(workers.run(call))
        assert await asyncio.to_thread(started.wait, TIMEOUT_SECONDS)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        let_go.set()
        assert await asyncio.to_thread(done.wait, TIMEOUT_SECONDS)
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


def test_a_process_with_a_hanging_call_ends() -> None:
    """With a thread pool, a server could not stop during an upload."""
    command = [sys.executable, "-c", HANGING]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "hangs\n"
        process.communicate("end\n", timeout=TIMEOUT_SECONDS)
        assert process.returncode == 0
