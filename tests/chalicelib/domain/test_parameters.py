"""The service's rule for parameters, held to the examples that client and runner have."""

import json
from pathlib import Path
from typing import Any, Final

import pytest

from chalicelib.domain.parameters import (
    check_names,
    describe_name_problem,
    describe_value_problem,
    language_of_kernel,
    parse_parameter,
)
from chalicelib.errors import InvalidRequestError

CORPUS: Final = json.loads((Path(__file__).parents[2] / "data" / "parameters.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("row", CORPUS["values"], ids=lambda row: ascii(row["text"][:30]))
def test_values(row: dict[str, Any]) -> None:
    value = parse_parameter(row["text"])
    assert repr(value) == (repr(row["text"]) if row.get("is_text") else row["value"])
    assert bool(describe_value_problem(value)) is row.get("refused", False)


@pytest.mark.parametrize("row", CORPUS["names"], ids=lambda row: ascii(row["name"]))
def test_names(row: dict[str, Any]) -> None:
    languages = ("python", "R", "bash", "julia", None)
    refused = [str(language) for language in languages if describe_name_problem(row["name"], language)]
    assert refused == row["refused_in"]


def test_the_error_names_the_parameter_and_the_language() -> None:
    check_names(["month", "class"], None)
    with pytest.raises(
        InvalidRequestError, match="'class' cannot be the name of a parameter: it is reserved in python"
    ):
        check_names(["month", "class"], "python")


@pytest.mark.parametrize(
    ("kernel", "language"),
    [("python3", "python"), ("python3.13", "python"), ("ir", "R"), ("bash", "bash"), ("my-project", None), ("", None)],
)
def test_the_language_of_usual_kernels(kernel: str, language: str | None) -> None:
    assert language_of_kernel(kernel) == language
