"""A service and a store over real HTTP, which record their requests and can be made to fail."""

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
"""In place of a status: close the connection without a response."""
RUN_PATH = "/v1/runs/owner-1/job-1/1"
LAUNCH_CODE = "c0de" * 16
RUNNER_KEY = "runner-key-of-the-tests"
API_KEY = "a91" * 10
STARTED_WITH = {"LAUNCH": "1", "LAUNCH_CODE": LAUNCH_CODE, "RUNNER_KEY": RUNNER_KEY, "API_KEY": API_KEY}
"""The variables that a container is started with, besides `RUN_URL`."""
CERTIFICATE = Path(__file__).parents[1] / "data" / "tls" / "certificate.pem"
"""A self-signed certificate for 127.0.0.1, valid until 2126. The key beside it protects nothing."""


@dataclass(frozen=True)
class Request:
    """A recorded request."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def route(self) -> str:
        """`check-in`, `heartbeat`, …; `input`, `put` and `result` for the store."""
        if self.path.startswith("/store/") and self.method != "POST":
            return "input" if self.method == "GET" else "put"
        return self.path.rsplit("/", 1)[-1]

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class FakeService:
    """Implements docs/runner-protocol.md and a store with presigned URLs, on a free port of the loopback."""

    order: dict[str, Any] = field(default_factory=dict)
    input: bytes = b""
    requests: list[Request] = field(default_factory=list)
    outputs: dict[str, bytes] = field(default_factory=dict)
    declared: dict[str, dict[str, Any]] = field(default_factory=dict)
    versions: dict[str, list[bytes]] = field(default_factory=dict)
    reports: list[Any] = field(default_factory=list)
    results: list[Any] = field(default_factory=list)
    """What was stored as the result object, in order."""
    stop_at: Callable[[dict[str, Any]], bool] = lambda _heartbeat: False
    failures: dict[str, list[int]] = field(default_factory=dict)
    """Statuses to respond with instead, by route, in order."""
    rules: dict[str, Callable[[Request], int | None]] = field(default_factory=dict)
    """Functions, by route, that return a status to respond with instead, or None for the normal response."""
    raw: dict[str, list[bytes]] = field(default_factory=dict)
    """Bodies to respond with (200) instead, by route, in order."""
    headers: dict[str, dict[str, str]] = field(default_factory=dict)
    """Headers of every response, by route."""
    cut: dict[str, list[int]] = field(default_factory=dict)
    """How many bytes of the response to send before the connection is closed, by route, in order."""
    redirects: dict[str, str] = field(default_factory=dict)
    """Where to redirect to, with status 307, by route."""
    is_tls: bool = False
    """Whether to use TLS, with the certificate of `tests/data/tls`."""
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

    def requests_to(self, route: str) -> list[Request]:
        with self._lock:
            return [request for request in self.requests if request.route == route]

    def phases(self) -> list[str]:
        seen = [heartbeat.json["phase"] for heartbeat in self.requests_to("heartbeat")]
        return [phase for index, phase in enumerate(seen) if index == 0 or seen[index - 1] != phase]

    def wait_for(self, condition: Callable[[Self], object], *, seconds: float = 60) -> None:
        """Wait until a condition holds; it is checked after each request."""
        with self._lock:
            assert self._lock.wait_for(lambda: condition(self), timeout=seconds), "the condition does not hold"

    def response(self, request: Request) -> tuple[int, Any]:
        with self._lock:
            self.requests.append(request)
            try:
                status = self._failure(request)
                if status is not None:
                    return status, {"message": "a planned failure"}
                raw = self.raw.get(request.route)
                return (200, raw.pop(0)) if raw else self._respond(request)
            finally:
                self._lock.notify_all()

    def hang(self, until: threading.Event) -> None:
        """Call this in a rule: leave the request without a response, while others get theirs."""
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

    def _respond(self, request: Request) -> tuple[int, Any]:
        if request.route in ("input", "put"):
            return self._store(request)
        if request.route == "result":
            return self._store_result(request)
        if request.headers.get("X-Api-Key") != API_KEY:
            return 403, {"message": "no API key"}
        if request.route == "check-in":
            return self._check_in(request)
        if request.headers.get("X-Session-Token") != f"token-of-{self.bound}":
            return 403, {"message": "no session"}
        if request.route == "work-order":
            return 200, self._work_order()
        if request.route == "heartbeat":
            more = {"result_form": self._result_form()} if request.json.get("result_form") else {}
            return 200, {"action": "stop" if self.stop_at(request.json) else "continue", **more}
        if request.route == "output-urls":
            return 200, {"urls": [self._presign(file) for file in request.json["files"]]}
        assert request.route == "report"
        return 200, self._report(request)

    def _check_in(self, request: Request) -> tuple[int, Any]:
        body = request.json
        text = f"check-in|{RUN_PATH.partition('/runs/')[2]}|{body['launch']}|{body['instance_id']}".encode()
        for name, factor in (("key_proof", RUNNER_KEY), ("code_proof", LAUNCH_CODE)):
            if body[name] != hmac.new(factor.encode(), text, hashlib.sha256).hexdigest():
                return 403, {"message": f"wrong {name}"}
        if self.bound not in (None, body["instance_id"]):
            return 409, {"message": "another instance has it"}
        self.bound = body["instance_id"]
        return 200, {"session_token": f"token-of-{self.bound}"}

    def _work_order(self) -> dict[str, Any]:
        location = {"url": f"{self.url}/store/input?{secrets.token_hex(4)}", "size_bytes": len(self.input)}
        return {**self.order, "input": {**location, **self.order["input"]}, "result_form": self._result_form()}

    def _result_form(self) -> dict[str, Any]:
        return {"url": f"{self.url}/store/result", "fields": {"key": "results/1.json", "policy": secrets.token_hex(4)}}

    def _store_result(self, request: Request) -> tuple[int, Any]:
        """Parse a form as S3 does: the file comes last."""
        fields, _, file = request.body.partition(b'name="file"')
        assert b"results/1.json" in fields
        self.results.append(json.loads(file.partition(b"\r\n\r\n")[2].rpartition(b"\r\n--")[0]))
        return 204, b""

    def _presign(self, file: dict[str, Any]) -> dict[str, Any]:
        key = secrets.token_hex(8)
        self._puts[key] = file["path"]
        self.declared[file["path"]] = file
        headers = {"content-type": file["content_type"], "x-amz-meta-key": key}
        return {"url": f"{self.url}/store/put/{key}", "headers": headers}

    def _store(self, request: Request) -> tuple[int, Any]:
        if request.method == "GET":
            return 200, self.input
        key = request.path.rsplit("/", 1)[-1]
        path = self._puts[key]
        assert request.headers["x-amz-meta-key"] == key
        assert request.headers["content-type"] == self.declared[path]["content_type"]
        if len(request.body) != self.declared[path]["size_bytes"]:
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
        """Record the error. A runner that ends in the middle of a request is not an error."""
        if not isinstance(sys.exception(), ConnectionError):
            self.errors.append(sys.exception())


def _handler(service: FakeService) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _handle(self) -> None:
            assert self.headers.get("Transfer-Encoding") is None, "S3 does not accept a chunked PUT"
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            request = Request(self.command, self.path, dict(self.headers), body)
            status, response = service.response(request)
            redirect = service.redirects.get(request.route)
            if status == DROP:
                self.close_connection = True
                self.connection.close()
                return
            data = response if isinstance(response, bytes) else json.dumps(response).encode()
            self.send_response(307 if redirect else status)
            if redirect:
                self.send_header("Location", redirect)
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
