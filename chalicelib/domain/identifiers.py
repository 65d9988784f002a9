"""Names that everything else is found by: ids, S3 keys, index keys, codes."""

import hashlib
import re
import uuid
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath
from typing import Final, Self

from chalicelib.domain.timestamps import to_millis

__all__ = [
    "LIVE_SHARDS",
    "RunId",
    "definition_prefix",
    "input_key",
    "is_id",
    "job_prefix",
    "live_shard",
    "new_job_id",
    "output_key",
    "output_prefix",
    "output_stem",
    "owner_slug",
    "snapshot_key",
    "tick_job_id",
    "upload_key",
]

LIVE_SHARDS: Final = 4
"""Partitions of the index of live jobs: each takes 1,000 writes a second, and counting the live jobs is one Query a partition."""

_ID: Final = re.compile("[0-9A-Za-z-]{1,200}")
"""Ids of jobs and definitions are UUIDs, those of owners a slug and a hash, attempts are numbers: all of them have fewer than 50
characters, of which a URL, an S3 key and a DynamoDB key, of up to 1,024 bytes, take each as it is."""

_ATTEMPT: Final = re.compile("[0-9]{1,9}")
_SLUG_LENGTH: Final = 24
_HASH_LENGTH: Final = 20
"""Hex digits of the principal's hash in an owner id: 80 bits, so nobody can find a principal that collides with another's."""


@dataclass(frozen=True)
class RunId:
    """The address of a run in paths, task tags and messages."""

    owner_id: str
    job_id: str
    attempt: int

    def __str__(self) -> str:
        return f"{self.owner_id}/{self.job_id}/{self.attempt}"

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Read a run id back, as from a task's `startedBy`; None if it is none of ours."""
        owner_id, _, rest = text.partition("/")
        job_id, _, attempt = rest.partition("/")
        if not (_ID.fullmatch(owner_id) and _ID.fullmatch(job_id) and _ATTEMPT.fullmatch(attempt)):
            return None
        return cls(owner_id, job_id, int(attempt))


def is_id(text: str) -> bool:
    """Whether a text can be an id of an owner, a job, a definition or an attempt: what cannot is looked up nowhere."""
    return _ID.fullmatch(text) is not None


def new_job_id(now: datetime, randomness: bytes) -> str:
    """Make a UUIDv7 (RFC 9562, section 5.7) of an instant and 10 random bytes: ids sort by creation time."""
    value = to_millis(now) << 80 | int.from_bytes(randomness[:10], "big")
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return str(uuid.UUID(int=value))


def owner_slug(principal: str, display: str) -> str:
    """Make an owner id, safe in URLs and S3 keys, of a verified principal and a name to recognise it by."""
    readable = re.sub(r"[^a-z0-9]+", "-", display.lower()).strip("-")[:_SLUG_LENGTH].strip("-")
    digest = hashlib.sha256(principal.encode()).hexdigest()[:_HASH_LENGTH]
    return f"{readable or 'user'}-{digest}"


def upload_key(owner_id: str, upload_id: str) -> str:
    """Where a snapshot is uploaded to; it expires there in a day."""
    return f"uploads/{owner_id}/{upload_id}"


def job_prefix(owner_id: str, job_id: str) -> str:
    """Everything of a job in S3."""
    return f"jobs/{owner_id}/{job_id}/"


def input_key(owner_id: str, job_id: str, *, packaged: bool) -> str:
    """Where the job's own copy of the snapshot is."""
    return f"{job_prefix(owner_id, job_id)}input.{'zip' if packaged else 'ipynb'}"


def definition_prefix(owner_id: str, definition_id: str) -> str:
    """Everything of a definition in S3."""
    return f"definitions/{owner_id}/{definition_id}/"


def snapshot_key(owner_id: str, definition_id: str, snapshot_id: str, *, packaged: bool) -> str:
    """Where one of a definition's snapshots is; each edit makes another."""
    return f"{definition_prefix(owner_id, definition_id)}{snapshot_id}.{'zip' if packaged else 'ipynb'}"


def tick_job_id(definition_id: str, due: datetime) -> str:
    """Make the id of the job of one tick: the same however often the tick comes, and in order of the due minutes."""
    return new_job_id(due, hashlib.sha256(f"{definition_id}|{to_millis(due)}".encode()).digest())


def output_prefix(run_id: RunId) -> str:
    """Where an attempt's outputs are."""
    return f"{job_prefix(run_id.owner_id, run_id.job_id)}outputs/{run_id.attempt}/"


def output_key(run_id: RunId, file_format: str, path: str) -> str:
    """Where one output is: its format is the first folder under the attempt."""
    return f"{output_prefix(run_id)}{file_format}/{path}"


def output_stem(input_filename: str, create_time: datetime) -> str:
    """Name of outputs without suffix, as the stock scheduler names them (there in the server's zone; here always UTC)."""
    return f"{PurePosixPath(input_filename).stem}-{create_time:%Y-%m-%d-%I-%M-%S-%p}"


def live_shard(job_id: str) -> str:
    """Which partition of the index of live jobs a job is in."""
    return str(int(job_id[-1], 16) % LIVE_SHARDS)
