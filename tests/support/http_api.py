"""The HTTP API in this process: requests become the events that API Gateway would send."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, Final, Self
from urllib.parse import parse_qsl, urlsplit

from app.app import app

__all__ = ["ANNA", "BOB", "Api", "Response", "match_resource", "unique_id_of"]

ANNA = "arn:aws:iam::123456789012:user/anna"
BOB = "arn:aws:iam::123456789012:user/bob"


_LARGEST_RESPONSE: Final = 6_291_556
"""Largest response of a function in bytes (AWS Lambda Developer Guide, "Lambda quotas"), as JSON that contains the body as a string."""


@dataclass
class Response:
    """A response of the API."""

    status: int
    body: Any
    headers: Mapping[str, Any]


@dataclass
class Api:
    """Sends requests as API Gateway does after it has verified the caller."""

    user_arn: str | None = ANNA
    unique_id: str | None = None

    def as_user(self, user_arn: str | None, unique_id: str | None = None) -> Self:
        """Return an API with another caller."""
        return type(self)(user_arn, unique_id)

    @property
    def _unique_id(self) -> str | None:
        """The unique id of the ARN, as AWS would have made it, unless the test chose another."""
        if self.user_arn is None or self.unique_id is not None:
            return self.unique_id
        return unique_id_of(self.user_arn)

    def get(self, url: str, **options: Any) -> Response:
        return self.request("GET", url, **options)

    def post(self, url: str, body: Any = None, **options: Any) -> Response:
        return self.request("POST", url, body=body, **options)

    def patch(self, url: str, body: Any = None) -> Response:
        return self.request("PATCH", url, body=body)

    def delete(self, url: str) -> Response:
        return self.request("DELETE", url)

    def request(self, method: str, url: str, *, body: Any = None, headers: Mapping[str, str] | None = None) -> Response:
        """Send one request; a body that is not a string is sent as JSON."""
        parts = urlsplit(url)
        resource, path_parameters = match_resource(parts.path)
        query: dict[str, list[str]] = {}
        for name, value in parse_qsl(parts.query, keep_blank_values=True):
            query.setdefault(name, []).append(value)
        text = body if body is None or isinstance(body, str) else json.dumps(body)
        return self.send(method, resource, path=path_parameters, query=query, body=text, headers=headers)

    def send(
        self,
        method: str,
        resource: str,
        *,
        path: Mapping[str, str] | None = None,
        query: Mapping[str, list[str]] | None = None,
        body: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        """Send one request in the parts of API Gateway's event, including values that no URL can have."""
        event = {
            "requestContext": {
                "resourcePath": resource,
                "httpMethod": method,
                "requestId": "request-1",
                "identity": {"userArn": self.user_arn, "user": self._unique_id, "sourceIp": "127.0.0.1"},
                "path": resource.format(**(path or {})),
            },
            "headers": {"content-type": "application/json", **(headers or {})},
            "multiValueQueryStringParameters": query or None,
            "pathParameters": path or None,
            "body": body,
            "isBase64Encoded": False,
            "stageVariables": None,
        }
        response = app(event, SimpleNamespace(aws_request_id="request-1"))
        size = len(json.dumps(response, ensure_ascii=False).encode())
        assert size <= _LARGEST_RESPONSE, f"{method} {resource}: Lambda refuses a response of {size:,} bytes"
        text = response.get("body") or ""
        return Response(response["statusCode"], json.loads(text) if text else None, response.get("headers") or {})


def unique_id_of(user_arn: str) -> str:
    """Make the unique id of a principal: the same for all sessions of a role, a different one for every other ARN."""
    entity, _, session = user_arn.partition(":assumed-role/")[2].partition("/")
    account, name = user_arn.split(":")[4], user_arn.rpartition(":")[2]
    if session:
        return f"AROA{_digest(f'{account}/{entity}')}:{session}"
    if name.startswith("federated-user/"):
        return f"{account}:{name.partition('/')[2]}"
    return account if name == "root" else f"AIDA{_digest(user_arn)}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:17].upper()


def match_resource(path: str) -> tuple[str, dict[str, str]]:
    """Find the resource as API Gateway does: those without parameters first."""
    path_parts = path.strip("/").split("/")
    best: tuple[str, dict[str, str]] = (path, {})
    for resource in sorted(app.routes, key=lambda resource: resource.count("{")):
        parts = resource.strip("/").split("/")
        if len(parts) == len(path_parts) and all(
            p.startswith("{") or p == w for p, w in zip(parts, path_parts, strict=True)
        ):
            return resource, {p[1:-1]: w for p, w in zip(parts, path_parts, strict=True) if p.startswith("{")}
    return best
