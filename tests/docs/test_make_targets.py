"""Every make target that a document names exists, and `make help` is told of each."""

import re

import pytest

from tests.docs.documents import ROOT
from tests.docs.test_links import own_documents

NAMED = re.compile(r"(?:^|`|^[A-Z_]+=\S+ )make ([a-z-]+)\b", re.MULTILINE)


def named_targets() -> list[str]:
    return sorted({name for path in own_documents() for name in NAMED.findall(path.read_text(encoding="utf-8"))})


def test_the_first_commands_are_named() -> None:
    assert {"demo", "test"} <= set(named_targets())


@pytest.mark.parametrize("target", named_targets())
def test_target_exists(target: str) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert re.search(rf"^{target}\s*:(?!=)", makefile, re.MULTILINE), f"the Makefile has no target {target}"
