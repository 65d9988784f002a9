"""The documents show the pictures that the browser suite takes, and no others."""

import ast
import re
from collections.abc import Iterator
from typing import Final

from tests.docs.documents import ROOT
from tests.docs.test_links import own_documents
from tests.structure.sources import sources

FOLDER: Final = ROOT / "docs" / "users" / "images"
MOST_BYTES: Final = 1_500_000
"""Of all pictures together."""

SHOWN: Final = re.compile(r"!\[([^\]]*)\]\((?:(?:docs/)?users/)?images/([\w-]+)\.png\)")


def taken(tree: ast.AST) -> Iterator[str]:
    """Yield the names in a module's calls of `pictures.take("name", …)`."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id="pictures"), attr="take"), args=[ast.Constant(value=str(name)), *_]
            ):
                yield name


def shown() -> list[tuple[str, str]]:
    """Return the description and name of each picture in README.md and the user's guide."""
    return [found for page in own_documents() for found in SHOWN.findall(page.read_text(encoding="utf-8"))]


def all_taken() -> list[str]:
    return [name for source in sources("tests/browser") for name in taken(source.tree)]


def test_each_picture_is_taken_once() -> None:
    assert len(all_taken()) == len(set(all_taken()))


def test_documents_show_what_the_suite_takes() -> None:
    assert {name for _, name in shown()} == set(all_taken())


def test_pictures_are_there_and_no_old_ones() -> None:
    assert {path.stem for path in FOLDER.iterdir()} == set(all_taken()), "run `make pictures`, or delete the rest"


def test_pictures_have_a_description() -> None:
    assert [name for description, name in shown() if len(description.split()) < 4] == []


def test_pictures_are_small() -> None:
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < MOST_BYTES


def test_takes_are_found() -> None:
    text = 'pictures.take("a", form)\nlab.camera.take("b")\non.pictures.take(name)\n'
    assert list(taken(ast.parse(text))) == ["a"]
