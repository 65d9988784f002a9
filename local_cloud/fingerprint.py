"""Fingerprint the inputs of the deployed stack, so that a deployment without changes is skipped."""

import hashlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from local_cloud.paths import ROOT

__all__ = ["fingerprint"]

_FOLDERS: Final = ("app", "chalicelib", "infra")
_FILES: Final = ("cdk.json", "package-lock.json", "requirements/dev.txt", "requirements/function.txt", "scheduler.toml")


def fingerprint(root: Path = ROOT) -> str:
    """Return a digest of the names and contents of all inputs of the stack, and of the Python version that it is bundled for."""
    digest = hashlib.sha256(sys.version.encode())
    for path in sorted(_inputs(root)):
        content = path.read_bytes()
        digest.update(f"\0{path.relative_to(root)}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


def _inputs(root: Path) -> Iterator[Path]:
    for folder in _FOLDERS:
        yield from (path for path in (root / folder).rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    yield from (root / name for name in _FILES if (root / name).exists())
