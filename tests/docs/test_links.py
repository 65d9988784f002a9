"""Relative links in documents are not broken, and neither are their fragments."""

import re
import subprocess
from pathlib import Path

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


def exists_in_clone(target: Path) -> bool:
    """Return whether a clone contains the target; git does not track empty folders."""
    return any(target.iterdir()) if target.is_dir() else target.exists()


def test_documents_have_links() -> None:
    links = [link for document in own_documents() for link in relative_links(document)]
    assert {"settings.md", "docs/users/images/panel.png"} <= set(links)


def is_broken(document: Path, link: str) -> bool:
    """Return whether a relative link's target, or the heading that it names, is missing."""
    name, _, fragment = link.partition("#")
    target = document.parent / name if name else document
    return not exists_in_clone(target) or bool(fragment and fragment not in anchors(target))


def test_relative_links_are_not_broken() -> None:
    links = [(document, link) for document in own_documents() for link in relative_links(document)]
    assert [(str(document), link) for document, link in links if is_broken(document, link)] == []


def test_broken_links_are_detected() -> None:
    readme = ROOT / "README.md"
    assert is_broken(readme, "docs/no-such-page.md")
    assert is_broken(readme, "docs/architecture.md#no-such-heading")
    assert not is_broken(readme, "docs/architecture.md#words")
