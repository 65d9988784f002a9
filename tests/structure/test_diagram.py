import pytest

from chalicelib.domain.transitions import TRANSITIONS, Transition
from tests.support.diagram import DOCUMENT, block_in, draw, insert


def test_the_documents_diagram_is_the_tables() -> None:
    message = "docs/architecture.md is behind the table; run `.venv/bin/python -m tests.support.diagram`"
    assert block_in(DOCUMENT.read_text(encoding="utf-8")) == draw(), message


@pytest.mark.parametrize("transition", TRANSITIONS.values(), ids=list(TRANSITIONS))
def test_the_diagram_has_an_arrow_for_each_source(transition: Transition) -> None:
    arrows = {
        line.strip() for line in draw().splitlines() if line.endswith(f"--> {transition.target}: {transition.name}")
    }
    assert arrows == {f"{source} --> {transition.target}: {transition.name}" for source in transition.sources}


def test_a_stale_diagram_is_replaced_and_nothing_else() -> None:
    text = "before\n<!-- transitions:begin -->\nold\n<!-- transitions:end -->\nafter\n"
    assert insert(text) == f"before\n<!-- transitions:begin -->\n{draw()}<!-- transitions:end -->\nafter\n"
    assert insert(insert(text)) == insert(text)


@pytest.mark.parametrize(
    "text", ["", "<!-- transitions:begin -->\n", "<!-- transitions:begin -->\n<!-- transitions:end -->" * 2]
)
def test_a_document_without_its_one_block_is_told(text: str) -> None:
    with pytest.raises(ValueError, match="not one"):
        insert(text)
