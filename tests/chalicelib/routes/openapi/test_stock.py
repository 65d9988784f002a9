"""The document compared with the stock scheduler's models and routes: everything exists here, or its absence has a reason."""

import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from typing import Any, Final

import pytest
from jupyter_scheduler import models as stock
from jupyter_scheduler.extension import SchedulerApp
from tornado.web import RequestHandler

from tests.support.openapi import METHODS, Judge, operations

REQUESTS: Final[Mapping[Any, str]] = {
    stock.CreateJob: "CreateJobBody",
    stock.UpdateJob: "UpdateJobBody",
    stock.CreateJobDefinition: "CreateDefinitionBody",
    stock.UpdateJobDefinition: "UpdateDefinitionBody",
    stock.CreateJobFromDefinition: "RunDefinitionBody",
}
"""The request models of the stock scheduler, and our components."""

RESPONSES: Final = (
    (stock.DescribeJob, "JobResponse"),
    (stock.DescribeJob, "JobRow"),
    (stock.JobFile, "JobFileResponse"),
    (stock.ListJobsResponse, "JobPageResponse"),
    (stock.DescribeJobDefinition, "DefinitionResponse"),
    (stock.DescribeJobDefinition, "DefinitionRow"),
    (stock.ListJobDefinitionsResponse, "DefinitionPageResponse"),
    (stock.RuntimeEnvironment, "EnvironmentResponse"),
)
"""The response models of the stock scheduler, and our components."""

QUERIES: Final = (
    (stock.ListJobsQuery, "list_jobs"),
    (stock.CountJobsQuery, "count_jobs"),
    (stock.ListJobDefinitionsQuery, "list_definitions"),
)
"""The query models of the stock scheduler, and our operations."""

EXCEPTIONS: Final = {
    "CreateJobBody.input_filename is required": "An upload has no name that could be the default.",
    "CreateDefinitionBody.input_filename is required": "An upload has no name that could be the default.",
    "CreateJobBody.job_definition_id is not there": "Jobs of a definition are made by its own route, and by its schedule.",
    "UpdateJobBody.status has another type": "The stock scheduler fails for every status but STOPPED; here they are 400.",
    "UpdateDefinitionBody.url is not there": "The stock scheduler has no url to change: it stores none.",
    "EnvironmentResponse.output_formats has another type": "On the wire the stock scheduler sends names with labels, too.",
}
"""All differences from the stock scheduler's models, with reasons."""


def kinds(schema: Mapping[str, Any], root: Mapping[str, Any]) -> set[str]:
    """List the types that a schema allows, each as a word: `array/string`, `string=STOPPED`."""
    if "$ref" in schema:
        return kinds(_resolve(schema["$ref"], root), root)
    if alternatives := schema.get("anyOf") or schema.get("allOf"):
        return set().union(*(kinds(each, root) for each in alternatives))
    kind = schema["type"]
    values = schema.get("enum") or [schema[name] for name in ("const",) if name in schema]
    if values:
        return {f"{kind}={value}" for value in values}
    if kind == "array":
        return {f"array/{each}" for each in kinds(schema["items"], root)}
    if kind == "object" and isinstance(schema.get("additionalProperties"), dict):
        return {f"object/{each}" for each in kinds(schema["additionalProperties"], root)}
    return {kind}


def _resolve(ref: str, root: Any) -> Any:
    for part in ref.removeprefix("#/").split("/"):
        root = root[part]
    return root


def fits(given: set[str], wanted: set[str]) -> bool:
    """Check whether one set of types contains the other."""
    whole = wanted | {each.replace("number", "integer") for each in wanted}
    return all(each in whole or each.partition("=")[0] in whole for each in given)


def differences_of_request(model: Any, name: str, document: Mapping[str, Any]) -> Iterator[str]:
    """Return what the stock scheduler accepts and this API does not."""
    ours, theirs = document["components"]["schemas"][name], model.schema()
    for field, described in theirs["properties"].items():
        if field not in ours["properties"]:
            yield f"{name}.{field} is not there"
        elif not fits(kinds(described, theirs), kinds(ours["properties"][field], document)):
            yield f"{name}.{field} has another type"
        elif field in ours.get("required", ()) and field not in theirs.get("required", ()):
            yield f"{name}.{field} is required"


def differences_of_response(model: Any, name: str, document: Mapping[str, Any]) -> Iterator[str]:
    """Return what a client of the stock scheduler would miss or not understand."""
    ours, theirs = document["components"]["schemas"][name], model.schema()
    for field, described in theirs["properties"].items():
        if field not in ours["properties"]:
            yield f"{name}.{field} is not there"
            continue
        given = kinds(ours["properties"][field], document)
        may_be_none = model.__fields__[field].allow_none
        if not fits(given - {"null"}, kinds(described, theirs)):
            yield f"{name}.{field} has another type"
        if "null" in given and not may_be_none:
            yield f"{name}.{field} may be null"
        if field not in ours["required"] and not may_be_none:
            yield f"{name}.{field} may be left out"


def differences_of_query(model: Any, operation_id: str, document: Mapping[str, Any]) -> Iterator[str]:
    """Return the query parameters that the stock scheduler reads and this API does not."""
    (operation,) = (each for _, _, each in operations(document) if each["operationId"] == operation_id)
    ours = {each["name"] for each in operation["parameters"] if each["in"] == "query"}
    yield from (f"{operation_id}?{field} is not there" for field in model.__fields__ if field not in ours)


def stock_routes() -> set[tuple[str, str]]:
    """List the stock scheduler's routes as `POST /scheduler/jobs/{}`."""
    found = set()
    for pattern, handler in SchedulerApp.handlers:
        names = re.findall(r"\?P<(\w+)>", pattern)
        path = re.sub(r"\(\?P<\w+>[^/]*\)", "{}", pattern)
        found |= {(each.upper(), f"/{path}") for each in METHODS if _responses(getattr(handler, each), names)}
    return found


def _responses(method: Callable[..., Any], names: list[str]) -> bool:
    """Check whether a handler implements a method for a path with these parameters."""
    if method in (getattr(RequestHandler, each) for each in METHODS):
        return False
    try:
        inspect.signature(method).bind(None, **dict.fromkeys(names))
    except TypeError:
        return False
    return True


def differences(document: Mapping[str, Any]) -> set[str]:
    """Return all differences from the stock scheduler."""
    routes = {(method, re.sub(r"{\w+}", "{}", path)) for method, path, _ in operations(document)}
    return {
        *(each for model, name in REQUESTS.items() for each in differences_of_request(model, name, document)),
        *(each for model, name in RESPONSES for each in differences_of_response(model, name, document)),
        *(each for model, name in QUERIES for each in differences_of_query(model, name, document)),
        *(f"{method} {path} is not there" for method, path in stock_routes() - routes),
    }


def test_every_route_of_the_stock_scheduler_exists_or_has_a_reason(judge: Judge) -> None:
    assert differences(judge.document) - EXCEPTIONS.keys() == set()


def test_no_exception_is_out_of_date(judge: Judge) -> None:
    assert EXCEPTIONS.keys() - differences(judge.document) == set(), "not needed any more: take it off the list"


def test_every_route_of_the_stock_scheduler_is_compared() -> None:
    routes = stock_routes()
    assert len(routes) == 16
    assert ("PATCH", "/scheduler/job_definitions/{}") in routes
    assert not {("POST", "/scheduler/jobs/{}"), ("PATCH", "/scheduler/jobs")} & routes


def _without_field(document: Any) -> None:
    del document["components"]["schemas"]["JobRow"]["properties"]["job_files"]


def _nullable(document: Any) -> None:
    document["components"]["schemas"]["JobPageResponse"]["properties"]["total_count"] = {
        "anyOf": [{"type": "integer"}, {"type": "null"}]
    }


def _optional(document: Any) -> None:
    document["components"]["schemas"]["DefinitionRow"]["required"].remove("active")


def _text_for_number(document: Any) -> None:
    document["components"]["schemas"]["JobResponse"]["properties"]["create_time"] = {"type": "string"}


def _unknown_status(document: Any) -> None:
    document["components"]["schemas"]["JobStatus"]["enum"].append("WAITING")


def _required(document: Any) -> None:
    document["components"]["schemas"]["CreateJobBody"]["required"].append("compute_type")


def _narrow(document: Any) -> None:
    fields = document["components"]["schemas"]["CreateJobBody"]["properties"]
    fields["parameters"] = {"type": "object", "additionalProperties": {"type": "integer"}}


def _without_parameter(document: Any) -> None:
    document["paths"]["/scheduler/jobs"]["get"]["parameters"].clear()


def _without_route(document: Any) -> None:
    del document["paths"]["/scheduler/config"]["get"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (_without_field, "JobRow.job_files is not there"),
        (_nullable, "JobPageResponse.total_count may be null"),
        (_optional, "DefinitionRow.active may be left out"),
        (_text_for_number, "JobResponse.create_time has another type"),
        (_unknown_status, "JobResponse.status has another type"),
        (_required, "CreateJobBody.compute_type is required"),
        (_narrow, "CreateJobBody.parameters has another type"),
        (_without_parameter, "list_jobs?sort_by is not there"),
        (_without_route, "GET /scheduler/config is not there"),
    ],
)
def test_a_difference_is_detected(judge: Judge, change: Callable[[Any], None], message: str) -> None:
    document = deepcopy(judge.document)
    change(document)
    assert message in differences(document) - differences(judge.document)
