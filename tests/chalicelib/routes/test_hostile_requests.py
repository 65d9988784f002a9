"""Every route with unusual values in each place of a request: it responds, and never with a 5xx."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.app import app
from chalicelib.routes.openapi.operations import OPERATIONS
from tests.support import scheduler as schedulers
from tests.support.definitions import Definitions
from tests.support.scheduler import ANNA, LocalScheduler, notebook

_METHODS: Final = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")
_TEXTS: Final = {
    "empty": "",
    "blank": " ",
    "huge": "x" * 9_000,
    "longer than a key": "ä" * 600,
    "null character": "a\x00b",
    "control characters": "\x01\x1f\x7f\x85\r\n",
    "half a surrogate pair": "\ud800",
    "right to left": "\u202egnp.exe",
    "beyond 16 bits": "\U0001f4a5" * 50,
    "path": "../../etc/passwd",
    "separators": "a#b|c/d,e;f",
    "percent": "%00%ff%s{0}",
    "a number": "-9223372036854775809",
    "a float": "1e309",
    "other digits": "١٢٣",
    "a list": "[1, 2]",
    "an object": '{"a": 1}',
    "deep": "[" * 5_000,
    "a token of nothing": "W10",
    "a token of a deep list": "W1tbW1tbW1tbW1tb" * 500,
}
"""Unusual values of paths and queries. A URL has at most 10,240 bytes (API Gateway quotas)."""

_DEEP: Final = 60_000
_BODIES: Final = {
    "none": None,
    "empty": "",
    "null": "null",
    "a list": "[]",
    "a text": '"text"',
    "a number": "1",
    "NaN": "NaN",
    "no JSON": "{'name': 1}",
    "half": '{"name": "x',
    "half a surrogate pair": '{"name": "\ud800"}',
    "half a surrogate pair, escaped": '{"name": "\\ud800"}',
    "no UTF-8 any more": '{"name": "\ufffd\ufffd"}',
    "null character": '{"name": "\x00"}',
    "a byte order mark": "\ufeff{}",
    "deep lists": '{"name": ' + "[" * _DEEP + "]" * _DEEP + "}",
    "deep objects": '{"a":' * 40_000 + "1" + "}" * 40_000,
    "a long number": '{"name": ' + "9" * 200_000 + "}",
    "duplicate keys": '{"name": "x", "name": 5, "name": null}',
    "many keys": "{" + ",".join(f'"k{i}": {i}' for i in range(20_000)) + "}",
    "many values": '{"name": [' + ",".join(["[]"] * 80_000) + "]}",
    "too large": '{"name": "' + "x" * 300_000 + '"}',
}


@dataclass
class Target:
    """A service with existing resources, to which every request is sent."""

    local: LocalScheduler
    known: Mapping[str, str]
    """Values for paths of existing resources."""
    headers: Mapping[str, str] = field(default_factory=dict)

    def send(self, method: str, resource: str, **request: Any) -> None:
        """Send a request. Check that it gets a response, with a message if it is rejected."""
        path = {**{name: self.known[name] for name in _names(resource)}, **request.pop("path", {})}
        response = self.local.api.send(method, resource, path=path, headers=self.headers, **request)
        context = f"{method} {resource} {str(request)[:300]}: {response.status} {str(response.body)[:300]}"
        assert response.status < 500, context
        if response.status >= 400:
            assert set(response.body) == {"message", "reason", "code", "request_id"}, context
            assert 0 < len(response.body["message"]) <= 5_000, context


def _names(resource: str) -> list[str]:
    return re.findall(r"{(\w+)}", resource)


def _routes() -> list[tuple[str, str]]:
    return sorted((method, path) for path, methods in app.routes.items() for method in methods)


def _queries() -> list[tuple[str, str, str]]:
    """Return every query parameter of every route, including the admins' and an unknown one."""
    found = []
    for method, path in _routes():
        operation = OPERATIONS.get(app.routes[path][method].view_function.__name__)
        names = {each.name for each in (operation.query if operation else ())} | {"owner_id", "1795413699291"}
        found += [(method, path, name) for name in sorted(names)]
    return found


@pytest.fixture(scope="module", params=["user", "admin"])
def target(request: pytest.FixtureRequest) -> Iterator[Target]:
    admins = [ANNA] if request.param == "admin" else []
    with schedulers.scheduler(schedulers.settings(ownership={"admins": admins})) as local:
        definition_id = Definitions(local).create()
        run = local.start()
        owner_id, job_id, attempt = run.path.split("/")[2:5]
        known = {"job_id": job_id, "definition_id": definition_id, "owner_id": owner_id, "attempt": attempt}
        yield Target(local, known, {"x-session-token": run.token or ""})


@pytest.mark.parametrize(("method", "path"), _routes())
def test_values_in_the_path(target: Target, method: str, path: str) -> None:
    for name in _names(path):
        for text in _TEXTS.values():
            for body in (None, "{}", json.dumps({"name": "x", "status": "STOPPED"})):
                target.send(method, path, path={name: text}, body=body)


@pytest.mark.parametrize(("method", "path", "name"), _queries())
def test_values_in_the_query(target: Target, method: str, path: str, name: str) -> None:
    for text in _TEXTS.values():
        for values in ([text], [text, text], ["x", text], [text] * 120):
            target.send(method, path, query={name: values})


@pytest.mark.parametrize(("method", "path"), _routes())
def test_bodies(target: Target, method: str, path: str) -> None:
    for body in _BODIES.values():
        target.send(method, path, body=body)


@pytest.mark.parametrize("path", sorted(app.routes))
def test_methods_that_a_route_does_not_have(target: Target, path: str) -> None:
    for method in set(_METHODS) - set(app.routes[path]):
        target.send(method, path, body="{}")


_WORDS: Final = st.text(st.characters(codec=None), max_size=30) | st.sampled_from(sorted(_TEXTS.values()))
_VALUES: Final = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | _WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_WORDS, inner, max_size=3),
    max_leaves=6,
)


def _fields() -> list[str]:
    """Return the name of every field of every body."""
    models = [each.body for each in OPERATIONS.values() if each.body]
    runs = ["instance_id", "launch", "launch_code", "phase", "cell", "cells", "files", "outcome", "format", "path"]
    return sorted({name for model in models for name in model.model_fields} | set(runs))


@pytest.fixture
def plausible(target: Target) -> dict[str, Any]:
    uri = target.local.upload(notebook())
    return {"name": "x", "input_uri": uri, "input_filename": "x.ipynb", "runtime_environment_name": "python"}


@settings(
    max_examples=300,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    route=st.sampled_from([each for each in _routes() if each[0] in ("PATCH", "POST")]),
    changes=st.dictionaries(st.sampled_from(_fields()), _VALUES, max_size=4),
)
def test_fields_at_random(
    target: Target, plausible: dict[str, Any], route: tuple[str, str], changes: dict[str, Any]
) -> None:
    target.send(*route, body=json.dumps({**plausible, **changes}))
