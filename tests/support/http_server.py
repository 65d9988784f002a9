"""The HTTP API of an in-process scheduler behind a real socket, for clients: it also accepts uploads, as S3 does."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from email.parser import BytesParser
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

from tests.support.scheduler import LocalScheduler

__all__ = ["serve"]

_STAGE = "/v1"
_UPLOADS = "/upload"


@contextmanager
def serve(local: LocalScheduler) -> Iterator[str]:
    """Serve the API of a scheduler and yield its stage URL; every request counts as one by the scheduler's own user."""

    class Handler(BaseHTTPRequestHandler):
        def handle_request(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            if self.path == _UPLOADS:
                _upload(local, self.headers["content-type"], body)
                self._respond(204, None)
                return
            response = local.api.request(self.command, self.path.removeprefix(_STAGE), body=body.decode() or None)
            if self.path.endswith("/uploads"):
                response.body["url"] = f"http://127.0.0.1:{self.server.server_port}{_UPLOADS}"  # type: ignore[attr-defined]
            self._respond(response.status, response.body)

        do_GET = do_POST = do_PATCH = do_DELETE = handle_request  # noqa: N815 - the names that the library calls

        def _respond(self, status: int, body: Any) -> None:
            content = b"" if body is None else json.dumps(body).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Log nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}{_STAGE}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _upload(local: LocalScheduler, content_type: str, body: bytes) -> None:
    message = BytesParser().parsebytes(b"Content-Type: " + content_type.encode() + b"\r\n\r\n" + body)
    payload: Any = message.get_payload()
    parts = {part.get_param("name", header="content-disposition"): part.get_payload(decode=True) for part in payload}
    local.client("s3").put_object(Bucket=local.bucket, Key=parts["key"].decode(), Body=parts["file"])
