"""Refuse requests that are unsigned, for another host, or from a web page.

A browser on this machine sends requests of any page, also to loopback. Signatures prevent pages from acting for a user. This guard
refuses the requests of pages, and all paths to which MiniStack responds without a signature.

A page cannot change these headers of a browser: `Host` is the name in the address, also after DNS rebinding; `Origin` is in every
cross-origin request except a plain GET or HEAD (Fetch standard, "append a request `Origin` header"); `Sec-Fetch-Site` is in every
request to loopback (W3C, Fetch Metadata Request Headers). The local cloud serves no pages that call it.
"""

import json
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qs

from local_cloud.addresses import API_PATH, HEALTH_PATH, HOST

__all__ = ["Application", "Receive", "Refusal", "RequestGuard", "Send", "refusal"]

Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]
Application = Callable[[Mapping[str, Any], Receive, Send], Awaitable[None]]

_Headers = Sequence[tuple[str, str]]

_NAMES: Final = (HOST, "localhost")
"""The names of the address that the emulator listens on; the addresses of its queues are on `localhost`."""

_ALGORITHM: Final = "AWS4-HMAC-SHA256"
_SIGNED: Final = re.compile(rf"{_ALGORITHM} .*Credential=\w")
_PRESIGNED: Final = ("X-Amz-Credential", "X-Amz-Signature")
"""The key and the signature in a query. Without one of them MiniStack treats a call of S3 as anonymous, and anonymous callers may
list and create buckets."""

_OWN: Final = re.compile(
    r"/(_|latest(/|$)|v2(?!/email/outbound-emails$)(/|$)|oauth2(/|$)|login$|logout$|health$|.*/\.well-known/|\.well-known/)"
)
"""Paths to which MiniStack responds without a signature: its administration, EC2's metadata, an image registry, Cognito's pages. Of the
paths under `/v2`, one is SES's SendEmail, which has to be signed.

`/_ministack/reset` deletes everything, `/_ministack/sqs/messages` shows every message. No bucket name begins with `_`."""

_METADATA: Final = re.compile(r"/v4/[A-Za-z0-9_-]{43}(/.*)?")
"""The metadata of a container. As on ECS, the token in the path, 32 random bytes in the container's environment, gives access; for
any other token the emulator responds 404. No bucket has a name of two characters."""

_FORM: Final = re.compile(r"/[a-z0-9][a-z0-9.-]{2,62}/?")
"""The path of a bucket, where S3 accepts forms that contain their signature."""


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """The response to a refused request."""

    status: int
    """HTTP status."""

    message: str
    """What is wrong, and what to do."""


def refusal(*, method: str, path: str, query: str, headers: _Headers, port: int) -> Refusal | None:
    """Return the refusal of a request from its head, or None if the emulator may handle it.

    Parameters
    ----------
    query
        The query string.
    headers
        Names in lower case, and values, in the order sent.
    port
        The port of the local cloud.
    """
    hosts = [f"{name}:{port}" for name in _NAMES]
    sent = _values(headers, "host")
    if len(sent) != 1 or sent[0].lower() not in hosts:
        return Refusal(status=421, message=f"This is a local cloud; it responds to {' and '.join(hosts)} only.")
    if _is_from_page(method, headers):
        return Refusal(status=403, message="The local cloud refuses requests from web pages; call it from a program.")
    # API Gateway authorizes its callers itself: users sign, runners send a token.
    if path == HEALTH_PATH or path.startswith(API_PATH) or _is_metadata(method, path, query, headers):
        return None
    if _OWN.match(path):
        return Refusal(status=403, message=f"{path} is closed on the local cloud; use the API of an AWS service.")
    if _is_signed(query, headers) or _is_form(method, path, query, headers):
        return None
    return Refusal(
        status=403,
        message="Missing Authentication Token: sign the request; `. .local-cloud/env` has the keys of a user.",
    )


class RequestGuard:
    """An ASGI application that forwards the requests that `refusal` allows, and no WebSockets, which the stack does not use.

    Parameters
    ----------
    application
        The application that handles the allowed requests, and the messages of the server.
    port
        The port of the local cloud.
    """

    def __init__(self, application: Application, *, port: int) -> None:
        self._application = application
        self._port = port

    async def __call__(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        """Handle a connection (ASGI)."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
            return
        refused = self._refusal(scope) if scope["type"] == "http" else None
        if refused is None:
            await self._application(scope, receive, send)
        else:
            await _respond(send, refused)

    def _refusal(self, scope: Mapping[str, Any]) -> Refusal | None:
        return refusal(
            method=scope["method"],
            path=scope["path"],
            query=scope["query_string"].decode("latin-1"),
            headers=[(name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in scope["headers"]],
            port=self._port,
        )


def _is_from_page(method: str, headers: _Headers) -> bool:
    """Check whether a page sent the request, or its preflight; for an address that a person opens, the site is `none`."""
    sites = _values(headers, "sec-fetch-site")
    opened = method in ("GET", "HEAD") and sites == ["none"]
    return method == "OPTIONS" or bool(_values(headers, "origin")) or (bool(sites) and not opened)


def _is_signed(query: str, headers: _Headers) -> bool:
    """Check whether the request has a signature, which the emulator verifies."""
    authorizations = _values(headers, "authorization")
    if authorizations:
        return all(_SIGNED.match(value) for value in authorizations)
    parameters = parse_qs(query)
    return parameters.get("X-Amz-Algorithm") == [_ALGORITHM] and all(parameters.get(name) for name in _PRESIGNED)


def _is_metadata(method: str, path: str, query: str, headers: _Headers) -> bool:
    """Check whether the request is for the metadata of a container, and no query or header selects an action."""
    names_action = bool(query) or bool(_values(headers, "x-amz-target")) or bool(_values(headers, "authorization"))
    return method == "GET" and _METADATA.fullmatch(path) is not None and not names_action


def _is_form(method: str, path: str, query: str, headers: _Headers) -> bool:
    types = _values(headers, "content-type")
    return (
        method == "POST"
        and not query
        and not _values(headers, "x-amz-target")
        and _FORM.fullmatch(path) is not None
        and [value.partition(";")[0].strip().lower() for value in types] == ["multipart/form-data"]
    )


def _values(headers: Iterable[tuple[str, str]], name: str) -> list[str]:
    return [value.strip() for key, value in headers if key == name]


async def _respond(send: Send, refused: Refusal) -> None:
    body = json.dumps({"message": refused.message}).encode()
    head = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": refused.status, "headers": head})
    await send({"type": "http.response.body", "body": body})
