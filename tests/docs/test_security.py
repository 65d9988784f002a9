"""The threat model names tests: each of them exists, so that no protection is claimed that nothing shows."""

import ast
import re

import pytest

from tests.structure.sources import ROOT

PAGE = ROOT / "docs" / "security.md"
NAMED = sorted(set(re.findall(r"`(tests/[\w./-]+?)(?:::(\w+))?`", PAGE.read_text(encoding="utf-8"))))


@pytest.mark.parametrize(("path", "name"), NAMED)
def test_a_named_test_exists(path: str, name: str) -> None:
    file = ROOT / path
    assert file.exists()
    if name:
        functions = {
            each.name
            for each in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
            if isinstance(each, ast.FunctionDef)
        }
        assert name in functions


def test_every_row_names_a_test() -> None:
    page = PAGE.read_text(encoding="utf-8")
    after_the_parties = page[page.index("## Another user") :]
    rows = [
        line
        for line in after_the_parties.splitlines()
        if line.startswith("| ") and not line.startswith(("| ---", "| asset", "| attacker"))
    ]
    assert len(rows) > 30
    assert [row for row in rows if "`tests/" not in row.rsplit(" | ", 1)[-1]] == []
