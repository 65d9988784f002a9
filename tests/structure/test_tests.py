"""Tests use fakes of AWS, real kernels and real processes; they never patch the project itself."""

import ast

import pytest

from tests.structure.sources import PACKAGES, sources


def own_names(tree: ast.AST) -> set[str]:
    """Return the names that a test module imports from the project's packages."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] in PACKAGES:
            found |= {each.asname or each.name for each in node.names}
        elif isinstance(node, ast.Import):
            found |= {
                (each.asname or each.name).partition(".")[0]
                for each in node.names
                if each.name.partition(".")[0] in PACKAGES
            }
    return found


def replacements(tree: ast.AST) -> set[str]:
    """Return the calls that patch a part of the project, as `mock.patch` and `monkeypatch.setattr` do."""
    own = own_names(tree)
    return {
        ast.unparse(node)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and _patches(node.func) and node.args and _is_own(node.args[0], own)
    }


def _patches(function: ast.expr) -> bool:
    text = ast.unparse(function)
    return text.split(".")[-1] in ("setattr", "delattr", "patch") or text.endswith(("patch.object", "patch.multiple"))


def _is_own(target: ast.expr, own: set[str]) -> bool:
    if isinstance(target, ast.Constant):
        return str(target.value).partition(".")[0] in PACKAGES
    while isinstance(target, ast.Attribute):
        target = target.value
    return isinstance(target, ast.Name) and target.id in own


def test_tests_do_not_patch_the_project() -> None:
    assert {source.path: found for source in sources("tests") if (found := replacements(source.tree))} == {}


@pytest.mark.parametrize(
    "text",
    [
        "mock.patch('chalicelib.services.jobs.secrets')",
        "patch('runner.run.main')",
        "from chalicelib import factory\nmonkeypatch.setattr(factory, 'factory', None)",
        "import chalicelib.config\nmonkeypatch.setattr(chalicelib.config, 'x', 1)",
        "from infra import bundle as made\nmock.patch.object(made, 'x')",
        "monkeypatch.setattr('app.app.dispatch', 1)",
    ],
)
def test_patches_of_the_project_are_detected(text: str) -> None:
    assert len(replacements(ast.parse(text))) == 1


@pytest.mark.parametrize(
    "text", ["monkeypatch.setattr(os, 'name', 'x')", "monkeypatch.setenv('A', 'b')", "patch('os.x')"]
)
def test_patches_of_other_packages_are_allowed(text: str) -> None:
    assert replacements(ast.parse(text)) == set()
