"""Parameters in the notebook: inserted, and compared with those that the notebook has."""

import json
import re
from collections.abc import Callable
from typing import Any

import nbformat
import pytest

from runner.default_parameters import assigned_names
from runner.errors import RunProblemError
from runner.exit_codes import Code
from runner.kernels import Kernel
from runner.notebooks import read_notebook
from runner.papermill_without_stores import PythonTranslator
from runner.parameterize import parameterized
from runner.run_warnings import RunWarnings
from tests.runner.conftest import RUNNER_CONTAINER, Runner, notebook
from tests.runner.parameters import injected, order

PYTHON = Kernel(name="python3", language="python", display_name="Python 3")
CELLS = json.loads((RUNNER_CONTAINER.parent / "tests" / "data" / "parameters.json").read_text(encoding="utf-8"))[
    "cells"
]


@pytest.mark.parametrize(
    ("language", "source"),
    [
        ("R", '# Parameters\nlimit = 5\nname = "Anna"\non = TRUE\n'),
        ("julia", '# Parameters\nlimit = 5\nname = "Anna"\non = true\n'),
        ("python", "# Parameters\nlimit = 5\nname = 'Anna'\non = True\n"),
        ("bash", "# Parameters\nlimit=5\nname=Anna\non=true\n"),
        ("scala", '// Parameters\nval limit = 5\nval name = "Anna"\nval on = true\n'),
    ],
)
def test_parameters_are_written_in_the_kernels_language(language: str, source: str) -> None:
    kernel = Kernel(name="any", language=language, display_name="Any")

    sources = injected(kernel, limit="5", name="Anna", on="True")

    assert sources == ["x <- 0", source, "print(x)"]


def test_parameters_for_a_language_that_papermill_does_not_support() -> None:
    kernel = Kernel(name="cobol", language="cobol", display_name="COBOL")

    assert injected(kernel) == ["x <- 0", "print(x)"]
    with pytest.raises(RunProblemError, match=r"The kernel 'cobol' \(cobol\) does not support parameters") as caught:
        injected(kernel, limit="5")
    assert caught.value.code is Code.ENVIRONMENT_PROBLEM


def _warnings(source: str, *, tag: str = "parameters", kernel: Kernel = PYTHON, **parameters: str) -> list[Any]:
    warnings = RunWarnings()
    data = notebook(source, "print(1)", kernel=kernel.name, language=kernel.language, tags={0: tag})
    parameterized(read_notebook(data, "a.ipynb"), order(**parameters), kernel, warnings)
    return warnings.as_json()


def test_an_unknown_parameter_is_a_warning_with_the_most_similar_name() -> None:
    (warning,) = _warnings("month = 1\nyear: int = 2026", mnoth="2", year="2027", zzz="1")
    assert warning["code"] == "unknown_parameter"
    assert warning["names"] == ["mnoth", "zzz"]
    assert warning["message"].endswith("does not assign mnoth (did you mean month?), zzz.")


def test_parameters_without_a_tagged_cell_are_a_warning() -> None:
    (warning,) = _warnings("month = 1", tag="other", month="2")
    assert warning["code"] == "no_parameters_cell"
    assert _warnings("month = 1", tag="other") == []


def test_known_parameters_and_unknown_languages_have_no_warning() -> None:
    assert _warnings("month = 1", month="2") == []
    assert _warnings("%run defaults.py", month="2") == []
    assert _warnings("x <- 1", kernel=Kernel(name="ir", language="R", display_name="R"), month="2") == []


@pytest.mark.parametrize("row", CELLS, ids=lambda row: ascii(row["source"]))
def test_the_corpus_of_cells(row: dict[str, Any]) -> None:
    names = assigned_names(row["source"])
    assert (None if names is None else sorted(names)) == row["names"]


@pytest.mark.parametrize(
    "row", [row for row in CELLS if row["names"] is not None], ids=lambda row: ascii(row["source"])
)
def test_every_parameter_that_papermill_infers_is_known(row: dict[str, Any]) -> None:
    inferred = PythonTranslator.inspect(nbformat.v4.new_code_cell(source=row["source"]))  # type: ignore[no-untyped-call]
    assert {parameter.name for parameter in inferred} <= set(row["names"])


def test_values_arrive_in_a_kernel_and_the_metadata_stays_json(order: Callable[..., None], runner: Runner) -> None:
    texts = {
        "a": "{1: 0.5}", "b": "{1, 2}", "c": "b'\\xff'", "d": "1+2j", "e": "{(1, 2): 'x'}", "f": "(1,)", "g": "...", "h": "{{}}",
        "i": "é'\"\\\n\t$x`\U0001f600\u2028", "j": "True", "k": "[None, -1e100]", "l": "12345678901234567890123", "m": " text ", "n": "1e400",
    }  # fmt: skip
    names = ", ".join(texts)
    data = notebook("a = 0", f"for each in ({names}): print(ascii(each))", tags={0: "parameters"})
    order(data, parameters=texts)

    code, _ = runner.run()

    assert code == 0
    assert runner.text(3).splitlines() == [
        "{1: 0.5}", "{1, 2}", "b'\\xff'", "(1+2j)", "{(1, 2): 'x'}", "(1,)", "'...'", "'{{}}'",
        ascii(texts["i"]), "True", "[None, -1e+100]", texts["l"], "' text '", "'1e400'",
    ]  # fmt: skip
    metadata = runner.output().metadata.papermill.parameters
    assert (metadata["a"], metadata["b"], metadata["i"], metadata["j"]) == ("{1: 0.5}", "{1, 2}", texts["i"], True)
    (report,) = runner.service.reports
    (warning,) = report["warnings"]
    assert (warning["code"], warning["count"]) == ("unknown_parameter", 13)


def test_a_refused_value_ends_the_job_in_words(order: Callable[..., None], runner: Runner) -> None:
    order(notebook("a = 0", tags={0: "parameters"}), parameters={"class": "1"})

    runner.run()

    assert runner.outcome["code"] == "input_problem"
    assert re.match(
        "The parameter 'class' cannot be passed to the notebook: it is reserved in python", runner.outcome["message"]
    )
