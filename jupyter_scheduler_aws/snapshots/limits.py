"""What the service takes, as it says itself."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

__all__ = ["NO_LIMITS", "SnapshotLimits"]


@dataclass(frozen=True, kw_only=True)
class SnapshotLimits:
    """The operator's `limits` on a snapshot. None where the service does not say, as older ones do not."""

    max_bytes: int | None = None
    """Of what is uploaded: a notebook, or a zip."""
    max_notebook_bytes: int | None = None
    """Of a notebook in a folder."""
    max_unpacked_bytes: int | None = None
    """Of a folder's files in all."""
    max_unpacked_files: int | None = None
    """Of a folder's files, and empty folders, which a zip holds like files."""

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Self:
        """Read the API's form, which is part of that of an upload."""
        return cls(
            max_bytes=int(document["max_bytes"]),
            max_notebook_bytes=_number(document.get("max_notebook_bytes")),
            max_unpacked_bytes=_number(document.get("max_unpacked_bytes")),
            max_unpacked_files=_number(document.get("max_unpacked_files")),
        )


NO_LIMITS: Final = SnapshotLimits()
"""Where no service is asked."""


def _number(value: Any) -> int | None:
    return None if value is None else int(value)
