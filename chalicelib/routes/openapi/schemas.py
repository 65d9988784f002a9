"""Schemas of the wire models. The text below a field is its description."""

import ast
import inspect
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from textwrap import dedent
from typing import Any, Final

from pydantic import BaseModel, TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, JsonSchemaValue
from pydantic_core import core_schema

from chalicelib.routes import error_responses
from chalicelib.routes.models import (
    config_responses,
    definition_responses,
    job_responses,
    output_responses,
    owner_responses,
    service_info_responses,
    upload_responses,
)
from chalicelib.routes.models.job_responses import Row

__all__ = ["REF_TEMPLATE", "component_schemas", "field_docs", "without_nulls"]

REF_TEMPLATE: Final = "#/components/schemas/{model}"
"""Location of schemas in an OpenAPI document."""

_OWN: Final = __name__.partition(".")[0]

_RESPONSE_MODULES: Final = (
    config_responses,
    upload_responses,
    service_info_responses,
    job_responses,
    output_responses,
    definition_responses,
    owner_responses,
    error_responses,
)


class _WireSchema(GenerateJsonSchema):
    """Pydantic's schemas without redundant parts: titles that repeat names, and defaults of null."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002 - pydantic's signature
        return False

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        described = super().default_schema(schema)
        return {name: value for name, value in described.items() if (name, value) != ("default", None)}


def component_schemas(
    bodies: Iterable[type[BaseModel]], responses: Iterable[Any]
) -> tuple[dict[Any, Any], dict[str, Any]]:
    """Return the schemas of bodies and responses.

    Returns
    -------
    tuple
        The schema of each body and response, by its type, and the components that they refer to, by name.
    """
    modes: list[tuple[JsonSchemaMode, Iterable[Any]]] = [("validation", bodies), ("serialization", responses)]
    requested = [(str(each), mode, each) for mode, models in modes for each in models]
    made, found = TypeAdapter.json_schemas(
        [(key, mode, TypeAdapter(each)) for key, mode, each in requested],
        ref_template=REF_TEMPLATE,
        schema_generator=_WireSchema,
    )
    models = {each.__name__: each for each in _models(each for _, _, each in requested)}
    components = {name: _finished(schema, models.get(name)) for name, schema in sorted(found["$defs"].items())}
    return {each: made[key, mode] for key, mode, each in requested}, components


def _models(requested: Iterable[Any]) -> Iterator[type]:
    """Yield every model that can be a component."""
    yield from (each for each in requested if isinstance(each, type))
    for module in _RESPONSE_MODULES:
        yield from (each for each in vars(module).values() if isinstance(each, type))


def _finished(schema: Mapping[str, Any], model: type | None) -> dict[str, Any]:
    """Return a component with its descriptions; in a row, nullable fields become optional."""
    finished = {name: value for name, value in schema.items() if name != "title"}
    if model is None or "properties" not in schema:
        return finished
    docs = field_docs(model)
    finished["properties"] = {
        name: {**({"description": docs[name]} if name in docs else {}), **field}
        for name, field in schema["properties"].items()
    }
    return without_nulls(finished) if Row in _bases(model) else finished


def without_nulls(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return the schema of a row: a field that would be null is left out."""
    fields = schema["properties"]
    nullable = {name for name, field in fields.items() if {"type": "null"} in field.get("anyOf", ())}
    return {
        **schema,
        "properties": {name: _not_null(field) if name in nullable else field for name, field in fields.items()},
        "required": [name for name in schema["required"] if name not in nullable],
    }


def _not_null(field: Mapping[str, Any]) -> dict[str, Any]:
    kinds = [each for each in field["anyOf"] if each != {"type": "null"}]
    rest = {name: value for name, value in field.items() if name != "anyOf"}
    return {**rest, **kinds[0]} if len(kinds) == 1 else {**rest, "anyOf": kinds}


def field_docs(model: type) -> dict[str, str]:
    """Return the descriptions of a model's fields, including those of its base models."""
    found: dict[str, str] = {}
    for base in reversed(_bases(model)):
        found |= field_docs(base)
    return found | _own_docs(model)


def _bases(model: type) -> tuple[type, ...]:
    """Return the base models from this project; a TypedDict keeps its bases only in this attribute."""
    bases = vars(model).get("__orig_bases__", model.__bases__)
    return tuple(each for each in bases if isinstance(each, type) and each.__module__.partition(".")[0] == _OWN)


def _own_docs(model: type) -> dict[str, str]:
    (definition,) = ast.parse(dedent(inspect.getsource(model))).body
    statements = definition.body if isinstance(definition, ast.ClassDef) else []
    return {
        field.target.id: inspect.cleandoc(text.value.value)
        for field, text in pairwise(statements)
        if isinstance(field, ast.AnnAssign)
        and isinstance(field.target, ast.Name)
        and isinstance(text, ast.Expr)
        and isinstance(text.value, ast.Constant)
        and isinstance(text.value.value, str)
    }
