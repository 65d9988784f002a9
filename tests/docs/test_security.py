"""Every row of the threat model names a test, and every test that it or the page about reliability names exists."""

import ast
import re

from tests.structure.sources import ROOT

PAGE = ROOT / "docs" / "security.md"
PAGES = PAGE, ROOT / "docs" / "reliability.md"
NAMED = sorted(
    {
        found
        for page in PAGES
        for found in re.findall(r"`(tests/[\w./-]+?)(?:::(\w+))?`", page.read_text(encoding="utf-8"))
    }
)


def exists(path: str, name: str) -> bool:
    """Return whether a test file, and the test function in it if one is named, exists."""
    file = ROOT / path
    if not name or not file.is_file():
        return file.exists()
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return any(isinstance(node, ast.FunctionDef) and node.name == name for node in ast.walk(tree))


def test_named_tests_exist() -> None:
    assert len(NAMED) > 30
    assert [f"{path}::{name}" for path, name in NAMED if not exists(path, name)] == []


def test_missing_tests_are_detected() -> None:
    assert not exists("tests/docs/test_security.py", "test_no_such_test")
    assert not exists("tests/docs/no_such_file.py", "test_named_tests_exist")
    assert exists("tests/docs/test_security.py", "test_named_tests_exist")


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
