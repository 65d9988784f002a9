"""Idempotency tokens: whose they are, what they are for, and which requests are the same."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

__all__ = ["TokenSpace", "TokenUse", "digest"]


class TokenSpace(StrEnum):
    """What a token is for: the same one may name a job, a definition and a run of a definition."""

    JOB = "token"
    DEFINITION = "definition-token"
    RUN = "run-token"


@dataclass(frozen=True)
class TokenUse:
    """A token as one request brings it."""

    space: TokenSpace
    owner_id: str
    token: str
    fingerprint: str
    """Of all that the request asks for."""


def digest(fields: Mapping[str, object]) -> str:
    """Make a fingerprint of what a request asks for; the order of its fields is nothing to it."""
    return hashlib.sha256(json.dumps(fields, sort_keys=True, default=str).encode()).hexdigest()
