"""Documents of the service for a browser: the same JSON, with texts that cannot mislead a reader."""

from collections.abc import Mapping
from typing import Any, Final

from jupyter_scheduler_aws.sanitize import sanitize_text

__all__ = ["plain"]

_EXACT: Final = frozenset({"next_token"})
"""Fields that only come back to the service."""


def plain(value: Any) -> Any:
    """Sanitize all texts of a document, also the names in it."""
    if isinstance(value, str):
        return sanitize_text(value)
    if isinstance(value, Mapping):
        return {
            sanitize_text(str(name)): item if name in _EXACT and isinstance(item, str) else plain(item)
            for name, item in value.items()
        }
    return [plain(item) for item in value] if isinstance(value, (list, tuple)) else value
