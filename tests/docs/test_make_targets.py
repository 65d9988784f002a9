"""Every make target that a document names exists."""

import re

from tests.docs.documents import ROOT
from tests.docs.test_links import own_documents

NAMED = re.compile(r"(?:^|`|^[A-Z_]+=\S+ )make ([a-z]+(?:-[a-z]+)*)\b", re.MULTILINE)


def named_targets() -> list[str]:
    return sorted({name for path in own_documents() for name in NAMED.findall(path.read_text(encoding="utf-8"))})


def test_documents_name_targets() -> None:
    assert {"demo", "test"} <= set(named_targets())


def test_targets_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert [name for name in named_targets() if not re.search(rf"^{name}\s*:(?!=)", makefile, re.MULTILINE)] == []
