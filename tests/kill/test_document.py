"""docs/reliability.md has every declared row; these tests run without the cloud."""

from tests.kill.report import DOCUMENT
from tests.kill.results import known_failures
from tests.kill.rows import ROWS


def test_every_row_is_in_the_document() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    documented = [line.split(" | ")[:2] for line in text.splitlines() if line.startswith("| ")][2:]
    assert [[f"| {row.fault}", row.phase] for row in ROWS] == documented


def test_known_failures_are_declared_rows_and_in_the_document() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    for name, reason in known_failures().items():
        assert name in {row.name for row in ROWS}
        assert f"- {name}: {reason}" in text


def test_rows_have_different_names() -> None:
    assert len({row.name for row in ROWS}) == len(ROWS)
