"""Random requests to our server. It always responds and explains what is wrong, and its event loop never blocks."""

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
from tests.support.jupyter_server import BUSY_MACHINE, running_server

__all__ = ["deployed"]

pytestmark = [pytest.mark.local_cloud, pytest.mark.timeout(900)]

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
short = st.text(st.characters(codec=None), max_size=5)
likely = {
    "input_uri": st.sampled_from(["hello.ipynb", "sub/withdata.ipynb", "../outside.ipynb", "text.txt"]) | texts,
    "name": st.text(min_size=1, max_size=210) | texts,
    "runtime_environment_name": st.sampled_from(["python", "Python"]) | texts,
    "runtime_environment_parameters": st.dictionaries(
        st.sampled_from(["timeout_seconds", "max_retries", "max_runs", "overlap_policy", "schedule_start"]) | short,
        st.integers() | st.floats() | st.booleans() | texts,
        max_size=3,
    ),
    "output_formats": st.lists(st.sampled_from(["ipynb", "html", "docx"]) | texts, max_size=3),
    "idempotency_token": texts,
    "parameters": st.dictionaries(st.sampled_from(["who", "class"]) | short, numbers | texts, max_size=3),
    "tags": st.lists(texts, max_size=3),
    "compute_type": st.sampled_from(["small", "large", "enormous"]) | texts,
    "package_input_folder": st.booleans(),
    "schedule": st.from_regex(r"\A([0-9*/,?L#@-]{1,5} ){4}[0-9A-Z*/,?L#-]{1,5}\Z") | texts,
    "timezone": st.sampled_from(["UTC", "Europe/Berlin", "Mars/Olympus"]) | texts,
    "active": st.booleans(),
    "output_filename_template": texts,
}
"""Fields with values of the right type, which jupyter-scheduler's models accept."""

base = st.just({"input_uri": "hello.ipynb", "name": "at random", "runtime_environment_name": "python"})
some_likely = st.lists(st.one_of([st.tuples(st.just(name), each) for name, each in likely.items()]), max_size=3).map(
    dict
)
some_odd = st.dictionaries(
    st.sampled_from([*likely, "input_filename", "job_definition_id", "status", "url"]), values, max_size=2
)
plausible = st.builds(lambda first, then: {**first, **then}, base, some_likely)
documents = plausible | some_likely | st.builds(lambda first, then: {**first, **then}, plausible, some_odd)
bodies = plausible | documents | documents | values
counts = st.integers(0, 1100) | st.integers()
items = {
    "max_items": counts.map(str),
    "start_time": counts.map(str),
    "create_time": counts.map(str),
    "next_token": st.text(max_size=20),
    "sort_by": st.from_regex(r"\A(asc|desc)?\(?(name|status|create_time|input_filename|[a-z_]{1,9})\)?\Z"),
    "status": st.sampled_from(["completed", "FAILED", "Queued", "PAUSED"]),
    "name": st.text(max_size=20),
    "tags": st.text(max_size=20),
    "job_definition_id": st.text(max_size=40),
    "1795413699291": st.just(""),
}
queries = st.lists(st.one_of([st.tuples(st.just(name), each) for name, each in items.items()]), max_size=4)

bounded = settings(
    max_examples=100, deadline=None, database=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


class Subject:
    """Our server, and requests whose responses are all checked."""

    def __init__(self, side: Side) -> None:
        self.side = side

    def send(self, method: str, path: str, **request: Any) -> httpx.Response:
        """Send a request. Check that the response has a message and that the server keeps running."""
        logged = self.side.log_size
        response = self.side.server.http.request(method, f"/scheduler{path}", **request)
        if response.status_code >= 400:
            message = response.json()["message"]
            is_ours = _OUR_CODE.search(self.side.log_since(logged))
            assert not (is_ours and message.startswith(("Unexpected error", "Unhandled error"))), message
            assert message
        assert self.side.server.http.get("/api/status").status_code == 200
        return response

    def create(self, path: str, body: Any) -> None:
        """Post a body, and delete what it creates. A repeated token returns the job that is already deleted."""
        response = self.send("POST", path, content=json.dumps(body))
        if response.is_success:
            [identity] = response.json().values()
            found = self.send("GET", f"{path}/{identity}")
            assert found.status_code == 200 or body.get("idempotency_token")
            self.send("DELETE", f"{path}/{identity}")


@pytest.fixture(scope="module")
def subject(tmp_path_factory: pytest.TempPathFactory, deployed: Deployed) -> Iterator[Subject]:
    folder = tmp_path_factory.mktemp("random")
    with (
        a_user_of_its_own(deployed) as environment,
        running_server(folder, environment, options=[BUSY_MACHINE]) as server,
    ):
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
