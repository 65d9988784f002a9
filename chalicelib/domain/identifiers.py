"""Identifiers: ids, S3 keys and index keys."""

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
    "make_owner_id",
    "new_job_id",
    "output_key",
    "output_prefix",
    "output_stem",
    "outputs_prefix",
    "result_key",
    "snapshot_key",
    "tick_job_id",
    "upload_key",
]

LIVE_SHARDS: Final = 4
"""Partitions of the index of live jobs. Each takes 1,000 writes per second; counting live jobs takes one Query per partition."""

_ID: Final = re.compile("[0-9A-Za-z-]{1,200}")
"""Ids of jobs and definitions are UUIDs, ids of owners a slug and a hash, attempts are numbers. All have fewer than 50 characters,
and need no escaping in a URL, an S3 key or a DynamoDB key (of up to 1,024 bytes)."""

_ATTEMPT: Final = re.compile("[0-9]{1,9}")
_SLUG_LENGTH: Final = 24
_HASH_LENGTH: Final = 20
"""Hex digits of the principal's hash in an owner id: 80 bits, so that nobody can find a second principal with the same hash."""

_NAME_BYTES: Final = 255
"""The longest file name on common file systems (NAME_MAX of Linux and macOS; NTFS has 255 UTF-16 units)."""
_SUFFIX_BYTES: Final = 35
"""Space for what follows the stem in names of outputs, such as `_1234_12.jpeg` for images of Markdown and `-more-files.zip`."""


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
        """Parse a run id, for example from a task's `startedBy`. Return None if it is not a run id of this service."""
        owner_id, _, rest = text.partition("/")
        job_id, _, attempt = rest.partition("/")
        if not (_ID.fullmatch(owner_id) and _ID.fullmatch(job_id) and _ATTEMPT.fullmatch(attempt)):
            return None
        return cls(owner_id, job_id, int(attempt))


def is_id(text: str) -> bool:
    """Check whether a text can be the id of an owner, a job, a definition or an attempt. Other texts are never looked up."""
    return _ID.fullmatch(text) is not None


def new_job_id(now: datetime, randomness: bytes) -> str:
    """Make a UUIDv7 (RFC 9562, section 5.7) from an instant and 10 random bytes. Such ids sort by creation time."""
    value = to_millis(now) << 80 | int.from_bytes(randomness[:10], "big")
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return str(uuid.UUID(int=value))


def make_owner_id(principal: str, display: str) -> str:
    """Make an owner id, safe in URLs and S3 keys, from a verified principal and a name that people recognize."""
    readable = re.sub(r"[^a-z0-9]+", "-", display.lower()).strip("-")[:_SLUG_LENGTH].strip("-")
    digest = hashlib.sha256(principal.encode()).hexdigest()[:_HASH_LENGTH]
    return f"{readable or 'user'}-{digest}"


def upload_key(owner_id: str, upload_id: str) -> str:
    """Return the key for an uploaded snapshot. It expires after a day."""
    return f"uploads/{owner_id}/{upload_id}"


def job_prefix(owner_id: str, job_id: str) -> str:
    """Return the prefix of everything that belongs to a job in S3."""
    return f"jobs/{owner_id}/{job_id}/"


def input_key(owner_id: str, job_id: str, *, packaged: bool) -> str:
    """Return the key of the job's own copy of the snapshot."""
    return f"{job_prefix(owner_id, job_id)}input.{'zip' if packaged else 'ipynb'}"


def definition_prefix(owner_id: str, definition_id: str) -> str:
    """Return the prefix of everything that belongs to a definition in S3."""
    return f"definitions/{owner_id}/{definition_id}/"


def snapshot_key(owner_id: str, definition_id: str, snapshot_id: str, *, packaged: bool) -> str:
    """Return the key of one of a definition's snapshots. Each edit of the notebook makes another one."""
    return f"{definition_prefix(owner_id, definition_id)}{snapshot_id}.{'zip' if packaged else 'ipynb'}"


def tick_job_id(definition_id: str, due: datetime) -> str:
    """Make the id of a tick's job. It is the same however often the tick is delivered, and ids sort by due time."""
    return new_job_id(due, hashlib.sha256(f"{definition_id}|{to_millis(due)}".encode()).digest())


def outputs_prefix(owner_id: str, job_id: str) -> str:
    """Return the prefix of the outputs of a job: one folder for each attempt that has some."""
    return f"{job_prefix(owner_id, job_id)}outputs/"


def output_prefix(run_id: RunId) -> str:
    """Return the prefix of an attempt's outputs."""
    return f"{outputs_prefix(run_id.owner_id, run_id.job_id)}{run_id.attempt}/"


def result_key(run_id: RunId) -> str:
    """Return the key of an attempt's result object. It is not below the outputs, so no list of files contains it."""
    return f"{job_prefix(run_id.owner_id, run_id.job_id)}results/{run_id.attempt}.json"


def output_key(run_id: RunId, file_format: str, path: str) -> str:
    """Return the key of one output. The first folder below the attempt is its format."""
    return f"{output_prefix(run_id)}{file_format}/{path}"


def output_stem(input_filename: str, create_time: datetime) -> str:
    """Return the name of outputs without suffix, as in the stock scheduler (which uses the server's time zone; this service uses UTC).

    The notebook's name is shortened if it is so long that a file system could not store the name of an output.
    """
    stamp = f"-{create_time:%Y-%m-%d-%I-%M-%S-%p}"
    most = _NAME_BYTES - _SUFFIX_BYTES - len(stamp)
    return PurePosixPath(input_filename).stem.encode()[:most].decode(errors="ignore") + stamp


def live_shard(job_id: str) -> str:
    """Return the partition of the index of live jobs that contains a job."""
    return str(int(job_id[-1], 16) % LIVE_SHARDS)
