"""The local cloud's one long-running process: the emulator with its engine and its schedules. `python -m local_cloud up` starts it.

Runs in the emulator's own environment, with its settings in environment variables.
"""

import asyncio
import logging
import os
import signal
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from hypercorn.asyncio import serve  # type: ignore[import-not-found]  # in the emulator's environment only
from hypercorn.config import Config  # type: ignore[import-not-found]

from local_cloud.access_keys import administrator_key
from local_cloud.addresses import HOST, to_local
from local_cloud.authorization import EmulatedAuthorization
from local_cloud.container_engine import ContainerEngine
from local_cloud.emulator import Emulator
from local_cloud.engine import Engine, Program
from local_cloud.engine_choice import chosen_engine
from local_cloud.function_credentials import FunctionCredentials
from local_cloud.paths import RUNNER_IMAGE, LocalPaths
from local_cloud.permission_record import PermissionRecord
from local_cloud.queries import EmulatedQueries
from local_cloud.request_guard import Application, Receive, RequestGuard, Send
from local_cloud.runner_program import runner_program
from local_cloud.schedule_firing import firing
from local_cloud.scheduler import EmulatedScheduler
from local_cloud.streams import EmulatedStreams
from local_cloud.task_containers import TaskContainers
from local_cloud.task_secrets import TaskSecrets

__all__ = ["main"]

_SAVE_SECONDS: Final = 10.0
"""Least time between two saves of the state [s]: what a power cut may lose."""

_SAVE_SHARE: Final = 20
"""A save that took long is followed by a pause this many times as long, so that saving takes at most 5 % of the time."""


def main(program: Callable[[LocalPaths], Program] = runner_program) -> None:
    """Serve until told to stop by SIGTERM or SIGINT; then save the state and end every task.

    Parameters
    ----------
    program
        What runs in place of the runner image's containers where there is no container engine.
    """
    places = LocalPaths.from_environment(os.environ)
    logging.getLogger("persistence").setLevel(logging.WARNING)  # forty lines a save otherwise
    engine = _engine(places, program)
    TaskContainers().mend(engine)
    emulator = Emulator()
    emulator.mend(engine)
    record = PermissionRecord(places.permission_record)
    authorization = EmulatedAuthorization(administrator_key(places.administrator_key), record)
    authorization.install()
    FunctionCredentials().mend()
    TaskSecrets(authorization).mend()
    scheduler = EmulatedScheduler(authorization)
    scheduler.mend()
    EmulatedStreams().mend()
    EmulatedQueries().patch()
    try:
        asyncio.run(_serve(emulator, scheduler, record, places))
    finally:
        engine.containers.close()
        record.save()


async def _serve(
    emulator: Emulator, scheduler: EmulatedScheduler, record: PermissionRecord, places: LocalPaths
) -> None:
    ready, stop = asyncio.Event(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    config = Config()
    config.bind = [f"{HOST}:{places.port}"]
    config.keep_alive_timeout = 75
    config.graceful_timeout = 1

    async def work_till_told() -> None:
        await ready.wait()
        print(
            f"{await asyncio.to_thread(emulator.settle_lost_tasks)} tasks were lost with the last process", flush=True
        )
        with firing(scheduler):
            await _save_regularly(emulator, record, stop)

    guarded = RequestGuard(emulator.application, port=places.port)
    await serve(_telling(guarded, ready), config, shutdown_trigger=work_till_told)


def _telling(application: Application, ready: asyncio.Event) -> Application:
    """Set the event once the application has loaded its state."""

    async def response(scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        async def send_and_tell(message: Mapping[str, Any]) -> None:
            await send(message)
            if message["type"] == "lifespan.startup.complete":
                ready.set()

        await application(scope, receive, send_and_tell if scope["type"] == "lifespan" else send)

    return response


async def _save_regularly(emulator: Emulator, record: PermissionRecord, stop: asyncio.Event) -> None:
    pause = _SAVE_SECONDS
    while not await _happens(stop, within=pause):
        start = time.monotonic()
        await asyncio.to_thread(emulator.save)
        await asyncio.to_thread(record.save)
        pause = max(_SAVE_SECONDS, _SAVE_SHARE * (time.monotonic() - start))


async def _happens(event: asyncio.Event, *, within: float) -> bool:
    try:
        await asyncio.wait_for(event.wait(), within)
    except TimeoutError:
        return False
    return True


def _engine(places: LocalPaths, program: Callable[[LocalPaths], Program]) -> Engine | ContainerEngine:
    def rewrite(environment: Mapping[str, str]) -> dict[str, str]:
        return _localised(environment, places.port)

    command = chosen_engine(places)
    if command is not None:
        return ContainerEngine(places.tasks, command=command, rewrite=rewrite)
    return Engine(places.tasks, programs={RUNNER_IMAGE: program(places)}, rewrite=rewrite)


def _localised(environment: Mapping[str, str], port: int) -> dict[str, str]:
    return {name: to_local(value, port=port) for name, value in environment.items()}


if __name__ == "__main__":
    main()
