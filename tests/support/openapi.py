"""Validate request bodies and every response against the checked-in OpenAPI document."""

import json
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, Final, Self

from jsonschema import Draft202012Validator, ValidationError

from chalicelib.routes.openapi.document import DOCUMENT
from tests.support.http_api import Api, Response, match_resource

__all__ = ["METHODS", "CheckedApi", "Judge", "operations", "read_document"]

METHODS: Final = ("get", "post", "patch", "delete")
"""Methods that the API has."""


def read_document() -> dict[str, Any]:
    """Read the checked-in document."""
    return dict(json.loads(DOCUMENT.read_text(encoding="utf-8")))


def operations(document: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield each operation of a document with its method, in capitals, and its path."""
    for path, item in document["paths"].items():
        yield from ((method.upper(), path, item[method]) for method in item)


class Judge:
    """Validates bodies against the document. In responses, unknown fields are errors, too."""

    def __init__(self, document: Mapping[str, Any] | None = None) -> None:
        self.document = deepcopy(dict(document or read_document()))
        self._closed = deepcopy(self.document["components"])
        for schema in self._closed["schemas"].values():
            if "properties" in schema:
                schema["additionalProperties"] = False

    def wrong_in_response(self, method: str, path: str, status: int, body: Any) -> list[str]:
        """Return the errors of a response; an empty list if there are none."""
        responses = self.document["paths"][path][method.lower()]["responses"]
        if str(status) not in responses:
            return [f"{method} {path} has no status {status}"]
        found = responses[str(status)]
        if "$ref" in found:
            found = self.document["components"]["responses"][found["$ref"].rpartition("/")[2]]
        if "content" not in found:
            return [] if body is None else [f"{method} {path} has a body with status {status}"]
        return self._wrong(found["content"]["application/json"]["schema"], body, self._closed)

    def wrong_in_request(self, method: str, path: str, body: Any) -> list[str]:
        """Return the errors of a request's body. Unknown fields are ignored."""
        content = self.document["paths"][path][method.lower()]["requestBody"]["content"]
        return self._wrong(content["application/json"]["schema"], body, self.document["components"])

    @staticmethod
    def _wrong(schema: Mapping[str, Any], body: Any, components: Mapping[str, Any]) -> list[str]:
        validator = Draft202012Validator({**schema, "components": components})
        return sorted(text for error in validator.iter_errors(body) for text in _texts(error))


def _texts(error: ValidationError) -> Iterator[str]:
    """Return the errors, and for alternatives the errors of each."""
    yield f"{error.json_path}: {error.message}"
    for each in error.context or ():
        yield from _texts(each)


@dataclass
class CheckedApi(Api):
    """The API, with validation of each response below `/scheduler` against the document."""

    judge: Judge = field(default_factory=Judge)
    seen: set[tuple[str, str, int]] = field(default_factory=set)
    """Method, path and status of every response that was validated."""

    def as_user(self, user_arn: str | None, unique_id: str | None = None) -> Self:
        """Call as somebody else, with the same validation."""
        return type(self)(user_arn, unique_id, self.judge, self.seen)

    def request(self, method: str, url: str, *, body: Any = None, headers: Mapping[str, str] | None = None) -> Response:
        """Send one request and validate its response."""
        response = super().request(method, url, body=body, headers=headers)
        path, _ = match_resource(url.partition("?")[0])
        if path.startswith("/scheduler/"):
            wrong = self.judge.wrong_in_response(method, path, response.status, response.body)
            assert not wrong, f"{method} {url} answered {response.status}, and openapi.json says otherwise: {wrong}"
            self.seen.add((method, path, response.status))
        return response
