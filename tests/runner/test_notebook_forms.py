"""What the runner does with notebooks of any form; client and service have the same list."""

import logging
from collections.abc import Callable, Mapping
from typing import Any

import nbformat
import pytest

from runner.errors import RunProblemError
from runner.exit_codes import Code
from runner.notebooks import read_notebook
from runner.run_warnings import RunWarnings
from tests.runner.conftest import Runner
from tests.runner.fake_service import FakeService
from tests.support.notebook_forms import FORMS, cell_of, notebook_of, old_notebook_of

Order = Callable[..., None]

RUNS = [name for name, form in FORMS.items() if form.problem is None]
CANNOT_RUN = [name for name, form in FORMS.items() if form.problem is not None]


def repairs_of(warnings: RunWarnings) -> list[str]:
    return [name for warning in warnings.as_json() for name in warning["names"]]


@pytest.mark.parametrize("name", RUNS)
def test_a_notebook_that_runs_is_read_repaired_and_valid(name: str, caplog: pytest.LogCaptureFixture) -> None:
    form, warnings = FORMS[name], RunWarnings()
    notebook = read_notebook(form.content, "a.ipynb", warnings)
    assert repairs_of(warnings) == list(form.repairs)
    assert (notebook.cells[0].source if notebook.cells else "") == form.source
    written = nbformat.v4.writes(notebook)  # type: ignore[no-untyped-call]
    read: Any = nbformat.v4.reads(written)  # type: ignore[no-untyped-call]
    nbformat.validate(read, relax_add_props=True)
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


@pytest.mark.parametrize("name", CANNOT_RUN)
def test_a_notebook_that_cannot_run_is_an_input_problem_in_one_sentence(name: str) -> None:
    form = FORMS[name]
    with pytest.raises(RunProblemError) as raised:
        read_notebook(form.content, "a.ipynb")
    assert raised.value.code is Code.INPUT_PROBLEM
    assert str(raised.value) == f"a.ipynb {form.problem}. Open it in JupyterLab, save it, and submit it again."


def test_ids_are_kept_if_they_are_valid_and_new_if_they_repeat() -> None:
    cells = [cell_of(id="one"), cell_of(id="one"), cell_of(id="no id"), cell_of(id="two")]
    found = [cell.id for cell in read_notebook(notebook_of(*cells), "a.ipynb").cells]
    assert (found[0], found[3], len(set(found))) == ("one", "two", 4)


@pytest.mark.parametrize(
    ("cell", "metadata", "language"),
    [
        ({"language": "julia"}, {}, "julia"),
        ({"language": "julia"}, {"kernelspec": {"name": "python3"}}, None),
        ({}, {"language_info": {"name": "R"}}, "R"),
        ({"language": 1}, {}, None),
    ],
)
def test_an_old_notebook_keeps_its_language(
    cell: Mapping[str, Any], metadata: Mapping[str, Any], language: str | None
) -> None:
    content = old_notebook_of({"cell_type": "code", "input": "x", **cell}, metadata=metadata)
    read = read_notebook(content, "a.ipynb")
    assert read.metadata.get("language_info", {}).get("name") == language


def test_the_language_of_a_kernelspec_without_name_is_kept() -> None:
    read = read_notebook(notebook_of(metadata={"kernelspec": {"language": "R"}}), "a.ipynb")
    assert read.metadata.language_info == {"name": "R"}
    assert "kernelspec" not in read.metadata


@pytest.mark.parametrize(
    ("content", "repairs"),
    [
        (
            old_notebook_of({"cell_type": "code", "language": "python", "input": ["print(6 * 7)"], "outputs": [{}]}),
            ["format 3, upgraded to 4"],
        ),
        (notebook_of({"cell_type": "code", "source": "print(6 * 7)", "metadata": {"tags": "x"}}), ["cell 1: tags"]),
    ],
    ids=["format 3", "odd format 4"],
)
def test_a_repaired_notebook_runs_and_the_report_lists_the_repairs(
    runner: Runner, service: FakeService, order: Order, content: bytes, repairs: list[str]
) -> None:
    order(content, parameters={"n": "1"})
    assert runner.run()[0] == 0
    assert runner.text(2) == "42\n"
    found = [warning for warning in service.reports[0]["warnings"] if warning["code"] == "notebook_repaired"]
    assert [warning["names"] for warning in found] == [repairs]
