"""The proxy of the kill tests: it forwards, holds and cuts off; these tests run without the cloud."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from tests.kill.proxy import Proxy

REPORT = "/stage/runs/owner/job/1/report"
HEARTBEAT = "/stage/runs/owner/job/1/heartbeat"
FILE = "/bucket/jobs/owner/job/outputs/1/files/a%20b.csv"


class Echo(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_PUT = do_POST  # noqa: N815  a name of the base class

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def proxy() -> Proxy:
    return Proxy()


@pytest.fixture
def client(proxy: Proxy) -> Iterator[httpx.Client]:
    with httpx.Client(proxy=f"http://127.0.0.1:{proxy.port}", timeout=30) as client:
        yield client


def test_requests_are_forwarded(server: str, client: httpx.Client) -> None:
    assert client.post(f"{server}/anything?a=b", content=b"body").content == b"body"


def test_a_gate_holds_the_request_that_matches(server: str, client: httpx.Client, proxy: Proxy) -> None:
    gate = proxy.gate(lambda request: request.action == "heartbeat converting")
    responses: list[bytes] = []
    post = threading.Thread(
        target=lambda: responses.append(client.post(server + HEARTBEAT, json={"phase": "converting"}).content)
    )
    assert client.post(server + HEARTBEAT, json={"phase": "running"}).status_code == 200
    post.start()
    assert gate.reached.wait(30)
    assert not responses
    gate.opened.set()
    post.join()
    assert responses == [b'{"phase":"converting"}']


@pytest.mark.parametrize(("service", "cut", "other"), [("api", REPORT, FILE), ("s3", FILE, REPORT)])
def test_a_run_is_cut_off_from_one_service(
    server: str, client: httpx.Client, proxy: Proxy, *, service: str, cut: str, other: str
) -> None:
    proxy.cut("job", service)
    with pytest.raises(httpx.TransportError):
        client.put(server + cut, content=b"x")
    assert client.put(server + other, content=b"x").status_code == 200
    assert client.put(server + cut.replace("/job/", "/another/"), content=b"x").status_code == 200
    proxy.mend("job", service)
    assert client.put(server + cut, content=b"x").status_code == 200
