"""Sphinx builds the documents as a site: `make docs`. Every page is also readable as plain Markdown in the repository."""
# ruff: noqa: INP001  Sphinx reads it by its path

import re
import tomllib
from pathlib import Path
from typing import Any, Final

_ROOT: Final = Path(__file__).parents[1]

project = "jupyter-scheduler-aws"
author = "The contributors to jupyter-scheduler-aws"
release = tomllib.loads((_ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]

extensions = ["myst_parser", "sphinxcontrib.mermaid"]
myst_heading_anchors = 4  # as repositories do
myst_fence_as_directive = ["mermaid"]

html_theme = "pydata_sphinx_theme"
html_title = project
html_show_copyright = False
html_copy_source = False
html_show_sourcelink = False
html_theme_options = {
    "show_toc_level": 2,
    "secondary_sidebar_items": ["page-toc"],
}

_FRONT_PAGE: Final = re.compile(r"\]\((?:\.\./)+(CHANGELOG|CONTRIBUTING|SECURITY)\.md")
"""A link to one of the repository's front pages, which the site includes below `developers`."""


def _link_to_included_pages(_app: Any, _docname: str, source: list[str]) -> None:
    source[0] = _FRONT_PAGE.sub(r"](/developers/\1.md", source[0])


def setup(app: Any) -> dict[str, bool]:
    """Make links to the repository's front pages lead to their copies in the site."""
    app.connect("source-read", _link_to_included_pages)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
