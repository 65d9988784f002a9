"""Record which permissions each principal needed while a local cloud ran, and whether they were granted."""

import json
import re
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

__all__ = ["Evaluation", "PermissionRecord", "read_record"]

_SESSION: Final = re.compile(r"arn:aws:sts::\d+:assumed-role/(?P<role>[^/]+)/.+")
_IDENTIFIERS: Final = re.compile(r"(?<=[/:])(?:[0-9a-f]{16,}|[0-9a-f]{8}-[0-9a-f-]{27}(?:-\d+)?)(?=/|$)")
"""Ids of tasks, jobs, definitions and their schedules: the record replaces each by `*`."""

_OBJECT: Final = re.compile(r"(arn:aws:s3:::[^/]+/[^/]+/).+")
"""Objects are recorded by bucket and first part of their key, which policies distinguish."""


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """One kind of call by one principal."""

    principal: str
    """The name of a role, or the ARN of another principal."""

    action: str
    resource: str
    """The ARN with `*` instead of ids."""

    allowed: bool
    count: int


class PermissionRecord:
    """Count evaluations; another process can read the saved record.

    Parameters
    ----------
    path
        The file of the record; an existing record is continued.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._counts: Counter[tuple[str, str, str, bool]] = Counter()
        for earlier in read_record(path) if path.exists() else ():
            self._counts[(earlier.principal, earlier.action, earlier.resource, earlier.allowed)] = earlier.count

    def add(self, principal_arn: str, action: str, resource: str, *, allowed: bool) -> None:
        """Count one evaluation."""
        session = _SESSION.fullmatch(principal_arn)
        principal = session["role"] if session else principal_arn
        with self._lock:
            self._counts[(principal, action, _general(resource), allowed)] += 1

    def save(self) -> None:
        """Write all counts; the file is replaced atomically."""
        with self._lock:
            rows = [[*key, count] for key, count in sorted(self._counts.items())]
        temporary = self._path.with_suffix(".tmp")
        temporary.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
        temporary.replace(self._path)


def _general(resource: str) -> str:
    return _IDENTIFIERS.sub("*", _OBJECT.sub(r"\1*", resource))


def read_record(path: Path) -> Iterator[Evaluation]:
    """Read a saved record."""
    for line in path.read_text(encoding="utf-8").splitlines():
        principal, action, resource, allowed, count = json.loads(line)
        yield Evaluation(principal=principal, action=action, resource=resource, allowed=allowed, count=count)
