"""The notebooks of tests/data/notebooks, and the right result of each (README.md there)."""

import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.runner.conftest import FAST, Runner
from tests.runner.fake_service import FakeService

NOTEBOOKS = Path(__file__).parents[1] / "data" / "notebooks"
EXPECTATIONS: Mapping[str, Mapping[str, Any]] = tomllib.loads(
    (NOTEBOOKS / "expectations.toml").read_text(encoding="utf-8")
)
ERROR_MARKER = "papermill-error-cell-tag"


def text_of(cell: Mapping[str, Any]) -> str:
    """Return everything that a cell's outputs say as text."""
    parts = []
    for output in cell["outputs"]:
        parts += [output.get("text", ""), output.get("data", {}).get("text/plain", ""), output.get("evalue", "")]
    return "".join(parts)


@pytest.mark.parametrize("name", EXPECTATIONS)
def test_a_notebook_ends_with_the_right_result(
    runner: Runner, service: FakeService, order: Callable[..., None], name: str
) -> None:
    expected = EXPECTATIONS[name]
    file = NOTEBOOKS / expected.get("notebook", f"{name}.ipynb")
    order(
        file.read_bytes(),
        parameters=expected.get("parameters", {}),
        **{"heartbeat_seconds": 0.2, **expected.get("order", {})},
    )
    if "stop_at" in expected:
        service.stop_at = lambda _: f"| {expected['stop_at']}" in running.log
    running = runner.start(script=FAST)
    running.end()

    outcome = runner.outcome
    found = (outcome["code"], outcome.get("cell"))
    assert found == (expected.get("outcome", "succeeded"), expected.get("cell")), running.log
    if "error_name" in expected:
        assert outcome["error_name"] == expected["error_name"]
    for part in expected.get("message", []):
        assert part in outcome["message"]
    assert [warning["code"] for warning in service.reports[0]["warnings"]] == expected.get("warnings", [])
    files = set(service.outputs) - {"report-out.ipynb"}
    assert files == set(expected.get("outputs", []))
    if "statuses" in expected:
        check_cells(runner.output().cells, expected)


def check_cells(cells: list[Any], expected: Mapping[str, Any]) -> None:
    cells = [cell for cell in cells if ERROR_MARKER not in cell.metadata.get("tags", [])]
    codes = [cell for cell in cells if cell.cell_type == "code"]
    assert [cell.metadata.papermill.status for cell in codes] == expected["statuses"]
    for number, part in expected.get("text", {}).items():
        assert part in text_of(codes[int(number) - 1])
    for number, part in expected.get("lacks", {}).items():
        assert part not in text_of(codes[int(number) - 1])
    started = [cell.metadata.papermill.start_time is not None for cell in cells]
    assert started == sorted(started, reverse=True), "the cells that ran come first"
    assert all(cell.metadata.papermill.status == "pending" for cell, ran in zip(cells, started, strict=True) if not ran)


def test_every_notebook_is_expected() -> None:
    files = {file.name for file in NOTEBOOKS.glob("*.ipynb")}
    assert files == {expected.get("notebook", f"{name}.ipynb") for name, expected in EXPECTATIONS.items()}
