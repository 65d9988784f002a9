"""Idempotency tokens: their owner, their scope, and the fingerprint that identifies equal requests."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

__all__ = ["TokenSpace", "TokenUse", "digest"]


class TokenSpace(StrEnum):
    """What a token stands for. The same token may be used once in each space."""

    JOB = "token"
    DEFINITION = "definition-token"
    RUN = "run-token"


@dataclass(frozen=True)
class TokenUse:
    """The token of one request."""

    space: TokenSpace
    owner_id: str
    token: str
    fingerprint: str
    """Of everything that the request asks for."""


def digest(fields: Mapping[str, object]) -> str:
    """Return a fingerprint of the fields of a request. Their order does not matter."""
    return hashlib.sha256(json.dumps(fields, sort_keys=True, default=str).encode()).hexdigest()
