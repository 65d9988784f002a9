"""What `make check` lints, and that it would refuse a mistake."""

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.infra.lint import lint, variants

QUEUE = {"Type": "AWS::SQS::Queue", "Properties": {"VisibilityTimeout": 60}}
NOT_EVERYWHERE = {"Type": "AWS::AppRunner::VpcConnector", "Properties": {"Subnets": ["subnet-0123"]}}


def template(folder: Path, **resources: dict[str, Any]) -> Path:
    path = folder / "template.json"
    path.write_text(json.dumps({"Resources": resources}), encoding="utf-8")
    return path


def test_every_python_version_is_linted_in_an_operators_network() -> None:
    settings = {name: tomllib.loads(text) for name, text in variants()}
    operators = [each for name, each in settings.items() if name != "default"]
    assert [each["functions"]["python"] for each in operators] == ["3.12", "3.13", "3.14"]
    assert all("vpc_id" in each["network"] and len(each["environments"]) > 1 for each in operators)
    assert "network" not in settings["default"]


def test_a_valid_template_passes(tmp_path: Path) -> None:
    assert lint([template(tmp_path, Queue=QUEUE)]) == 0


@pytest.mark.parametrize(
    "resource",
    [
        {**QUEUE, "Properties": {"VisibilityTimeOut": 60}},
        {**QUEUE, "Properties": {"VisibilityTimeout": 43_201}},
        {**QUEUE, "DependsOn": "Nothing"},
        NOT_EVERYWHERE,
    ],
    ids=["unknown property", "over AWS's limit", "nothing to depend on", "missing in some regions"],
)
def test_an_invalid_template_fails(tmp_path: Path, resource: dict[str, Any]) -> None:
    assert lint([template(tmp_path, Queue=resource)]) != 0


def test_a_missing_template_fails(tmp_path: Path) -> None:
    assert lint([tmp_path / "template.json"]) != 0
