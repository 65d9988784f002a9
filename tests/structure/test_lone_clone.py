"""The repository reads no file outside itself, so a clone alone is enough.

`.ci/run` tests a clone in an empty folder; if that fails, these tests name the line.
"""

import ast
import re
from collections.abc import Mapping
from pathlib import PurePosixPath

import pytest

from tests.structure.sources import ROOT, files, sources

ROOTS = ("ROOT", "_ROOT")
"""Names that modules use for the repository's root."""

UPWARD = re.compile(r"(?<![\w.])\.\.(?:/\.\.)*(?![\w.])")
"""The part of a relative path that leads up, such as `../..`."""


def depth(node: ast.expr, known: Mapping[str, int]) -> int | None:
    """Return how many folders below the root a path expression leads: 0 at the root, negative outside, None if unknown."""
    match node:
        case ast.Name(id=name):
            return known.get(name)
        case ast.Call(func=ast.Name(id="Path" | "str"), args=[inner]):
            return depth(inner, known)
        case ast.Call(func=ast.Attribute(value=inner, attr="resolve" | "absolute")):
            return depth(inner, known)
        case ast.Attribute(value=inner, attr="parent"):
            return apply_steps(depth(inner, known), -1)
        case ast.Subscript(value=ast.Attribute(value=inner, attr="parents"), slice=ast.Constant(value=int(number))):
            return apply_steps(depth(inner, known), -number - 1)
        case ast.BinOp(left=inner, op=ast.Div(), right=ast.Constant(value=str(name))):
            return apply_steps(depth(inner, known), *(-1 if part == ".." else 1 for part in PurePosixPath(name).parts))
    return None


def apply_steps(start: int | None, *steps: int) -> int | None:
    """Apply steps down (1) and up (-1) to a depth; a path that has left the root stays outside."""
    for step in steps:
        start = start if start is None or start < 0 else start + step
    return start


def paths_outside(path: str, tree: ast.Module) -> set[str]:
    """Return the expressions of a module that lead out of the repository."""
    known = {"__file__": len(PurePosixPath(path).parts), **dict.fromkeys(ROOTS, 0)}
    for node in tree.body:
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        )
        value = depth(node.value, known) if isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value else None
        known |= {each.id: value for each in targets if isinstance(each, ast.Name) and value is not None}
    found = [node for node in ast.walk(tree) if isinstance(node, ast.expr) and (depth(node, known) or 0) < 0]
    return {ast.unparse(node) for node in found}


def lines_outside(path: str, text: str) -> set[str]:
    """Return the lines of a file in which a relative path leads above the root."""
    most = len(PurePosixPath(path).parts) - 1
    return {
        f"{path}:{number}"
        for number, line in enumerate(text.splitlines(), 1)
        if any(way.count("..") > most for way in UPWARD.findall(line))
    }


def test_modules_read_no_file_outside_the_repository() -> None:
    assert {each.path: found for each in sources() if (found := paths_outside(each.path, each.tree))} == {}


def test_other_files_refer_to_no_file_outside_the_repository() -> None:
    others = [path for path in files() if not path.endswith((".py", ".png"))]
    assert others
    texts = {path: (ROOT / path).read_text(encoding="utf-8", errors="replace") for path in others}
    assert set().union(*(lines_outside(path, text) for path, text in texts.items())) == set()


@pytest.mark.parametrize(
    "text",
    [
        "ROOT.parent / 'shared'",
        "Path(__file__).parents[3]",
        "Path(__file__).resolve().parent.parent.parent.parent",
        "ROOT / '..' / 'shared'",
        "ROOT / 'tests/../../shared'",
        "_HERE: Final = Path(__file__).parent\nopen(_HERE / '../../../x')",
        "ROOT.parents[0]",
    ],
)
def test_paths_outside_are_detected(text: str) -> None:
    assert paths_outside("tests/contract/replay.py", ast.parse(text))


@pytest.mark.parametrize(
    "text",
    [
        "ROOT / 'tests' / 'data'",
        "Path(__file__).parents[2] / 'docs'",
        "ROOT / 'tests' / '..' / 'docs'",
        "target.parent.parent.parent.parent",
        "document.parents[9]",
    ],
)
def test_paths_inside_are_allowed(text: str) -> None:
    assert paths_outside("tests/contract/replay.py", ast.parse(text)) == set()


@pytest.mark.parametrize(
    ("path", "line", "is_outside"),
    [
        ("Makefile", "cp ../shared/x .", True),
        (".ci/run", 'cd "$(dirname "$0")/.."', False),
        (".ci/run", 'cp "$(dirname "$0")/../../shared/x" .', True),
        ("docs/index.md", "[changes](../CHANGELOG.md), and so on ...", False),
        ("docs/index.md", "[reference](../../shared/reference/README.md)", True),
        ("pyproject.toml", 'extend = ".."', True),
    ],
)
def test_lines_that_lead_outside_are_detected(path: str, line: str, *, is_outside: bool) -> None:
    assert bool(lines_outside(path, line)) is is_outside
