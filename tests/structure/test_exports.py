"""Each module says what it is for others: `__all__`, sorted, and true."""

import ast
from pathlib import PurePosixPath

import pytest

from tests.structure.sources import PACKAGES, Source, sources

MODULES = [source for folder in PACKAGES.values() for source in sources(folder)]


def exports(source: Source) -> list[str] | None:
    """Read `__all__`; None if there is none."""
    for node in source.tree.body:
        target = (
            node.targets[0]
            if isinstance(node, ast.Assign)
            else node.target
            if isinstance(node, ast.AnnAssign)
            else None
        )
        value = node.value if isinstance(node, (ast.Assign, ast.AnnAssign)) else None
        if isinstance(target, ast.Name) and target.id == "__all__" and value is not None:
            return list(ast.literal_eval(value))
    return None


def names(source: Source) -> set[str]:
    """Name everything that stands in a module: what it defines, assigns and imports."""
    found: set[str] = set()
    for node in ast.walk(source.tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            found.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            found |= {each.asname or each.name for each in node.names}
    return found


def order(name: str) -> tuple[int, str]:
    """Constants, then classes, then everything else."""
    return (0 if name.isupper() else 1 if name.lstrip("_")[:1].isupper() else 2, name)


@pytest.mark.parametrize("source", MODULES, ids=str)
def test_a_module_says_what_it_exports(source: Source) -> None:
    exported = exports(source)
    only_words = PurePosixPath(source.path).name == "__init__.py" and len(source.tree.body) <= 1
    if exported is None:
        assert only_words, f"{source.path} has no __all__"
        return
    assert exported == sorted(set(exported), key=order)
    assert set(exported) <= names(source), "it exports what it does not have"


EXPORTS = {source.module: exports(source) or [] for source in MODULES}


@pytest.mark.parametrize("source", MODULES, ids=str)
def test_a_module_imports_only_what_another_exports(source: Source) -> None:
    taken = {
        f"{node.module}.{each.name}"
        for node in ast.walk(source.tree)
        if isinstance(node, ast.ImportFrom) and node.module in EXPORTS
        for each in node.names
        if each.name not in EXPORTS[node.module] and f"{node.module}.{each.name}" not in EXPORTS
    }
    assert taken == set()
