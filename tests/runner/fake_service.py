"""A service and a store over real HTTP, that record what they are asked and can be told to fail."""

import hashlib
import hmac
import json
import secrets
import ssl
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

__all__ = ["API_KEY", "CERTIFICATE", "LAUNCH_CODE", "RUNNER_KEY", "RUN_PATH", "STARTED_WITH", "FakeService", "Request"]

DROP = 0
"""Stands for a status: the connection is closed without an answer."""
RUN_PATH = "/v1/runs/owner-1/job-1/1"
LAUNCH_CODE = "c0de" * 16
RUNNER_KEY = "runner-key-of-the-tests"
API_KEY = "a91" * 10
STARTED_WITH = {"LAUNCH": "1", "LAUNCH_CODE": LAUNCH_CODE, "RUNNER_KEY": RUNNER_KEY, "API_KEY": API_KEY}
"""What a container is started with, besides `RUN_URL`."""
CERTIFICATE = Path(__file__).parents[1] / "data" / "tls" / "certificate.pem"
"""For 127.0.0.1, signed by itself, valid until 2126; its key beside it protects nothing."""


@dataclass(frozen=True)
class Request:
    """What was asked."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def route(self) -> str:
        """`check-in`, `heartbeat`, …; `input` and `put` for the store."""
        if self.path.startswith("/store/"):
            return "input" if self.method == "GET" else "put"
        return self.path.rsplit("/", 1)[-1]

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class FakeService:
    """Implements docs/runner-protocol.md and a store with presigned addresses, on a free port of the loopback."""

    order: dict[str, Any] = field(default_factory=dict)
    input: bytes = b""
    requests: list[Request] = field(default_factory=list)
    outputs: dict[str, bytes] = field(default_factory=dict)
    announced: dict[str, dict[str, Any]] = field(default_factory=dict)
    versions: dict[str, list[bytes]] = field(default_factory=dict)
    reports: list[Any] = field(default_factory=list)
    stop_at: Callable[[dict[str, Any]], bool] = lambda _heartbeat: False
    failures: dict[str, list[int]] = field(default_factory=dict)
    """Statuses to answer with instead, by route, in order."""
    rules: dict[str, Callable[[Request], int | None]] = field(default_factory=dict)
    """A status to answer with instead, by route, for this request; None for the usual."""
    raw: dict[str, list[bytes]] = field(default_factory=dict)
    """Bodies to answer with (200) instead, by route, in order."""
    headers: dict[str, dict[str, str]] = field(default_factory=dict)
    """Headers of every answer, by route."""
    cut: dict[str, list[int]] = field(default_factory=dict)
    """How many bytes of the answer to send before the connection is closed, by route, in order."""
    redirects: dict[str, str] = field(default_factory=dict)
    """Where to send whoever asks for a route, with status 307."""
    is_tls: bool = False
    """Whether it speaks TLS, with the certificate of `tests/data/tls`."""
    bound: str | None = None

    def __enter__(self) -> Self:
        self._lock = threading.Condition()
        self._puts: dict[str, str] = {}
        self._server = _Server(("127.0.0.1", 0), _handler(self))
        if self.is_tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(CERTIFICATE, CERTIFICATE.with_name("key.pem"))
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        assert self._server.errors == []

    @property
    def url(self) -> str:
        return f"http{'s' * self.is_tls}://127.0.0.1:{self._server.server_port}"

    @property
    def run_url(self) -> str:
        return self.url + RUN_PATH

    def asked(self, route: str) -> list[Request]:
        with self._lock:
            return [request for request in self.requests if request.route == route]

    def phases(self) -> list[str]:
        seen = [heartbeat.json["phase"] for heartbeat in self.asked("heartbeat")]
        return [phase for place, phase in enumerate(seen) if place == 0 or seen[place - 1] != phase]

    def wait_for(self, what: Callable[[Self], object], *, seconds: float = 60) -> None:
        """Wait until something is true of what was recorded; judged anew after each request."""
        with self._lock:
            assert self._lock.wait_for(lambda: what(self), timeout=seconds), "it did not happen"

    def response(self, request: Request) -> tuple[int, Any]:
        with self._lock:
            self.requests.append(request)
            try:
                status = self._failure(request)
                if status is not None:
                    return status, {"message": "told to fail"}
                raw = self.raw.get(request.route)
                return (200, raw.pop(0)) if raw else self._usual(request)
            finally:
                self._lock.notify_all()

    def hang(self, until: threading.Event) -> None:
        """Keep the request that a rule is asked about without an answer, while others are answered."""
        self._lock.release()
        try:
            until.wait(60)
        finally:
            self._lock.acquire()

    def _failure(self, request: Request) -> int | None:
        if planned := self.failures.get(request.route):
            return planned.pop(0)
        rule = self.rules.get(request.route)
        return rule(request) if rule else None

    def _usual(self, request: Request) -> tuple[int, Any]:
        if request.route in ("input", "put"):
            return self._store(request)
        if request.headers.get("X-Api-Key") != API_KEY:
            return 403, {"message": "no API key"}
        if request.route == "check-in":
            return self._check_in(request)
        if request.headers.get("X-Session-Token") != f"token-of-{self.bound}":
            return 403, {"message": "no session"}
        if request.route == "work-order":
            return 200, self._work_order()
        if request.route == "heartbeat":
            return 200, {"action": "stop" if self.stop_at(request.json) else "continue"}
        if request.route == "output-urls":
            return 200, {"urls": [self._mint(file) for file in request.json["files"]]}
        assert request.route == "report"
        return 200, self._report(request)

    def _check_in(self, request: Request) -> tuple[int, Any]:
        asked = request.json
        text = f"check-in|{RUN_PATH.partition('/runs/')[2]}|{asked['launch']}|{asked['instance_id']}".encode()
        for name, factor in (("key_proof", RUNNER_KEY), ("code_proof", LAUNCH_CODE)):
            if asked[name] != hmac.new(factor.encode(), text, hashlib.sha256).hexdigest():
                return 403, {"message": f"wrong {name}"}
        if self.bound not in (None, asked["instance_id"]):
            return 409, {"message": "another instance has it"}
        self.bound = asked["instance_id"]
        return 200, {"session_token": f"token-of-{self.bound}"}

    def _work_order(self) -> dict[str, Any]:
        given = {"url": f"{self.url}/store/input?{secrets.token_hex(4)}", "size_bytes": len(self.input)}
        return {**self.order, "input": {**given, **self.order["input"]}}

    def _mint(self, file: dict[str, Any]) -> dict[str, Any]:
        key = secrets.token_hex(8)
        self._puts[key] = file["path"]
        self.announced[file["path"]] = file
        headers = {"content-type": file["content_type"], "x-amz-meta-key": key}
        return {"url": f"{self.url}/store/put/{key}", "headers": headers}

    def _store(self, request: Request) -> tuple[int, Any]:
        if request.method == "GET":
            return 200, self.input
        key = request.path.rsplit("/", 1)[-1]
        path = self._puts[key]
        assert request.headers["x-amz-meta-key"] == key
        assert request.headers["content-type"] == self.announced[path]["content_type"]
        if len(request.body) != self.announced[path]["size_bytes"]:
            return 403, {"message": "SignatureDoesNotMatch"}
        self.outputs[path] = request.body
        self.versions.setdefault(path, []).append(request.body)
        return 200, b""

    def _report(self, request: Request) -> dict[str, Any]:
        self.reports.append(request.json)
        return {"status": "COMPLETED" if request.json["outcome"]["code"] == "succeeded" else "FAILED"}


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        super().__init__(address, handler)
        self.errors: list[BaseException | None] = []

    def handle_error(self, *_: object) -> None:
        """Note what went wrong; a runner that ends in the middle of a request is no error."""
        if not isinstance(sys.exception(), ConnectionError):
            self.errors.append(sys.exception())


def _handler(service: FakeService) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _handle(self) -> None:
            assert self.headers.get("Transfer-Encoding") is None, "S3 takes no chunked PUT"
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            request = Request(self.command, self.path, dict(self.headers), body)
            status, response = service.response(request)
            elsewhere = service.redirects.get(request.route)
            if status == DROP:
                self.close_connection = True
                self.connection.close()
                return
            data = response if isinstance(response, bytes) else json.dumps(response).encode()
            self.send_response(307 if elsewhere else status)
            if elsewhere:
                self.send_header("Location", elsewhere)
            self.send_header("Content-Length", str(len(data)))
            for name, value in service.headers.get(request.route, {}).items():
                self.send_header(name, value)
            self.end_headers()
            cut = service.cut.get(request.route)
            self.wfile.write(data[: cut.pop(0)] if cut else data)
            self.close_connection = self.close_connection or cut is not None

        do_GET = do_POST = do_PUT = _handle  # noqa: N815 - named by the base class

        def log_message(self, *_: object) -> None:
            pass

    return Handler
