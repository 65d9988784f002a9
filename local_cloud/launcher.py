"""Run the emulator with its container engine and its schedules: the long-running process of the local cloud.

`python -m local_cloud up` starts it in the emulator's own environment, with its settings in environment variables.
"""

import asyncio
import logging
import os
import re
import signal
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

from hypercorn.asyncio import serve  # type: ignore[import-not-found]  # in the emulator's environment only
from hypercorn.config import Config  # type: ignore[import-not-found]

from local_cloud.access_keys import administrator_key
from local_cloud.addresses import HOST, to_local
from local_cloud.authorization import EmulatedAuthorization
from local_cloud.container_engine import ContainerEngine
from local_cloud.durability import EmulatedDurability
from local_cloud.dynamodb_queries import EmulatedQueries
from local_cloud.dynamodb_streams import EmulatedStreams
from local_cloud.emulator import Emulator
from local_cloud.engine_choice import read_engine
from local_cloud.function_credentials import FunctionCredentials
from local_cloud.function_logs import FunctionLogs
from local_cloud.mail_relay import MailRelay
from local_cloud.object_repair import repair_objects
from local_cloud.paths import RUNNER_IMAGE, LocalPaths
from local_cloud.permission_record import PermissionRecord
from local_cloud.process_engine import ProcessEngine, Program
from local_cloud.request_guard import Application, Receive, RequestGuard, Send
from local_cloud.runner_program import runner_program
from local_cloud.schedule_trigger import running_trigger
from local_cloud.scheduler import EmulatedScheduler
from local_cloud.task_containers import TaskContainers
from local_cloud.task_secrets import TaskSecrets

__all__ = ["main"]

_log = logging.getLogger(__name__)

_FLUSH_SECONDS: Final = 1.0
"""The pause between two looks at what the emulator changes without a request [s]."""

_LOOK_FLUSHES: Final = 10
"""After how many of these pauses all services are looked at."""

_SAVE_BYTES: Final = 32 * 2**20
"""The size of the journal at which the state is saved and the journal begins anew [bytes]; reading so much takes about a second."""


def main(program: Callable[[LocalPaths], Program] = runner_program) -> None:
    """Serve until SIGTERM or SIGINT, then save the state and stop every task.

    Parameters
    ----------
    program
        What the process engine runs instead of containers of the runner image.
    """
    paths = LocalPaths.from_environment(os.environ)
    logging.getLogger("persistence").setLevel(logging.WARNING)  # it logs forty lines for each save
    repair_objects(paths.objects)
    engine = _engine(paths, program)
    TaskContainers().patch(engine)
    emulator = Emulator()
    emulator.patch(engine)
    record = PermissionRecord(paths.permission_record)
    authorization = EmulatedAuthorization(administrator_key(paths.administrator_key), record)
    authorization.patch()
    FunctionCredentials().patch()
    FunctionLogs().patch()
    MailRelay().patch()
    TaskSecrets(authorization).patch()
    scheduler = EmulatedScheduler(authorization)
    scheduler.patch()
    EmulatedStreams().patch()
    EmulatedQueries().patch()
    durability = EmulatedDurability(paths.state)
    durability.patch(edit=_port_edit(paths))
    paths.last_port.write_text(str(paths.port), encoding="ascii")
    try:
        asyncio.run(_serve(emulator, scheduler, durability, record, paths))
    finally:
        engine.containers.close()
        record.save()


def _port_edit(paths: LocalPaths) -> Callable[[str], str] | None:
    """Return what replaces the port of the last start in saved state, where the addresses of queues contain it; None if it is the same."""
    last = paths.last_port.read_text(encoding="ascii") if paths.last_port.exists() else str(paths.port)
    if last == str(paths.port):
        return None
    address = re.compile(rf"\b(localhost|127\.0\.0\.1):{last}\b")
    return lambda text: address.sub(rf"\1:{paths.port}", text)


async def _serve(
    emulator: Emulator,
    scheduler: EmulatedScheduler,
    durability: EmulatedDurability,
    record: PermissionRecord,
    paths: LocalPaths,
) -> None:
    ready, stop = asyncio.Event(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    config = Config()
    config.bind = [f"{HOST}:{paths.port}"]
    config.keep_alive_timeout = 75
    config.graceful_timeout = 1

    async def run_background_work() -> None:
        await ready.wait()
        print(
            f"Orphaned tasks of the last process: {await asyncio.to_thread(emulator.stop_orphaned_tasks)}", flush=True
        )
        with running_trigger(scheduler):
            await _save_regularly(durability, record, stop)

    guarded = RequestGuard(emulator.application, port=paths.port)
    await serve(_with_ready_event(guarded, ready), config, shutdown_trigger=run_background_work)


def _with_ready_event(application: Application, ready: asyncio.Event) -> Application:
    """Set the event once the application has loaded its state."""

    async def response(scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        async def send_and_set(message: Mapping[str, Any]) -> None:
            await send(message)
            if message["type"] == "lifespan.startup.complete":
                ready.set()

        await application(scope, receive, send_and_set if scope["type"] == "lifespan" else send)

    return response


async def _save_regularly(durability: EmulatedDurability, record: PermissionRecord, stop: asyncio.Event) -> None:
    await _try(durability.save)  # so that the next start does not read the journal of the last process again
    pauses = 0
    while not await _is_set(stop, within=_FLUSH_SECONDS):
        pauses += 1
        await _try(durability.flush_background_work)
        if pauses % _LOOK_FLUSHES == 0:
            await _try(partial(durability.flush, everything=True))
            await _try(record.save)
        if durability.size > _SAVE_BYTES:
            await _try(durability.save)


async def _try(step: Callable[[], None]) -> None:
    """Run a step in a thread; log its failure, because the journal keeps what could not be saved."""
    try:
        await asyncio.to_thread(step)
    except (OSError, RuntimeError):
        _log.exception("the state cannot be saved; this is tried again")


async def _is_set(event: asyncio.Event, *, within: float) -> bool:
    try:
        await asyncio.wait_for(event.wait(), within)
    except TimeoutError:
        return False
    return True


def _engine(paths: LocalPaths, program: Callable[[LocalPaths], Program]) -> ProcessEngine | ContainerEngine:
    def rewrite(environment: Mapping[str, str]) -> dict[str, str]:
        return {name: to_local(value, port=paths.port) for name, value in environment.items()}

    command = read_engine(paths)
    if command is not None:
        return ContainerEngine(paths.tasks, command=command, rewrite=rewrite)
    return ProcessEngine(paths.tasks, programs={RUNNER_IMAGE: program(paths)}, rewrite=rewrite)


if __name__ == "__main__":
    main()
