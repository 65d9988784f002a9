"""A network that can be made slow: a TCP proxy that holds answers back until it is told to let them pass."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

__all__ = ["HoldingProxy", "holding_proxy"]

_BLOCK_BYTES: Final = 65_536


class HoldingProxy:
    """Passes on what comes; answers only while nothing is held.

    Parameters
    ----------
    target
        Host and port of the server.
    """

    def __init__(self, target: tuple[str, int]) -> None:
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open = threading.Event()
        self._open.set()
        self._holds = threading.Event()
        self._sockets: list[socket.socket] = [self._listener]

    @property
    def port(self) -> int:
        """Where it listens, on 127.0.0.1."""
        port: int = self._listener.getsockname()[1]
        return port

    def hold(self) -> None:
        """Hold answers from now on."""
        self._holds.clear()
        self._open.clear()

    def await_held(self) -> None:
        """Wait until an answer has come and is held; pytest's time-out bounds it."""
        self._holds.wait()

    def release(self) -> None:
        """Let answers pass."""
        self._open.set()

    def serve(self) -> None:
        """Accept connections until it is closed."""
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(self._target)
                self._sockets += [client, server]
                _start(self._pass_requests, client, server)
                _start(self._pass_answers, server, client)

    def close(self) -> None:
        """End all connections."""
        self.release()
        for each in self._sockets:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _pass_requests(self, client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError):
            while block := client.recv(_BLOCK_BYTES):
                server.sendall(block)
            server.shutdown(socket.SHUT_WR)

    def _pass_answers(self, server: socket.socket, client: socket.socket) -> None:
        with suppress(OSError):
            while block := server.recv(_BLOCK_BYTES):
                if not self._open.is_set():
                    self._holds.set()
                    self._open.wait()
                client.sendall(block)
            client.shutdown(socket.SHUT_WR)


def _start(work: object, *sockets: socket.socket) -> None:
    threading.Thread(target=work, args=sockets, daemon=True).start()  # type: ignore[arg-type]


@contextmanager
def holding_proxy(host: str, port: int) -> Iterator[HoldingProxy]:
    """Run a proxy in front of a server until the block ends."""
    proxy = HoldingProxy((host, port))
    thread = threading.Thread(target=proxy.serve, daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        proxy.close()
        thread.join()
