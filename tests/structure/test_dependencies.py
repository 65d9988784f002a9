"""What a package imports is declared where it is installed from, and what is declared is used."""

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from typing import Final

from tests.structure.sources import PACKAGES, ROOT, Source, sources

GROUPS: Final = {
    "app": ["function"],
    "benchmarks": ["project", "dev", "runner"],
    "chalicelib": ["function"],
    "infra": ["infra", "function", "dev"],
    "jupyter_scheduler_aws": ["project"],
    "local_cloud": ["emulator", "dev"],
    "runner": ["runner"],
    "tests": ["project", "dev", "runner-test", "emulator"],
}
"""For each package, the dependency groups of the environments that it runs in; `project` stands for `project.dependencies`."""

PROVIDED: Final = {
    "boto3": "Lambda's runtime has it, so the function bundle leaves it out",
    "botocore": "Lambda's runtime has it, so the function bundle leaves it out",
}
"""Distributions that the functions import without declaring them."""

USED_WITHOUT_IMPORT: Final = {
    "tzdata": "zoneinfo reads it",
}
"""Declared distributions of `project` and `function` that no module imports."""

PARTS_OF: Final = {"pydantic-core": "pydantic"}
"""Distributions that another one pins exactly and documents as its part."""

PROVIDERS: Final = packages_distributions()

PROJECT: Final = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def declared(group: str) -> set[str]:
    """Return the distributions that a group declares, directly or through groups that it includes."""
    items = PROJECT["project"]["dependencies"] if group == "project" else PROJECT["dependency-groups"][group]
    found: set[str] = set()
    for item in items:
        found |= declared(item["include-group"]) if isinstance(item, dict) else {re.split(r"[^\w.-]", item)[0].lower()}
    return found


def imported_modules(tree: ast.AST) -> Iterator[str]:
    """Yield the top-level modules that a module imports at run time, that is outside `if TYPE_CHECKING:`."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield str(node.module).partition(".")[0]
        yield from imported_modules(node)


def distributions(source: Source) -> Iterator[set[str]]:
    """Yield, for each third-party module that a module imports, the distributions that may provide it."""
    own = PACKAGES.keys() | {"tests", "benchmarks"}
    for module in set(imported_modules(source.tree)) - own - sys.stdlib_module_names:
        names = {name.lower().replace("_", "-") for name in PROVIDERS.get(module, [module])}
        yield {PARTS_OF.get(name, name) for name in names}


def folder_of(package: str) -> str:
    return PACKAGES.get(package, package)


def test_imported_distributions_are_declared() -> None:
    undeclared = {
        (source.path, *sorted(names))
        for package, groups in GROUPS.items()
        for source in sources(folder_of(package))
        for names in distributions(source)
        if not names & (set().union(*map(declared, groups)) | (PROVIDED.keys() if "function" in groups else set()))
    }
    assert undeclared == set()


def test_declared_distributions_are_imported() -> None:
    for group, packages in {"project": ["jupyter_scheduler_aws"], "function": ["app", "chalicelib"]}.items():
        modules = [source for package in packages for source in sources(folder_of(package))]
        used = set().union(*(names for source in modules for names in distributions(source)))
        assert declared(group) - used == USED_WITHOUT_IMPORT.keys() & declared(group), group


def test_imports_for_type_checking_do_not_count() -> None:
    tree = ast.parse("import a\nif TYPE_CHECKING:\n    import b\ndef f():\n    from c.d import e\n")
    assert set(imported_modules(tree)) == {"a", "c"}
