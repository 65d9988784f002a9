"""Which requests the emulator gets at all: signed ones, for its own address, and from no web page.

A browser on this machine sends what any page tells it to, also to loopback. Signatures keep pages from acting for a user; this
guard keeps them from asking at all, and closes what MiniStack answers without a signature.

What a browser always sends, and a page cannot change: `Host` is the name in the address, also after DNS rebinding; `Origin` is on
every request that crosses origins other than a plain GET or HEAD (Fetch standard, "append a request `Origin` header");
`Sec-Fetch-Site` is on every request to loopback (W3C, Fetch Metadata Request Headers). Nothing that is served here is a page that calls it.
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
"""Names of the one address that is listened to; the emulator gives queues an address on `localhost`."""

_ALGORITHM: Final = "AWS4-HMAC-SHA256"
_SIGNED: Final = re.compile(rf"{_ALGORITHM} .*Credential=\w")
_PRESIGNED: Final = ("X-Amz-Credential", "X-Amz-Signature")
"""What names a key and a signature, in a header or in a query. Where a part is missing, MiniStack takes a call of S3 for nobody's,
and `EmulatedAuthorization` lets nobody list and create buckets."""

_OWN: Final = re.compile(r"/(_|latest(/|$)|v2(/|$)|oauth2(/|$)|login$|logout$|health$|.*/\.well-known/|\.well-known/)")
"""Paths that MiniStack answers whatever the signature: its administration, EC2's metadata, an image registry, Cognito's pages.

`/_ministack/reset` deletes everything, `/_ministack/sqs/messages` shows every message. No bucket name begins with `_`."""

_METADATA: Final = re.compile(r"/v4/[A-Za-z0-9_-]{43}(/.*)?")
"""A container's metadata. Whoever knows the token, 32 random bytes in the container's environment, may read it, as on ECS; the
emulator answers 404 for any other. No bucket has a name of two characters."""

_FORM: Final = re.compile(r"/[a-z0-9][a-z0-9.-]{2,62}/?")
"""A bucket's address, where S3 takes forms that are signed inside."""


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """Why a request is not passed on."""

    status: int
    """HTTP status."""

    message: str
    """What, which, and what next."""


def refusal(*, method: str, path: str, query: str, headers: _Headers, port: int) -> Refusal | None:
    """Decide about a request by its head; None if the emulator gets it.

    Parameters
    ----------
    query
        What follows the path's question mark.
    headers
        Names in lower case, each as often as it was sent.
    port
        Where the local cloud listens.
    """
    hosts = [f"{name}:{port}" for name in _NAMES]
    given = _values(headers, "host")
    if len(given) != 1 or given[0].lower() not in hosts:
        return Refusal(status=421, message=f"This is a local cloud; it answers to {' and '.join(hosts)} only.")
    if _is_of_a_page(method, headers):
        return Refusal(status=403, message="The local cloud takes no requests from web pages; call it from a program.")
    # API Gateway decides for itself who calls: users sign, runners bring a token.
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
    """An application that passes on what `refusal` lets through; WebSockets, which the stack does not have, never.

    Parameters
    ----------
    application
        Gets everything else, and the server's own messages.
    port
        Where the local cloud listens.
    """

    def __init__(self, application: Application, *, port: int) -> None:
        self._application = application
        self._port = port

    async def __call__(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        """Answer one connection, as ASGI has it."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
            return
        found = self._refusal(scope) if scope["type"] == "http" else None
        if found is None:
            await self._application(scope, receive, send)
        else:
            await _response(send, found)

    def _refusal(self, scope: Mapping[str, Any]) -> Refusal | None:
        return refusal(
            method=scope["method"],
            path=scope["path"],
            query=scope["query_string"].decode("latin-1"),
            headers=[(name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in scope["headers"]],
            port=self._port,
        )


def _is_of_a_page(method: str, headers: _Headers) -> bool:
    """Return whether a page made the request, or asks before it; an address that a person opens has the site `none`."""
    sites = _values(headers, "sec-fetch-site")
    opened = method in ("GET", "HEAD") and sites == ["none"]
    return method == "OPTIONS" or bool(_values(headers, "origin")) or (bool(sites) and not opened)


def _is_signed(query: str, headers: _Headers) -> bool:
    """Return whether there is a signature, which the emulator verifies."""
    given = _values(headers, "authorization")
    if given:
        return all(_SIGNED.match(each) for each in given)
    named = parse_qs(query)
    return named.get("X-Amz-Algorithm") == [_ALGORITHM] and all(named.get(name) for name in _PRESIGNED)


def _is_metadata(method: str, path: str, query: str, headers: _Headers) -> bool:
    """Return whether a container asks for its metadata, and for nothing that a query or a header names."""
    names_action = bool(query) or bool(_values(headers, "x-amz-target")) or bool(_values(headers, "authorization"))
    return method == "GET" and _METADATA.fullmatch(path) is not None and not names_action


def _is_form(method: str, path: str, query: str, headers: _Headers) -> bool:
    types = _values(headers, "content-type")
    return (
        method == "POST"
        and not query
        and not _values(headers, "x-amz-target")
        and _FORM.fullmatch(path) is not None
        and [each.partition(";")[0].strip().lower() for each in types] == ["multipart/form-data"]
    )


def _values(headers: Iterable[tuple[str, str]], name: str) -> list[str]:
    return [value.strip() for key, value in headers if key == name]


async def _response(send: Send, found: Refusal) -> None:
    body = json.dumps({"message": found.message}).encode()
    head = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": found.status, "headers": head})
    await send({"type": "http.response.body", "body": body})
