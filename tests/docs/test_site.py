"""The pages form a site with three entrances: nothing is an orphan, in the repository or in the site."""

import re
from pathlib import Path
from typing import Final

from tests.docs.documents import ROOT
from tests.docs.test_links import relative_links
from tests.structure.sources import files

DOCS: Final = ROOT / "docs"
ENTRANCES: Final = tuple(DOCS / name / "index.md" for name in ("users", "operators", "developers"))
TOCTREE: Final = re.compile(r"^```\{toctree\}\n(.*?)^```", re.MULTILINE | re.DOTALL)
INCLUDED: Final = {"CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md"}
"""Pages of the repository's root that a page of the site includes; in the repository, nobody reads that page."""

NAMED: Final = re.compile(r"(?<![\w/.-])docs/[\w./-]*?(?:\.(?:md|png|svg)\b|decisions/\d{4})")
EXAMPLES: Final = {"tests/docs/test_links.py", "tests/docs/test_site.py", "tests/structure/test_files.py"}
"""Files that name documents that do not exist, to test that this is detected."""


def linked(page: Path) -> set[Path]:
    """Return the files that a page links to."""
    targets = {(page.parent / link.partition("#")[0]).resolve() for link in relative_links(page)}
    return {target for target in targets if target.is_file()}


def reachable(start: Path) -> set[Path]:
    """Return the Markdown pages that links lead to from a page, in any number of steps."""
    found, new = {start}, [start]
    while new:
        pages = {target for target in linked(new.pop()) if target.suffix == ".md"} - found
        found |= pages
        new += pages
    return found


def entries(page: Path) -> set[Path]:
    """Return the pages in the table of contents of a page."""
    [block] = TOCTREE.findall(page.read_text(encoding="utf-8"))
    patterns = [line for line in block.splitlines() if line and not line.startswith(":")]
    folders = {pattern: page.parent / pattern for pattern in patterns}
    return {path.resolve() for folder in folders.values() for path in folder.parent.glob(f"{folder.name}.md")}


def pages() -> set[Path]:
    """Return the pages that are read in the repository."""
    found = {ROOT / path for path in files() if path.startswith("docs/") and path.endswith(".md")}
    return {page for page in found if page.name not in INCLUDED}


def test_every_page_is_reachable_from_each_start() -> None:
    assert pages() - reachable(ROOT / "README.md") == set()
    assert pages() - reachable(DOCS / "index.md") == set()


def test_the_front_page_leads_to_the_entrances() -> None:
    for front in (ROOT / "README.md", DOCS / "index.md"):
        assert set(ENTRANCES) <= linked(front)


def test_each_entrance_links_to_what_its_table_of_contents_has() -> None:
    for page in (DOCS / "index.md", *ENTRANCES, DOCS / "decisions" / "README.md"):
        own = {target for target in linked(page) if target.suffix == ".md"}
        listed = {entry for entry in entries(page) if entry.name not in INCLUDED}
        missing = listed - own
        assert missing == set(), f"{page} does not link to {missing}"


def test_every_page_is_in_a_table_of_contents() -> None:
    starts = {DOCS / "index.md", *ENTRANCES, DOCS / "decisions" / "README.md"}
    listed = set().union(*map(entries, starts))
    assert pages() - listed == {DOCS / "index.md"}


def test_included_pages_are_the_repositorys() -> None:
    for name in INCLUDED:
        page = DOCS / "developers" / name
        assert page.read_text(encoding="utf-8").startswith(f"```{{include}} ../../{name}\n")
        assert page in entries(DOCS / "developers" / "index.md")


def documents_named(path: str) -> set[str]:
    """Return the documents that a file names by their path from the root."""
    return set(NAMED.findall((ROOT / path).read_bytes().decode("utf-8", errors="replace")))


def exists(name: str) -> bool:
    return (ROOT / name).is_file() or any(ROOT.glob(f"{name}-*.md"))


def test_documents_that_files_name_exist() -> None:
    missing = {
        (path, name) for path in files() if path not in EXAMPLES for name in documents_named(path) if not exists(name)
    }
    assert missing == set()


def test_missing_documents_are_detected() -> None:
    assert NAMED.findall("see docs/nowhere.md, docs/decisions/0030 and https://example.com/docs/x.md") == [
        "docs/nowhere.md",
        "docs/decisions/0030",
    ]
    assert not exists("docs/nowhere.md")
    assert exists("docs/decisions/0030")


def test_read_the_docs_builds_as_make_does() -> None:
    read_the_docs = (ROOT / ".readthedocs.yaml").read_text(encoding="utf-8")
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert "requirements: requirements/docs.txt" in read_the_docs
    assert "fail_on_warning: true" in read_the_docs
    assert "--fail-on-warning" in makefile
    assert "builder: dirhtml" in read_the_docs
    assert "--builder dirhtml" in makefile
