"""The rule for the end of a cell, and its table in docs/environments.md."""

from typing import Any

import pytest

from runner.cell_results import CellError, CellResult, judge_cell, quote_first_line
from tests.runner.conftest import RUNNER_CONTAINER
from tests.runner.test_notebook_corpus import EXPECTATIONS

KEY_ERROR = CellError("KeyError", "'a'")
EXIT_0 = CellError("SystemExit", "0")
EXIT_3 = CellError("SystemExit", "3")
OK = {"status": "ok", "payload": []}
QUIT = {"status": "ok", "payload": [{"source": "ask_exit", "keepkernel": False}]}
SUCCESS = CellResult()


def raised(name: Any, value: Any = "") -> dict[str, Any]:
    return {"status": "error", "ename": name, "evalue": value}


@pytest.mark.parametrize(
    ("reply", "shown", "result"),
    [
        (None, [], SUCCESS),
        (OK, [], SUCCESS),
        (OK, [KEY_ERROR], CellResult(error=KEY_ERROR)),
        (OK, [KEY_ERROR, EXIT_0], CellResult(error=KEY_ERROR)),
        (OK, [EXIT_0], SUCCESS),
        (OK, [EXIT_3], CellResult(error=EXIT_3)),
        (QUIT, [], CellResult(ends_run=True)),
        (QUIT, [KEY_ERROR], CellResult(error=KEY_ERROR, ends_run=True)),
        (raised("KeyError", "'a'"), [KEY_ERROR], CellResult(error=KEY_ERROR, ends_run=True)),
        (raised("KeyError", "'a'"), [EXIT_3], CellResult(error=KEY_ERROR, ends_run=True)),
        (raised("NoneType", "None"), [KEY_ERROR], CellResult(error=KEY_ERROR, ends_run=True)),
        (raised("NoneType", "None"), [], CellResult(error=CellError("NoneType", "None"), ends_run=True)),
        *((raised("SystemExit", value), [EXIT_0], CellResult(ends_run=True)) for value in ("", "0", "None", "False")),
        (raised("SystemExit", "0"), [KEY_ERROR], CellResult(error=KEY_ERROR, ends_run=True)),
        (raised("SystemExit", "3"), [EXIT_3], CellResult(error=EXIT_3, ends_run=True)),
    ],
)
def test_the_reply_decides_whether_the_run_goes_on_and_the_outputs_whether_it_succeeds(
    reply: dict[str, Any] | None, shown: list[CellError], result: CellResult
) -> None:
    assert judge_cell(reply, shown=shown, tags=[]) == result


@pytest.mark.parametrize("reply", [OK, raised("KeyError"), raised("SystemExit", "3")])
def test_a_tag_allows_a_cell_to_fail(reply: dict[str, Any]) -> None:
    assert judge_cell(reply, shown=[KEY_ERROR], tags=["raises-exception"]) == SUCCESS


def test_a_tag_does_not_keep_a_notebook_from_ending_itself() -> None:
    assert judge_cell(QUIT, shown=[], tags=["raises-exception"]) == CellResult(ends_run=True)


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("x = 1", "`x = 1`"),
        ("\n# A comment.\n\n  x = 1  # set\ny = 2", "`x = 1  # set`"),
        ("%%capture\nx = 1", "`x = 1`"),
        ("%%bash\n# nothing", "`%%bash`"),
        ("# only a comment", "`# only a comment`"),
        ("%pip install a", "`%pip install a`"),
        ("print(`a`)", "`print('a')`"),
        ("x" * 100, f"`{'x' * 59}…`"),
        ("  \n", ""),
    ],
)
def test_the_first_line_of_code_is_quoted(source: str, line: str) -> None:
    assert quote_first_line(source) == line


def test_every_row_of_the_documented_rule_has_a_notebook() -> None:
    text = (RUNNER_CONTAINER.parent / "docs" / "environments.md").read_text(encoding="utf-8")
    section = text.partition("\n## When a notebook fails\n")[2].partition("\n## ")[0]
    rows = [line.split("|")[1:-1] for line in section.splitlines() if line.startswith("| ")][1:]
    documented = {row[-1].strip(" `"): row[1].strip() for row in rows[1:] if row[-1].strip()}
    assert documented
    for name, result in documented.items():
        assert name in EXPECTATIONS, name
        assert result == EXPECTATIONS[name].get("outcome", "succeeded").replace("_", " "), name
