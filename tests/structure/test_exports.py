"""Every module declares what it exports; ruff checks that `__all__` is sorted (RUF022) and that each name exists (F822)."""

import ast
from pathlib import PurePosixPath
from typing import Final

from tests.structure.sources import PACKAGES, Source, sources

MODULES: Final = [source for folder in PACKAGES.values() for source in sources(folder)]


def exports(source: Source) -> list[str] | None:
    """Return a module's `__all__`, or None if it has none."""
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


def is_empty_package(source: Source) -> bool:
    """Whether a module is an `__init__.py` with at most a docstring."""
    return PurePosixPath(source.path).name == "__init__.py" and len(source.tree.body) <= 1


EXPORTS: Final = {source.module: exports(source) or [] for source in MODULES}


def private_imports(source: Source) -> set[str]:
    """Return the names that a module imports from another module of the project without that module exporting them."""
    return {
        f"{node.module}.{each.name}"
        for node in ast.walk(source.tree)
        if isinstance(node, ast.ImportFrom) and node.module in EXPORTS
        for each in node.names
        if each.name not in EXPORTS[node.module] and f"{node.module}.{each.name}" not in EXPORTS
    }


def test_every_module_has_dunder_all() -> None:
    missing = [source.path for source in MODULES if exports(source) is None and not is_empty_package(source)]
    assert missing == []


def test_modules_import_only_exported_names() -> None:
    assert {source.path: found for source in MODULES if (found := private_imports(source))} == {}


def test_private_imports_are_detected() -> None:
    source = next(each for each in MODULES if each.module == "chalicelib.domain.job")
    source.tree.body.append(ast.parse("from chalicelib.errors import _no_such_name").body[0])
    try:
        assert private_imports(source) == {"chalicelib.errors._no_such_name"}
    finally:
        source.tree.body.pop()
