"""Requests at random to our server: it always answers, and says what is wrong; its event loop is never held up."""

import json
import re
from collections.abc import Iterator
from typing import Any, Final

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.contract.notebooks import write_workspace
from tests.contract.servers import a_user_of_its_own
from tests.contract.sides import Side
from tests.support.deployed import Deployed, deployed
from tests.support.jupyter_server import running_server

__all__ = ["deployed"]

pytestmark = pytest.mark.local_cloud

_FIELDS: Final = (
    *("input_uri", "input_filename", "name", "runtime_environment_name", "runtime_environment_parameters"),
    *("output_formats", "idempotency_token", "job_definition_id", "parameters", "tags", "output_filename_template"),
    *("compute_type", "package_input_folder", "schedule", "timezone", "active", "status", "url", "next_run_time"),
)
_ITEMS: Final = (
    *("max_items", "next_token", "sort_by", "status", "name", "tags", "start_time", "create_time", "job_definition_id"),
    "1795413699291",
)
_OUR_CODE: Final = re.compile(r'^\s*File ".*/jupyter_scheduler_aws/', re.MULTILINE)

# JSON can say half a surrogate pair, a query cannot.
texts = st.text(st.characters(codec=None), max_size=20) | st.sampled_from(
    ["", "hello.ipynb", "python", "ipynb", "../x"]
)
numbers = st.integers() | st.floats(allow_nan=False)
values = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
plausible = st.fixed_dictionaries(
    {"input_uri": st.just("hello.ipynb"), "name": st.just("at random"), "runtime_environment_name": st.just("python")}
)
documents = st.builds(
    lambda base, odd: {**base, **odd},
    plausible | st.just({}),
    st.dictionaries(st.sampled_from(_FIELDS), values, max_size=4),
)
bodies = documents | documents | documents | values
queries = st.lists(st.tuples(st.sampled_from(_ITEMS), st.text(max_size=20) | numbers.map(str)), max_size=4)

bounded = settings(
    max_examples=150, deadline=None, database=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


class Subject:
    """Our server, and requests of which every answer is looked at."""

    def __init__(self, side: Side) -> None:
        self.side = side

    def send(self, method: str, path: str, **request: Any) -> httpx.Response:
        """Send a request, and make sure that the answer says something and that the server goes on."""
        logged = self.side.log_size
        answer = self.side.server.http.request(method, f"/scheduler{path}", **request)
        if answer.status_code >= 400:
            message = answer.json()["message"]
            is_ours = _OUR_CODE.search(self.side.log_since(logged))
            assert not (is_ours and message.startswith(("Unexpected error", "Unhandled error"))), message
            assert message
        assert self.side.server.http.get("/api/status").status_code == 200
        return answer

    def create(self, path: str, body: Any) -> None:
        """Post a body; what it creates is deleted."""
        answer = self.send("POST", path, content=json.dumps(body))
        if answer.is_success:
            [identity] = answer.json().values()
            assert self.send("GET", f"{path}/{identity}").status_code == 200
            assert self.send("DELETE", f"{path}/{identity}").status_code == 204


@pytest.fixture(scope="module")
def subject(tmp_path_factory: pytest.TempPathFactory, deployed: Deployed) -> Iterator[Subject]:
    folder = tmp_path_factory.mktemp("random")
    with a_user_of_its_own(deployed) as environment, running_server(folder, environment) as server:
        write_workspace(server.workspace)
        side = Side(server, "python")
        yield Subject(side)
        side.clear()


@bounded
@given(body=bodies)
def test_creating_jobs(subject: Subject, body: Any) -> None:
    subject.create("/jobs", body)


@bounded
@given(body=bodies)
def test_creating_definitions(subject: Subject, body: Any) -> None:
    subject.create("/job_definitions", body)


@pytest.fixture(scope="module")
def definition_path(subject: Subject) -> str:
    body = {"input_uri": "hello.ipynb", "name": "to change", "runtime_environment_name": "python"}
    return f"/job_definitions/{subject.send('POST', '/job_definitions', json=body).json()['job_definition_id']}"


@bounded
@given(body=bodies)
def test_changing_a_definition(subject: Subject, definition_path: str, body: Any) -> None:
    subject.send("PATCH", definition_path, content=json.dumps(body))
    assert subject.send("GET", definition_path).status_code == 200


@bounded
@given(path=st.sampled_from(["/jobs", "/job_definitions", "/jobs/count"]), query=queries)
def test_lists(subject: Subject, path: str, query: list[tuple[str, str]]) -> None:
    subject.send("GET", path, params=query)
