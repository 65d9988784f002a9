"""The checked-in document is up to date, valid, complete, and served."""

import inspect
import re
import subprocess
import sys
from copy import deepcopy
from typing import Any

import pytest
from chalice.app import MultiDict
from openapi_spec_validator import OpenAPIV31SpecValidator

from app.app import app
from chalicelib.errors import RequestError
from chalicelib.routes.models.job_requests import CreateJobBody
from chalicelib.routes.models.query_strings import (
    attempt_query,
    batch_query,
    crontab_query,
    definition_query,
    job_query,
    page_query,
    tail_query,
)
from chalicelib.routes.openapi.document import DOCUMENT, make_document, render, views
from chalicelib.routes.openapi.operations import EVERYWHERE, OPERATIONS
from chalicelib.routes.openapi.schemas import field_docs
from tests.structure.sources import ROOT
from tests.support.openapi import CheckedApi, Judge, operations, read_document


def test_it_is_up_to_date() -> None:
    message = "openapi.json is behind the routes and models; run `make openapi` and look at what changed"
    assert DOCUMENT.read_text(encoding="utf-8") == render(make_document()), message


def test_it_is_the_same_in_another_process() -> None:
    code = "from chalicelib.routes.openapi.document import *; print(render(make_document()), end='')"
    made = [
        subprocess.run(
            [sys.executable, "-c", code],
            cwd=ROOT,
            env={"PYTHONHASHSEED": seed, "PYTHONIOENCODING": "utf-8"},
            check=True,
            capture_output=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert made[0] == made[1] == DOCUMENT.read_bytes()


def faults(document: dict[str, Any]) -> list[str]:
    return [error.message for error in OpenAPIV31SpecValidator(document).iter_errors()]


def test_it_is_openapi_3_1() -> None:
    document = read_document()
    assert document["openapi"].startswith("3.1.")
    assert faults(document) == []


def test_an_invalid_openapi_document_is_detected() -> None:
    document = read_document()
    job = document["paths"]["/scheduler/jobs/{job_id}"]
    without_parameter, twice_the_id, no_schema = deepcopy(document), deepcopy(document), deepcopy(document)
    without_parameter["paths"]["/scheduler/jobs/{job_id}"]["get"]["parameters"].clear()
    twice_the_id["paths"]["/scheduler/jobs/{job_id}"]["get"]["operationId"] = job["delete"]["operationId"]
    del no_schema["components"]["schemas"]["JobRow"]
    del document["info"]["title"]
    assert all(faults(each) for each in (without_parameter, twice_the_id, document))
    with pytest.raises(Exception, match="JobRow"):
        faults(no_schema)


def routes_beside(document: dict[str, Any]) -> set[tuple[str, str]]:
    """Return routes that only the app or only the document has."""
    served = {
        (method, path) for path, methods in app.routes.items() if path.startswith("/scheduler/") for method in methods
    }
    return served ^ {(method, path) for method, path, _ in operations(document)}


def test_it_has_every_route_and_no_other() -> None:
    assert routes_beside(read_document()) == set()


def test_a_missing_or_additional_route_is_detected() -> None:
    document = read_document()
    jobs = document["paths"]["/scheduler/jobs"]
    jobs["put"] = jobs.pop("post")
    document["paths"]["/scheduler/nothing"] = {"get": document["paths"]["/scheduler/health"]["get"]}
    expected = {("PUT", "/scheduler/jobs"), ("POST", "/scheduler/jobs"), ("GET", "/scheduler/nothing")}
    assert routes_beside(document) == expected


def test_runners_routes_are_not_in_it() -> None:
    assert any(path.startswith("/runs/") for path in app.routes)
    assert {path.split("/")[1] for path in read_document()["paths"]} == {"scheduler"}


def undescribed(document: dict[str, Any]) -> set[str]:
    fields = {
        f"{name}.{field}"
        for name, schema in document["components"]["schemas"].items()
        for field, described in schema.get("properties", {}).items()
        if not described.get("description")
    }
    models = {name for name, schema in document["components"]["schemas"].items() if not schema.get("description")}
    return fields | models | {path for _, path, each in operations(document) if not each["summary"]}


def test_everything_is_described() -> None:
    assert undescribed(read_document()) == set()


def test_a_field_without_a_description_is_detected() -> None:
    document = read_document()
    del document["components"]["schemas"]["JobRow"]["properties"]["attempt"]["description"]
    assert undescribed(document) == {"JobRow.attempt"}


def test_times_and_sizes_have_units() -> None:
    unit = re.compile(r"\[(ms UTC|ms|s|bytes|days)\]")
    measured = re.compile(r"(_time|_times|_at|_start|_end|_seconds|_millis|_bytes|_days)$|^time$")
    without = {
        f"{name}.{field}"
        for name, schema in read_document()["components"]["schemas"].items()
        for field, described in schema.get("properties", {}).items()
        if measured.search(field) and not unit.search(described["description"])
    }
    assert without == set()


def test_fields_of_models_that_a_model_is_made_of_have_their_texts() -> None:
    assert {"name", "tags", "timeout_seconds"} <= field_docs(CreateJobBody).keys()


def test_every_request_body_has_an_example_that_is_right(judge: Judge) -> None:
    bodies = [
        (method, path, each["requestBody"])
        for method, path, each in operations(judge.document)
        if "requestBody" in each
    ]
    assert len(bodies) == sum(each.body is not None for each in OPERATIONS.values())
    for method, path, body in bodies:
        assert judge.wrong_in_request(method, path, body["content"]["application/json"]["example"]) == [], path


def test_only_what_may_be_left_out_is_not_required() -> None:
    needed = {
        each["operationId"]: each["requestBody"]["required"]
        for _, _, each in operations(read_document())
        if "requestBody" in each
    }
    assert {name for name, required in needed.items() if not required} == {"run_definition"}


class _Watched(MultiDict):
    """A query string that records which parameters are read."""

    def __init__(self) -> None:
        super().__init__({"schedule": ["* * * * *"], "job_id": ["a"]})
        self.asked: set[str] = set()

    def __contains__(self, name: object) -> bool:
        self.asked.add(str(name))
        return bool(super().__contains__(name))

    def __getitem__(self, name: str) -> Any:
        self.asked.add(name)
        return super().__getitem__(name)


def read_from_query(view: Any) -> set[str]:
    """Return the query parameters that a view reads."""
    source = inspect.getsource(view)
    names = set(re.findall(r'_param\("(\w+)"\)', source))
    for parse in (job_query, definition_query, crontab_query, batch_query, page_query, attempt_query, tail_query):
        if f"{parse.__name__}(" in source:
            watched = _Watched()
            parse(watched)
            names |= watched.asked
    return names | ({"owner_id"} if "_owner()" in source else set())


@pytest.mark.parametrize("view", views().values(), ids=lambda view: view.__name__)
def test_queries_and_bodies_are_those_that_the_view_reads(view: Any) -> None:
    operation = OPERATIONS[view.__name__]
    assert {each.name for each in operation.query} == read_from_query(view)
    parsed = re.findall(r"parse_body\((\w+),", inspect.getsource(view))
    assert parsed == ([operation.body.__name__] if operation.body else [])


def test_errors_are_those_of_the_service() -> None:
    described = {each for operation in OPERATIONS.values() for each in (*EVERYWHERE, *operation.refusals)}
    assert {each.status for each in described} == {each.status for each in RequestError.__subclasses__()}
    document = read_document()
    for _, path, operation in operations(document):
        assert {"401", "403", "429", "500"} <= operation["responses"].keys(), path
    bodies = {
        str(each["content"]["application/json"]["schema"]) for each in document["components"]["responses"].values()
    }
    assert bodies == {"{'$ref': '#/components/schemas/ErrorResponse'}"}


def test_requests_are_signed() -> None:
    document = read_document()
    assert document["security"] == [{"sigv4": []}]
    scheme = document["components"]["securitySchemes"]["sigv4"]
    assert (scheme["type"], scheme["in"], scheme["name"]) == ("apiKey", "header", "Authorization")
    assert scheme["x-amazon-apigateway-authtype"] == "awsSigv4"


def test_it_is_served(api: CheckedApi) -> None:
    response = api.get("/scheduler/openapi.json?1795413699291")
    assert (response.status, response.body) == (200, read_document())


def test_serving_the_document_does_not_generate_it() -> None:
    code = (
        "import sys, app.app\n"
        "view = app.app.app.routes['/scheduler/openapi.json']['GET'].view_function.__wrapped__\n"
        "assert view()['openapi']\n"
        "print([name for name in sys.modules if name.startswith('chalicelib.routes.openapi')])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
