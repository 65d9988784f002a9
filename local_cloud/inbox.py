"""Receive the notifications of a local cloud, mails by SMTP and webhooks by HTTP on loopback, and print them."""

import json
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, Final

from aiosmtpd.controller import Controller

from local_cloud.addresses import HOST
from local_cloud.errors import LocalCloudError

__all__ = ["Inbox", "print_inbox"]

_MOST_BYTES: Final = 2**20
"""Of a webhook's body."""


class Inbox:
    """An SMTP server and an HTTP server.

    Parameters
    ----------
    mail_port, webhook_port
        Their ports.
    receive
        Called with the kind, `mail` or `webhook`, and the text of each message.
    """

    def __init__(self, *, mail_port: int, webhook_port: int, receive: Callable[[str, str], None]) -> None:
        self._mail_port, self._webhook_port, self._receive = mail_port, webhook_port, receive

    @contextmanager
    def open(self) -> Iterator[None]:
        """Receive until the context ends.

        Raises
        ------
        LocalCloudError
            If one of the ports is in use.
        """
        try:
            # A controller whose port is in use leaves an event loop behind.
            socket.create_server((HOST, self._mail_port)).close()
            webhook = HTTPServer((HOST, self._webhook_port), _handler(self._receive))
        except OSError as error:
            raise LocalCloudError(
                f"The inbox cannot listen on ports {self._mail_port} and {self._webhook_port}: {error.strerror or error}."
                " Is another one running?"
            ) from None
        mail = Controller(_MailHandler(self._receive), hostname=HOST, port=self._mail_port)
        mail.start()
        thread = threading.Thread(target=webhook.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)
        thread.start()
        try:
            yield
        finally:
            mail.stop()
            webhook.shutdown()
            webhook.server_close()


class _MailHandler:
    """Accepts every mail."""

    def __init__(self, receive: Callable[[str, str], None]) -> None:
        self._receive = receive

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - the name that aiosmtpd calls
        message = message_from_bytes(envelope.content, policy=policy.default)
        body = message.get_body(("plain",))
        text = body.get_content().replace("\r\n", "\n").rstrip() if body else ""
        self._receive("mail", f"To: {', '.join(envelope.rcpt_tos)}\nSubject: {message['Subject']}\n\n{text}")
        return "250 Message accepted for delivery"


def _handler(receive: Callable[[str, str], None]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(min(int(self.headers.get("content-length") or 0), _MOST_BYTES))
            receive("webhook", _webhook_text(body))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Log nothing: the message is printed."""

    return Handler


def _webhook_text(body: bytes) -> str:
    try:
        document = json.loads(body)
        return f"Subject: {document['subject']}\n\n{document['text']}"
    except (ValueError, KeyError, TypeError):
        return body.decode("utf-8", "replace")


def print_inbox(mail_port: int, webhook_port: int) -> None:
    """Print everything that arrives until the user interrupts it with Ctrl-C.

    Raises
    ------
    LocalCloudError
        If one of the ports is in use.
    """

    def receive(kind: str, text: str) -> None:
        sys.stdout.write(f"--- {kind} ---\n{text.rstrip()}\n\n")
        sys.stdout.flush()

    with Inbox(mail_port=mail_port, webhook_port=webhook_port, receive=receive).open():
        print(f"Waiting for mail on port {mail_port} and webhooks on port {webhook_port}; end with Ctrl-C.", flush=True)
        with _interrupted():
            threading.Event().wait()


@contextmanager
def _interrupted() -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        print()
