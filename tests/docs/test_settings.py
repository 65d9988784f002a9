"""docs/settings.md lists every setting with its default, and no others."""

import json
import re
import tomllib
from collections.abc import Iterator
from typing import get_args

import pytest
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from chalicelib.config import SchedulerSettings
from infra.settings import StackSettings
from tests.docs.documents import ROOT, table_rows

DOCUMENT = "docs/settings.md"


def model_in(annotation: object) -> type[BaseModel] | None:
    """Return the model that a field holds, directly or as the values of a dict."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next(filter(None, map(model_in, get_args(annotation))), None)


def default_of(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    default = field.get_default(call_default_factory=True)
    return "not set" if default is None else f"`{json.dumps(default)}`"


def settings_of(model: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Yield each setting's dotted name, with `<name>` for a name that the operator chooses, and its default."""
    for name, field in model.model_fields.items():
        inner = model_in(field.annotation)
        if inner is None:
            yield prefix + name, default_of(field)
        else:
            is_dict = getattr(field.annotation, "__origin__", None) is dict
            yield from settings_of(inner, f"{prefix}{name}.{'<name>.' if is_dict else ''}")


SETTINGS = dict(settings_of(StackSettings))


@pytest.fixture(scope="module")
def documented() -> dict[str, str]:
    rows = [row for row in table_rows(DOCUMENT) if re.fullmatch(r"`[a-z_]+(\.<name>)?\.[a-z_]+`", row[0])]
    names = [row[0].strip("`") for row in rows]
    assert len(names) == len(set(names)), "a setting is documented twice"
    return {name: row[1] for name, row in zip(names, rows, strict=True)}


def test_settings_of_the_service_and_of_the_stack_are_found() -> None:
    assert {"environments.<name>.image", "limits.max_retries", "network.vpc_id"} <= set(SETTINGS)
    assert set(dict(settings_of(SchedulerSettings))) < set(SETTINGS)


def test_documented_settings_and_defaults_are_the_code_s(documented: dict[str, str]) -> None:
    assert documented == SETTINGS, f"{DOCUMENT} must have one row for each setting, with its default"


def test_the_examples_are_valid() -> None:
    text = (ROOT / DOCUMENT).read_text(encoding="utf-8")
    examples = [tomllib.loads(block) for block in re.findall(r"```toml\n(.*?)```", text, re.DOTALL)]
    written = tomllib.loads((ROOT / "scheduler.toml").read_text(encoding="utf-8"))
    assert {section for example in examples for section in example} == set(StackSettings.model_fields)
    for example in examples:
        StackSettings.model_validate(written | {k: written[k] | v if k in written else v for k, v in example.items()})
