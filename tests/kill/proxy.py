"""A forward proxy between runners and the local cloud: it holds a request, or cuts a run off, without disturbing the others."""

import asyncio
import json
import re
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote, urlsplit

__all__ = ["Gate", "Proxy", "Request"]

_MAX_HELD: Final = 64
"""How many requests can be held at the same time."""

_RUN: Final = re.compile(r"/runs/[^/]+/([^/]+)/(\d+)/([a-z-]+)")
_OBJECT: Final = re.compile(r"/jobs/[^/]+/([^/]+)/(.+)")


@dataclass(frozen=True)
class Request:
    """A request of a runner."""

    job_id: str
    service: str
    """`api` or `s3`."""
    action: str
    """The route of the API with the phase of a heartbeat (`heartbeat running`), or method and key of the object (`PUT outputs/1/files/a.csv`)."""


@dataclass
class Gate:
    """Holds the first request that matches, until it is released."""

    matches: Callable[[Request], bool]
    after: bool
    """Hold the response instead of the request."""
    reached: threading.Event = field(default_factory=threading.Event)
    opened: threading.Event = field(default_factory=threading.Event)


class Proxy:
    """The proxy, in a thread of its own."""

    def __init__(self) -> None:
        self._gates: list[Gate] = []
        self._cut: set[tuple[str, str]] = set()
        self._tasks: set[asyncio.Task[None] | None] = set()
        self._loop = asyncio.new_event_loop()
        self._loop.set_default_executor(ThreadPoolExecutor(_MAX_HELD))
        self._started = threading.Event()
        self.port = 0
        threading.Thread(target=self._run, name="proxy", daemon=True).start()
        self._started.wait()

    def gate(self, matches: Callable[[Request], bool], *, after: bool = False) -> Gate:
        """Hold the first request from now on that matches."""
        gate = Gate(matches, after)
        self._gates.append(gate)
        return gate

    def cut(self, job_id: str, service: str) -> None:
        """Close every connection of a run to a service without a response."""
        self._cut.add((job_id, service))

    def mend(self, job_id: str, service: str) -> None:
        """End `cut`."""
        self._cut.discard((job_id, service))

    def _run(self) -> None:
        async def serve() -> None:
            server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=2**20)
            self.port = server.sockets[0].getsockname()[1]
            self._started.set()

        self._loop.run_until_complete(serve())
        self._loop.run_forever()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        self._tasks.add(task)  # the loop has only a weak reference
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            body = await _body(reader, head)
            method, url, _ = head.decode("latin-1").split(" ", 2)
            request = _request(method, url, body)
            if request and (request.job_id, request.service) in self._cut:
                return
            gate = request and next((g for g in self._gates if not g.reached.is_set() and g.matches(request)), None)
            if gate and not gate.after:
                await _hold(gate)
            if request and (request.job_id, request.service) in self._cut:
                return
            response = await _forward(url, head, body)
            if gate and gate.after:
                await _hold(gate)
            if request and (request.job_id, request.service) in self._cut:
                return
            writer.write(response)
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass  # as if the network had failed
        finally:
            writer.close()
            self._tasks.discard(task)


async def _hold(gate: Gate) -> None:
    gate.reached.set()
    await asyncio.to_thread(gate.opened.wait)


async def _body(reader: asyncio.StreamReader, head: bytes) -> bytes:
    length = re.search(rb"\r\ncontent-length: *(\d+)", head, re.IGNORECASE)
    return await reader.readexactly(int(length[1])) if length else b""


async def _forward(url: str, head: bytes, body: bytes) -> bytes:
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    try:
        method, _, rest = head.split(b" ", 2)
        path = url.partition(parts.netloc)[2].encode()
        lines = [line for line in rest.split(b"\r\n") if not line.lower().startswith((b"connection:", b"proxy-"))]
        writer.write(method + b" " + path + b" " + b"\r\n".join([*lines[:1], b"Connection: close", *lines[1:]]) + body)
        return await reader.read()
    finally:
        writer.close()


def _request(method: str, url: str, body: bytes) -> Request | None:
    path = unquote(urlsplit(url).path)
    if found := _RUN.search(path):
        job_id, _, route = found.groups()
        phase = json.loads(body).get("phase", "") if route == "heartbeat" else ""
        return Request(job_id, "api", f"{route} {phase}".strip())
    if found := _OBJECT.search(path):
        return Request(found[1], "s3", f"{method} {found[2]}")
    return None
