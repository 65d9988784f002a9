"""docs/access.md is what the service decides by."""

from infra.access import document
from tests.infra.synthesized import ROOT


def test_the_page_is_up_to_date() -> None:
    assert document() == (ROOT / "docs" / "access.md").read_text(encoding="utf-8"), "run `make access`"
