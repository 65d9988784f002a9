"""Nothing reads a file beside the repository: a clone with nothing around it is enough.

`.ci/run` proves it, for it tests a clone in an empty folder; these tests name the line.
"""

import ast
import re
from collections.abc import Mapping
from pathlib import PurePosixPath

import pytest

from tests.structure.sources import ROOT, Source, files, sources

ROOTS = ("ROOT", "_ROOT")
"""Names that modules give to the repository's root, and import from each other."""

UPWARD = re.compile(r"(?<![\w.])\.\.(?:/\.\.)*(?![\w.])")
"""A relative path's way up, such as `../..`."""


def depth(node: ast.expr, known: Mapping[str, int]) -> int | None:
    """Count the folders from the root down to a path expression: 0 at the root, negative outside, None if unknown."""
    match node:
        case ast.Name(id=name):
            return known.get(name)
        case ast.Call(func=ast.Name(id="Path" | "str"), args=[inner]):
            return depth(inner, known)
        case ast.Call(func=ast.Attribute(value=inner, attr="resolve" | "absolute")):
            return depth(inner, known)
        case ast.Attribute(value=inner, attr="parent"):
            return moved(depth(inner, known), -1)
        case ast.Subscript(value=ast.Attribute(value=inner, attr="parents"), slice=ast.Constant(value=int(number))):
            return moved(depth(inner, known), -number - 1)
        case ast.BinOp(left=inner, op=ast.Div(), right=ast.Constant(value=str(name))):
            return moved(depth(inner, known), *(-1 if part == ".." else 1 for part in PurePosixPath(name).parts))
    return None


def moved(start: int | None, *steps: int) -> int | None:
    """Go down from a depth, or up, step by step; what is outside stays outside."""
    for step in steps:
        start = start if start is None or start < 0 else start + step
    return start


def paths_outside(path: str, tree: ast.Module) -> set[str]:
    """Find the expressions of a module that lead out of the repository."""
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
    """Find the lines of a file in which a relative path goes up further than to the root."""
    most = len(PurePosixPath(path).parts) - 1
    return {
        f"{path}:{number}"
        for number, line in enumerate(text.splitlines(), 1)
        if any(way.count("..") > most for way in UPWARD.findall(line))
    }


@pytest.mark.parametrize("source", sources(), ids=str)
def test_no_module_reads_beside_the_repository(source: Source) -> None:
    assert paths_outside(source.path, source.tree) == set()


@pytest.mark.parametrize("path", [path for path in files() if not path.endswith((".py", ".png"))])
def test_no_other_file_leads_out_of_the_repository(path: str) -> None:
    assert lines_outside(path, (ROOT / path).read_text(encoding="utf-8", errors="replace")) == set()


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
def test_a_path_outside_would_be_seen(text: str) -> None:
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
def test_a_path_inside_may_be_read(text: str) -> None:
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
def test_lines_that_lead_outside_would_be_seen(path: str, line: str, *, is_outside: bool) -> None:
    assert bool(lines_outside(path, line)) is is_outside
