"""The two servers to compare, each with its own ids, times and names, and requests for both."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import httpx

from tests.contract.comparing import Response
from tests.support.jupyter_server import JupyterServer

__all__ = ["NOTHING", "Request", "Side"]

NOTHING: Final = object()
"""No body."""

_TIMES: Final = {"create_time", "update_time", "start_time", "end_time"}
_FIRST_TIME: Final = 1_600_000_000_000
"""Milliseconds: nothing here is older."""

_TIME_IN_NAME: Final = re.compile(r"\d{4}(?:-\d\d){5}-[AP]M")
_ID_IN_PATH: Final = re.compile(r"(?<=/)(jobs|job_definitions)/(?!count$)[^/]+")
_LABEL: Final = re.compile(r"<((?:job|definition)[^<>]*)>")


@dataclass(frozen=True)
class Request:
    """A request in which `<job …>` and `<definition …>` stand for the ids of each server."""

    case: str
    method: str
    path: str
    """Below `/scheduler`, with the query."""
    body: Any = NOTHING
    """A document, or raw bytes."""
    creates: str = ""
    """The label of the resource whose id is in the response; empty if no other request uses it."""

    @property
    def name(self) -> str:
        """Method, route and case, as in the table of differences."""
        route = _ID_IN_PATH.sub(r"\1/{id}", self.path.partition("?")[0])
        return f"{self.method} {route}: {self.case}"


@dataclass
class Side:
    """One server, and its ids and names."""

    server: JupyterServer
    environment: str
    """The name of the environment that is `python` in the recording."""
    ids: dict[str, str] = field(default_factory=dict)
    """By label."""

    def send(self, request: Request) -> Response:
        """Send a request, store the id in its response, and return the response with common labels for both servers."""
        response = self.server.http.request(
            request.method,
            f"/scheduler{self._with_ids(request.path)}",
            content=self._content(request.body),
            headers={"content-type": "application/json"},
        )
        document = _decoded(response)
        if request.method == "POST" and response.is_success:
            self.ids[request.creates] = next(iter(document.values()))
        content_type = response.headers.get("content-type")
        return Response(response.status_code, content_type, self._shared(document))

    def log_since(self, offset: int) -> str:
        """Return the log of the server after an offset."""
        with self.server.log.open("rb") as log:
            log.seek(offset)
            return log.read().decode("utf-8", errors="replace")

    @property
    def log_size(self) -> int:
        """The number of bytes in the log of the server."""
        return self.server.log.stat().st_size

    def forget(self, label: str) -> None:
        """Delete what has a label, if it is there."""
        if own := self.ids.pop(label, None):
            kind = "job_definitions" if label.startswith("definition") else "jobs"
            self.server.request("DELETE", f"/{kind}/{own}")

    def forget_strangers(self) -> None:
        """Delete jobs and definitions that no label stands for: the stock scheduler keeps what it refused."""
        for kind, identity in (("job_definitions", "job_definition_id"), ("jobs", "job_id")):
            response = self.server.request("GET", f"/{kind}")
            for row in response.json()[kind] if response.is_success else []:
                if row[identity] not in self.ids.values():
                    self.server.request("DELETE", f"/{kind}/{row[identity]}")

    def clear(self) -> None:
        """Delete everything, and make sure of it."""
        self.ids.clear()
        self.forget_strangers()
        left = [self.server.get(f"{path}?max_items=25") for path in ("/jobs", "/job_definitions")]
        assert [left[0]["jobs"], left[1]["job_definitions"]] == [[], []]

    def _content(self, body: Any) -> bytes | None:
        if body is NOTHING:
            return None
        if isinstance(body, bytes):
            return body
        return self._with_ids(json.dumps(self._own_names(body))).encode()

    def _with_ids(self, text: str) -> str:
        return _LABEL.sub(lambda match: self.ids.get(match[1], "no-such-id"), text)

    def _own_names(self, body: Any) -> Any:
        if isinstance(body, dict) and body.get("runtime_environment_name") == "python":
            return {**body, "runtime_environment_name": self.environment}
        return body

    def _shared(self, value: Any, name: str = "") -> Any:
        if isinstance(value, dict):
            return {key: self._shared(each, key) for key, each in value.items()}
        if isinstance(value, list):
            return [self._shared(each, name) for each in value]
        if name in _TIMES and type(value) is int and value > _FIRST_TIME:
            return "<time>"
        return self._shared_text(value) if isinstance(value, str) else value

    def _shared_text(self, text: str) -> str:
        for label, own in self._longest_first():
            text = text.replace(own, f"<{label}>")
        return "python" if text == self.environment else _TIME_IN_NAME.sub("<time>", text)

    def _longest_first(self) -> Iterator[tuple[str, str]]:
        yield from sorted(self.ids.items(), key=lambda item: -len(item[1]))


def _decoded(response: httpx.Response) -> Any:
    if not response.content:
        return None
    try:
        return response.json()
    except ValueError:
        is_page = response.headers.get("content-type", "").startswith("text/html")
        return "a page of Jupyter's" if is_page else response.text
