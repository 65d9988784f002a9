"""The OpenAPI document: every route below `/scheduler`."""

import inspect
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, get_type_hints

from pydantic import BaseModel

import chalicelib
from chalicelib.errors import RequestError
from chalicelib.routes.blueprint import View
from chalicelib.routes.definitions import definitions
from chalicelib.routes.error_responses import ErrorResponse
from chalicelib.routes.jobs import jobs
from chalicelib.routes.models.responses import Redirect
from chalicelib.routes.openapi.operations import EVERYWHERE, OPERATIONS, TAGS, Operation
from chalicelib.routes.openapi.parameters import PATH_PARAMETERS
from chalicelib.routes.openapi.schemas import component_schemas
from chalicelib.routes.owners import owners
from chalicelib.routes.service_info import about

__all__ = ["DOCUMENT", "make_document", "render", "views"]

DOCUMENT: Final = Path(__file__).with_name("openapi.json")
"""The checked-in document, which the API serves."""

_DESCRIPTION: Final = """\
Runs and schedules Jupyter notebooks on AWS, in the wire format of jupyter-scheduler 2.12.

Times are integers: milliseconds since 1970, UTC. Unknown fields and query items are ignored. Responses can get additional fields.
All errors have the same body."""

_SERVERS: Final = [
    {
        "url": "https://{api_id}.execute-api.{region}.amazonaws.com/v1",
        "description": "The output ApiUrl of the stack.",
        "variables": {"api_id": {"default": "abcdefghij"}, "region": {"default": "eu-central-1"}},
    }
]

_SIGNED: Final = "sigv4"
_SECURITY_SCHEMES: Final = {
    _SIGNED: {
        "type": "apiKey",
        "name": "Authorization",
        "in": "header",
        "description": "AWS Signature Version 4, service execute-api. Temporary credentials also need X-Amz-Security-Token.",
        "x-amazon-apigateway-authtype": "awsSigv4",
    }
}

_RETRY_AFTER: Final = {
    "Retry-After": {
        "description": "How long to wait [s]. Refusals by API Gateway itself do not have this header.",
        "schema": {"type": "string"},
    }
}


def views() -> dict[tuple[str, str], View]:
    """Return every view below `/scheduler`, by path and method."""
    return {key: view for blueprint in (jobs, definitions, owners, about) for key, view in blueprint.views.items()}


def make_document() -> dict[str, Any]:
    """Return the document.

    Raises
    ------
    ValueError
        If a view has no operation, or an operation has no view.
    """
    served = views()
    if unpaired := OPERATIONS.keys() ^ {view.__name__ for view in served.values()}:
        raise ValueError(f"Either a view or an entry of OPERATIONS is missing for {', '.join(sorted(unpaired))}.")
    made = [_response_of(view) for view in served.values()]
    responses = [response for response in made if response not in (None, Redirect)]
    bodies = [each.body for each in OPERATIONS.values() if each.body]
    schemas, components = component_schemas(bodies, [*responses, ErrorResponse])
    paths: dict[str, dict[str, Any]] = {}
    for (path, method), view in sorted(served.items()):
        paths.setdefault(path, {})[method.lower()] = _operation(path, method, view, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "jupyter-scheduler-aws",
            "version": chalicelib.__version__,
            "description": _DESCRIPTION,
            "license": {"name": "BSD-3-Clause", "identifier": "BSD-3-Clause"},
        },
        "servers": _SERVERS,
        "security": [{_SIGNED: []}],
        "tags": [{"name": name, "description": text} for name, text in TAGS.items()],
        "paths": paths,
        "components": {
            "schemas": components,
            "responses": _error_responses(schemas[ErrorResponse]),
            "securitySchemes": _SECURITY_SCHEMES,
        },
    }


def render(document: Mapping[str, Any]) -> str:
    """Return the text of a document, as it is checked in."""
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _operation(path: str, method: str, view: View, schemas: Mapping[Any, Any]) -> dict[str, Any]:
    operation = OPERATIONS[view.__name__]
    summary, _, description = inspect.cleandoc(view.__doc__ or "").partition("\n\n")
    parameters = [PATH_PARAMETERS[name].describe("path") for name in re.findall(r"{(\w+)}", path)]
    parameters += [each.describe("query") for each in operation.query]
    return {
        "operationId": view.__name__,
        "tags": [operation.tag],
        "summary": summary.rstrip("."),
        **({"description": description} if description else {}),
        **({"parameters": parameters} if parameters else {}),
        **(
            {"requestBody": _request_body(method, operation.body, operation.example, schemas)} if operation.body else {}
        ),
        "responses": {**_success(_response_of(view), schemas), **_refusals(operation)},
    }


def _request_body(
    method: str, body: type[BaseModel], example: Mapping[str, Any] | None, schemas: Mapping[Any, Any]
) -> dict[str, Any]:
    content = {"schema": schemas[body], **({"example": example} if example else {})}
    # A PATCH without a body changes nothing; the model of a POST knows what is required.
    needed = method == "PATCH" or any(each.is_required() for each in body.model_fields.values())
    return {"required": needed, "content": {"application/json": content}}


def _response_of(view: View) -> Any:
    """Return the type of a view's response; None if the response has no body."""
    response = get_type_hints(view)["return"]
    return None if response is type(None) else response


def _success(response: Any, schemas: Mapping[Any, Any]) -> dict[str, Any]:
    if response is None:
        return {"204": {"description": "Done; the response has no body."}}
    if response is Redirect:
        location = {
            "description": "The presigned URL; it is valid for 15 minutes.",
            "schema": {"type": "string", "format": "uri"},
        }
        return {
            "302": {"description": "The file is there; the response has no body.", "headers": {"Location": location}}
        }
    return {"200": {"description": "Done.", "content": {"application/json": {"schema": schemas[response]}}}}


def _refusals(operation: Operation) -> dict[str, Any]:
    names = {str(each.status): _name(each) for each in (*EVERYWHERE, *operation.refusals)}
    names |= {"500": "InternalError", "5XX": "Unavailable"} | (
        {"415": "UnsupportedMediaType"} if operation.body else {}
    )
    return {status: {"$ref": f"#/components/responses/{name}"} for status, name in sorted(names.items())}


def _error_responses(schema: Mapping[str, Any]) -> dict[str, Any]:
    refusals = {each for operation in OPERATIONS.values() for each in (*EVERYWHERE, *operation.refusals)}
    texts = {_name(each): inspect.cleandoc(each.__doc__ or "") for each in refusals} | {
        "InternalError": "The scheduler failed.",
        "Unavailable": "The service could not be reached, or did not respond in time.",
        "UnsupportedMediaType": "The content type of the body is not application/json.",
    }
    content = {"application/json": {"schema": schema}}
    return {
        name: {
            "description": text,
            **({"headers": _RETRY_AFTER} if name == "TooManyRequests" else {}),
            "content": content,
        }
        for name, text in sorted(texts.items())
    }


def _name(error: type[RequestError]) -> str:
    return error.__name__.removesuffix("Error")
