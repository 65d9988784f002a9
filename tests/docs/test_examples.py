"""The example notebooks: valid, without outputs, and with what the documents say of them."""

import csv
from pathlib import Path

import nbformat
import pytest

from tests.docs.documents import ROOT, table_rows

EXAMPLES = ROOT / "examples"
NOTEBOOKS = sorted(EXAMPLES.rglob("*.ipynb"))


def read(notebook: Path) -> nbformat.NotebookNode:
    document: nbformat.NotebookNode = nbformat.read(notebook, nbformat.NO_CONVERT)  # type: ignore[no-untyped-call]
    return document


def code_cells(notebook: Path) -> list[nbformat.NotebookNode]:
    return [cell for cell in read(notebook)["cells"] if cell["cell_type"] == "code"]


def parameters_of(notebook: Path) -> dict[str, str]:
    [cell] = [cell for cell in code_cells(notebook) if "parameters" in cell["metadata"].get("tags", [])]
    assignments = (line.partition(" = ") for line in cell["source"].splitlines())
    return {name: value.partition("  #")[0] for name, _, value in assignments}


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.name)
class TestNotebook:
    def test_is_valid(self, notebook: Path) -> None:
        nbformat.validate(read(notebook))

    def test_carries_no_outputs(self, notebook: Path) -> None:
        assert all(not cell["outputs"] and cell["execution_count"] is None for cell in code_cells(notebook))

    def test_names_the_kernel_that_every_image_has(self, notebook: Path) -> None:
        assert read(notebook)["metadata"]["kernelspec"]["name"] == "python3"

    def test_has_one_cell_of_parameters(self, notebook: Path) -> None:
        assert parameters_of(notebook)


def test_the_notebooks_are_found() -> None:
    assert {path.name for path in NOTEBOOKS} >= {"co2.ipynb", "failing.ipynb", "hello.ipynb"}


def test_parameters_of_the_analysis_are_documented() -> None:
    documented = {row[0].strip("`"): row[1] for row in table_rows("examples/co2/README.md") if row[0].startswith("`")}
    assert documented == parameters_of(EXAMPLES / "co2" / "co2.ipynb")


def test_the_data_is_what_its_description_says() -> None:
    with (EXAMPLES / "co2" / "co2-mauna-loa.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert (len(rows), sum(not row["co2_ppm"] for row in rows)) == (2284, 59)
    assert (rows[0]["week_ending"], rows[-1]["week_ending"]) == ("1958-03-29", "2001-12-29")
