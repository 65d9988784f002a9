"""Every relative link in every document leads to a file, and its fragment to a heading."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.docs.documents import ROOT, anchors

LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


def own_documents() -> list[Path]:
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    return [ROOT / name for name in listed if (ROOT / name).exists()]


def relative_links(document: Path) -> list[str]:
    text = FENCED.sub("", document.read_text(encoding="utf-8"))
    return [link for link in LINK.findall(text) if "://" not in link]


def is_there(target: Path) -> bool:
    """Say whether a clone has the target: git keeps no empty folders."""
    return any(target.iterdir()) if target.is_dir() else target.exists()


def test_there_are_documents_and_links() -> None:
    links = [link for document in own_documents() for link in relative_links(document)]
    assert {"settings.md", "docs/flow.svg"} <= set(links)


@pytest.mark.parametrize("document", own_documents(), ids=lambda path: str(path.relative_to(ROOT)))
def test_relative_links_lead_somewhere(document: Path) -> None:
    broken = []
    for link in relative_links(document):
        name, _, fragment = link.partition("#")
        target = document.parent / name if name else document
        if not is_there(target) or (fragment and fragment not in anchors(target)):
            broken.append(link)
    assert not broken
