"""The domain reads no clock, no random source, no environment and no AWS: `now` and random bytes are arguments."""

import ast

import pytest

from tests.structure.sources import sources

FORBIDDEN_PACKAGES = {
    *("boto3", "botocore", "pynamodb", "chalice", "aws_lambda_powertools", "requests", "httpx", "urllib", "socket"),
    *("os", "sys", "subprocess", "random", "secrets", "time", "logging", "threading", "asyncio"),
}

FORBIDDEN_CALLS = {
    "now",
    "utcnow",
    "today",
    "uuid1",
    "uuid4",
    "uuid7",
    "urandom",
    "getenv",
    "open",
    "print",
    "fromtimestamp",
}


def impurities(tree: ast.AST, packages: set[str]) -> set[str]:
    """Return the packages and calls by which a module depends on, or changes, the outside world."""
    calls = {
        node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and not _is_open_of_an_argument(node.func)
    }
    return packages & FORBIDDEN_PACKAGES | calls & FORBIDDEN_CALLS


def _is_open_of_an_argument(function: ast.expr) -> bool:
    """Whether the call opens a member of an archive that is already open."""
    return isinstance(function, ast.Attribute) and function.attr == "open"


def test_the_domain_is_pure() -> None:
    domain = sources("chalicelib/domain")
    assert domain
    assert {each.path: found for each in domain if (found := impurities(each.tree, each.imported_packages()))} == {}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("from datetime import datetime\ndatetime.now()", {"now"}),
        ("import os\nos.environ['X']", {"os"}),
        ("from time import time", {"time"}),
        ("def f():\n    import boto3", {"boto3"}),
        ("open('x')", {"open"}),
        ("package.open('x')", set()),
    ],
)
def test_impurities_are_detected(text: str, found: set[str]) -> None:
    tree = ast.parse(text)
    packages = {
        name.partition(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, (ast.Import, ast.ImportFrom))
        for name in ([node.module or ""] if isinstance(node, ast.ImportFrom) else [each.name for each in node.names])
    }
    assert impurities(tree, packages) == found
