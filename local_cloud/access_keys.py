"""Create and read the access keys of a local cloud: random, created once, readable by this user only."""

import json
import os
import secrets
import string
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final

__all__ = ["AccessKey", "administrator_key", "read_key", "write_key"]

_ALPHABET: Final = string.ascii_uppercase + "234567"
"""Access key ids are base32."""


@dataclass(frozen=True, kw_only=True)
class AccessKey:
    """An access key of AWS, which signs requests."""

    key_id: str
    secret: str = field(repr=False)

    @property
    def environment(self) -> dict[str, str]:
        """The variables that AWS tools and libraries read."""
        return {"AWS_ACCESS_KEY_ID": self.key_id, "AWS_SECRET_ACCESS_KEY": self.secret}


def administrator_key(path: Path) -> AccessKey:
    """Return the key of the emulated account's root user; create it for a new local cloud."""
    if not path.exists():
        key_id = "AKIA" + "".join(secrets.choice(_ALPHABET) for _ in range(16))
        write_key(path, AccessKey(key_id=key_id, secret=secrets.token_urlsafe(30)))
    return read_key(path)


def read_key(path: Path) -> AccessKey:
    """Read a key.

    Raises
    ------
    OSError
        If the file does not exist.
    """
    return AccessKey(**json.loads(path.read_text(encoding="utf-8")))


def write_key(path: Path, key: AccessKey) -> None:
    """Write a key to a file that only this user can read."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        json.dump(asdict(key), file)
