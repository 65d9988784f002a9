"""An HTTP server on loopback that checks signatures, records requests, and fails on request."""

import json
import re
import socket
import ssl
import threading
from abc import abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BufferedIOBase
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from typing_extensions import override

__all__ = ["REGION", "SECRETS", "FakeServer", "Fault", "Request", "Response"]

REGION = "eu-central-1"
SECRETS = {"AKIDEXAMPLE": "secret", "ASIATEMPORARY": "another secret"}
"""Keys that the server knows."""

_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(\w+)/(\d{8})/([\w-]+)/([\w-]+)/aws4_request, SignedHeaders=([\w;-]+), Signature=(\w+)"
)


@dataclass(frozen=True)
class Request:
    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def query(self) -> list[tuple[str, str]]:
        return parse_qsl(urlsplit(self.target).query, keep_blank_values=True)

    @property
    def document(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Response:
    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    is_endless: bool = False
    """Whether to send the body repeatedly until the client disconnects."""

    @classmethod
    def of(cls, document: object, status: int = 200, **headers: str) -> Self:
        content = json.dumps(document).encode()
        return cls(status, content, {"content-type": "application/json", **headers})

    @classmethod
    def refusal(cls, status: int, message: str, code: str) -> Self:
        return cls.of({"message": message, "reason": None, "code": code, "request_id": "req-1"}, status)


@dataclass
class Fault:
    """A failure that happens once, to the first matching request."""

    method: str
    path: str
    """Regular expression for the whole path."""
    instead: Response | None = None
    """Response without executing the request; None: execute it first, and then …"""
    then: Response | None = None
    """… send this response, …"""
    drops_after: int | None = None
    """… or drop the connection after this number of bytes of the body; -1: before any response."""
    holds: threading.Event | None = None
    """Event to wait for before dropping the connection."""

    def matches(self, request: Request) -> bool:
        return request.method == self.method and re.fullmatch(self.path, request.path) is not None


class FakeServer:
    """Serve in threads between `start` and `stop`."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.faults: list[Fault] = []
        self.holds: dict[str, threading.Event] = {}
        """Events by path: the response to a request waits for the event."""
        self.lock = threading.RLock()
        self._scheme = "http"
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), _handler_for(self))
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.05})

    def use_tls(self, certificate: Path, key: Path) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        # The handshake is done in the request's own thread, so that a client that refuses it ends no other.
        self._http.socket = context.wrap_socket(self._http.socket, server_side=True, do_handshake_on_connect=False)
        self._scheme = "https"

    @property
    def origin(self) -> str:
        return f"{self._scheme}://127.0.0.1:{self._http.server_port}"

    @property
    def url(self) -> str:
        return f"{self.origin}/v1"

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def seen(self, method: str, path: str) -> list[Request]:
        return [request for request in self.requests if request.method == method and re.fullmatch(path, request.path)]

    @contextmanager
    def held(self, *paths: str) -> Iterator[threading.Event]:
        """Receive requests for paths, and respond only after the block. Yield the event that lets the responses go."""
        released = threading.Event()
        self.holds |= dict.fromkeys(paths, released)
        try:
            yield released
        finally:
            released.set()
            for path in paths:
                del self.holds[path]

    @abstractmethod
    def response(self, request: Request) -> Response:
        """Execute a request."""

    def handle(self, request: Request) -> tuple[Response, Fault | None]:
        with self.lock:
            self.requests.append(request)
            fault = next((fault for fault in self.faults if fault.matches(request)), None)
            if fault:
                self.faults.remove(fault)
                if fault.instead:
                    return fault.instead, None
            if request.path.startswith("/v1/") and (problem := problem_of_signature(request)):
                return Response.refusal(403, problem, "not_authenticated"), None
            response = self.response(request)
            return (fault.then if fault and fault.then else response), fault


def problem_of_signature(request: Request) -> str | None:
    """Recompute the signature from the received request."""
    match = _AUTHORIZATION.fullmatch(request.headers.get("authorization", ""))
    if not match:
        return "Missing Authentication Token"
    key, _, region, service, signed, signature = match.groups()
    if (region, service) != (REGION, "execute-api") or key not in SECRETS:
        return "The security token included in the request is invalid."
    names = signed.split(";")
    if not {"host", "x-amz-date"} <= set(names):
        return "Host and date must be signed"
    # Like AWS: from the decoded parameters, with %20 for a space, however they were encoded.
    query = urlencode(request.query, quote_via=quote, safe="")
    received = AWSRequest(
        method=request.method,
        url=f"http://{request.headers['host']}{request.path}?{query}",
        data=request.body,
        headers={name: request.headers[name] for name in names},
    )
    received.context["timestamp"] = request.headers["x-amz-date"]
    auth = SigV4Auth(Credentials(key, SECRETS[key]), service, region)
    expected = auth.signature(auth.string_to_sign(received, auth.canonical_request(received)), received)
    return None if expected == signature else "The request signature we calculated does not match"


def _send_for_ever(file: BufferedIOBase, body: bytes) -> None:
    with suppress(ConnectionError):  # The client goes.
        while True:
            file.write(body)


def _handler_for(server: FakeServer) -> type[BaseHTTPRequestHandler]:  # noqa: C901 - one way to misbehave after another
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            request = Request(self.command, self.path, headers, body)
            response, fault = server.handle(request)
            if hold := server.holds.get(request.path):
                hold.wait()
            sent = response.body if fault is None or fault.drops_after is None else response.body[: fault.drops_after]
            if fault and fault.drops_after == -1:
                self._hang_up()
                return
            self.send_response(response.status)
            for name, value in response.headers.items():
                self.send_header(name, value)
            if response.is_endless:
                self.end_headers()
                self.close_connection = True
                _send_for_ever(self.wfile, response.body)
                return
            self.send_header("content-length", str(len(response.body)))
            self.end_headers()
            with suppress(ConnectionError):  # The client may have gone.
                self.wfile.write(sent)
            if fault and fault.holds:
                fault.holds.wait()
            if len(sent) < len(response.body):
                self._hang_up()

        def _hang_up(self) -> None:
            with suppress(OSError):
                self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True

        do_GET = do_POST = do_PATCH = do_DELETE = _serve  # noqa: N815 - the names that http.server calls

        @override
        def handle(self) -> None:
            with suppress(ssl.SSLError, ConnectionError):  # The client may not trust the certificate, or be gone.
                super().handle()

        @override
        def log_message(self, format: str, *args: Any) -> None:
            """Log nothing."""

    return Handler
