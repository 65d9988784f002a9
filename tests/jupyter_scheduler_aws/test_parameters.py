"""The client's rule for parameters, held to the examples that service and runner have; and how objects are encoded."""

import datetime as dt
import enum
import json
from collections import OrderedDict, namedtuple
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_scheduler_aws.errors import ParameterError
from jupyter_scheduler_aws.parameters.defaults import NotebookParameters, assigned_names, read_notebook_parameters
from jupyter_scheduler_aws.parameters.names import check_names, describe_name_problem
from jupyter_scheduler_aws.parameters.values import (
    ParameterText,
    describe_value_problem,
    encode_parameters,
    parse_parameter,
)

CORPUS: Final = json.loads((Path(__file__).parents[1] / "data" / "parameters.json").read_text(encoding="utf-8"))

_TEXT: Final = st.text(st.characters(codec="utf-8", exclude_characters="\0"))
_KEYS: Final = st.none() | st.booleans() | st.integers() | _TEXT | st.binary() | st.tuples(st.integers(), _TEXT)
_LITERALS: Final = st.recursive(
    _KEYS
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.complex_numbers(allow_nan=False, allow_infinity=False),
    lambda inner: (
        st.lists(inner) | st.dictionaries(_KEYS, inner) | st.tuples(inner, inner) | st.sets(st.integers() | _TEXT)
    ),
    max_leaves=5,
)


class _Color(enum.StrEnum):
    RED = "red"


_Point = namedtuple("_Point", "x y")  # noqa: PYI024 - an object that is not a literal
_RECURSIVE: Final[list[Any]] = []
_RECURSIVE.append(_RECURSIVE)


@given(_LITERALS)
def test_encoded_parameters_are_read_as_the_same_values(value: Any) -> None:
    read = parse_parameter(encode_parameters({"x": value})["x"])

    assert read == value
    assert type(read) is type(value)


@given(_TEXT)
def test_typed_text_is_sent_as_it_is(text: str) -> None:
    try:
        sent = encode_parameters({"x": ParameterText(text)})["x"]
    except ParameterError:  # Quoted text can contain escapes of what is refused.
        assert "\\" in text
    else:
        assert sent == text
        assert type(sent) is str


def test_plain_text_is_not_quoted() -> None:
    assert encode_parameters({"who": "Anna", "month": "2026-10"}) == {"who": "Anna", "month": "2026-10"}


def test_text_that_looks_like_a_literal_is_quoted_and_typed_text_is_not() -> None:
    assert encode_parameters({"a": "5", "b": ParameterText("5")}) == {"a": "'5'", "b": "5"}


@pytest.mark.parametrize(
    "value",
    [
        object(), float("inf"), float("nan"), [float("nan")], range(3), frozenset({1}), ..., [...], _Color.RED, _Point(1, 2),
        OrderedDict(a=1), dt.date(2026, 1, 1), Path("a"), 10**5000, _RECURSIVE, bytearray(b"x"), {"a": object()},
        "\0", "\ud800", ["a\0"], {"\udfff": 1},
    ],
    ids=lambda value: type(value).__name__,
)  # fmt: skip
def test_a_value_that_would_arrive_as_another_is_refused(value: object) -> None:
    with pytest.raises(ParameterError, match="'x'"):
        encode_parameters({"x": value})


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


def test_the_error_names_the_parameter() -> None:
    with pytest.raises(ParameterError, match="'class': it is reserved in python"):
        check_names(["month", "class"], "python")


@pytest.mark.parametrize("row", CORPUS["cells"], ids=lambda row: ascii(row["source"]))
def test_the_names_that_a_cell_assigns(row: dict[str, Any]) -> None:
    names = assigned_names(row["source"])
    assert (None if names is None else sorted(names)) == row["names"]


def _notebook(source: Any, *, tags: Any = ("parameters",), **metadata: Any) -> bytes:
    cells = [{"cell_type": "code", "source": "first", "metadata": {}}]
    cells.append({"cell_type": "code", "source": source, "metadata": {"tags": tags}})
    return json.dumps({"nbformat": 4, "metadata": metadata, "cells": cells}).encode()


_PYTHON: Final[dict[str, Any]] = {"kernelspec": {"name": "python3"}}


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (_notebook("a = 1", **_PYTHON), NotebookParameters("python", True, frozenset({"a"}))),
        (_notebook(["a = 1\n", "b = 2"], **_PYTHON), NotebookParameters("python", True, frozenset({"a", "b"}))),
        (_notebook("a = 1", tags=["other"], **_PYTHON), NotebookParameters("python", False, None)),
        (_notebook("a <- 1", kernelspec={"name": "ir", "language": "R"}), NotebookParameters("R", True, None)),
        (_notebook("a = 1", language_info={"name": "python"}), NotebookParameters("python", True, frozenset({"a"}))),
        (_notebook("a = 1"), NotebookParameters(None, True, None)),
        (b'{"cells": [1]}', NotebookParameters()),
        (b'{"worksheets": []}', NotebookParameters()),
        (b"[" * 100_000, NotebookParameters()),
        (b"\xff", NotebookParameters()),
    ],
)
def test_what_a_notebook_shows(content: bytes, expected: NotebookParameters) -> None:
    assert read_notebook_parameters(content) == expected
