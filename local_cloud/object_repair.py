"""Repair the files of S3 objects after SIGKILL: MiniStack writes the body of an object and then its description, a file beside it."""

import hashlib
import json
import os
from pathlib import Path
from typing import Any, Final

__all__ = ["repair_objects"]

_DESCRIPTION: Final = ".meta.json"
_TEMPORARY: Final = ".tmp"


def repair_objects(folder: Path) -> int:
    """Describe each body that is newer than its description; return their number.

    Call this before MiniStack loads the objects.

    Parameters
    ----------
    folder
        The folder of all buckets.
    """
    return sum(_repair(Path(parent) / name) for parent, _, names in os.walk(folder) for name in names)


def _repair(path: Path) -> bool:
    description = path.with_name(path.name + _DESCRIPTION)
    if not description.exists() or not _is_older(description, path):
        return False
    described: dict[str, Any] = json.loads(description.read_text(encoding="utf-8"))
    with path.open("rb") as body:
        digest = hashlib.file_digest(body, "md5").hexdigest()
    described.update(size=path.stat().st_size, etag=f'"{digest}"', checksums={})
    new = description.with_name(description.name + _TEMPORARY)
    new.write_text(json.dumps(described), encoding="utf-8")
    new.replace(description)
    return True


def _is_older(description: Path, body: Path) -> bool:
    """Compare times of change; their resolution is that of the system's clock tick, so also compare sizes."""
    if body.stat().st_mtime_ns > description.stat().st_mtime_ns:
        return True
    size = json.loads(description.read_text(encoding="utf-8")).get("size")
    return size is not None and size != body.stat().st_size
