"""A page of another origin in the same browser on the same machine attacks the running local cloud."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import Browser, Page

from tests.support.deployed import Deployed

pytestmark = pytest.mark.local_cloud

_ATTACK: Final = """
async (target) => {
    const launch = JSON.stringify({taskDefinition: "x", overrides: {containerOverrides: [{command: ["/bin/sh", "-c", "id"]}]}});
    const calls = {
        "no-cors": () => fetch(target, {method: "POST", mode: "no-cors", body: launch}),
        "cors": () => fetch(target, {method: "POST", headers: {"X-Amz-Target": "AmazonEC2ContainerServiceV20141113.RunTask"}, body: launch}),
        "get": () => fetch(target, {mode: "no-cors"}),
        "beacon": async () => navigator.sendBeacon(target, launch),
        "image": () => new Promise((resolve, reject) => {
            const image = new Image();
            image.onload = resolve;
            image.onerror = reject;
            image.src = target;
        }),
        "socket": () => new Promise((resolve, reject) => {
            const socket = new WebSocket(target.replace("http", "ws"));
            socket.onopen = resolve;
            socket.onerror = reject;
        }),
    };
    const ended = {};
    for (const [name, call] of Object.entries(calls)) {
        try { await call(); ended[name] = "sent"; } catch (error) { ended[name] = "refused"; }
    }
    return ended;
}
"""

_FORM: Final = """
(target) => {
    const form = document.createElement("form");
    form.method = "POST";
    form.action = target;
    document.body.append(form);
    form.submit();
}
"""


class _Empty(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = b"<!DOCTYPE html><title>another page</title>"
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Do not log."""


@pytest.fixture
def other(browser: Browser) -> Iterator[Page]:
    """A page of another server on this machine."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Empty)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"http://127.0.0.1:{server.server_port}/")
    yield page
    context.close()
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    "path", ["/", "/_ministack/reset", "/_ministack/health", "/_aws/execute-api/a/v1/scheduler/jobs"]
)
def test_another_page_reaches_nothing(other: Page, deployed: Deployed, path: str) -> None:
    address = urlsplit(deployed.api_url)
    statuses: dict[str, set[int]] = {}
    other.on("response", lambda response: statuses.setdefault(response.request.method, set()).add(response.status))
    ended = other.evaluate(_ATTACK, f"http://{address.netloc}{path}")
    assert {name for name, end in ended.items() if end == "sent"} <= {"no-cors", "get", "beacon"}, (
        "no answer can be read"
    )
    with other.expect_navigation() as navigation:
        other.evaluate(_FORM, f"http://{address.netloc}{path}")
    assert navigation.value is not None
    assert navigation.value.status == 403
    assert set().union(*statuses.values()) - {200} == {403}
    assert httpx.get(f"http://{address.netloc}/_ministack/health", timeout=30).status_code == 200
    assert httpx.get(f"{deployed.api_url}/scheduler/health", timeout=60).status_code == 403, "the stack is there"
