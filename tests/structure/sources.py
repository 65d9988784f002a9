"""The repository's files, and the syntax trees of its Python files; nothing is imported."""

import ast
import subprocess
from functools import cache
from pathlib import Path
from typing import Final

__all__ = ["PACKAGES", "ROOT", "Source", "files", "sources"]

ROOT: Final = Path(__file__).parents[2]

PACKAGES: Final = {
    "app": "app",
    "chalicelib": "chalicelib",
    "infra": "infra",
    "jupyter_scheduler_aws": "jupyter_scheduler_aws",
    "local_cloud": "local_cloud",
    "runner": "runner_container/runner",
}
"""The project's packages and their folders."""


class Source:
    """A Python file."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.text = (ROOT / path).read_text(encoding="utf-8")
        self.tree = ast.parse(self.text, filename=path)

    def __repr__(self) -> str:
        return self.path

    @property
    def module(self) -> str:
        """The name under which it is imported."""
        path = self.path.removeprefix("runner_container/").removesuffix(".py").removesuffix("/__init__")
        return path.replace("/", ".")

    @property
    def imports(self) -> set[str]:
        """Modules that it imports anywhere; `from a import b` counts as `a` and `a.b`."""
        found: set[str] = set()
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                found |= {each.name for each in node.names}
            elif isinstance(node, ast.ImportFrom):
                module = f"{'.' * node.level}{node.module or ''}"
                found |= {module, *(f"{module}.{each.name}" for each in node.names)}
            elif isinstance(node, ast.Call) and _name_of(node.func) in ("import_module", "__import__"):
                found |= {str(each.value) for each in node.args[:1] if isinstance(each, ast.Constant)}
        return found

    def imported_packages(self) -> set[str]:
        """Return the top-level packages that it imports."""
        return {name.partition(".")[0] for name in self.imports}


def _name_of(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


@cache
def files() -> tuple[str, ...]:
    """Return the paths of all files that git tracks or would add, relative to the root."""
    command = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split("\0")
    return tuple(sorted({path for path in listed if path and (ROOT / path).is_file()}))


@cache
def sources(folder: str = "") -> tuple[Source, ...]:
    """Return the Python files of a folder, or of the whole repository."""
    prefix = f"{folder}/" if folder else ""
    return tuple(Source(path) for path in files() if path.startswith(prefix) and path.endswith(".py"))
