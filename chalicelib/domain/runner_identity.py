"""Authenticate runners: two factors at check-in, then a session token. Neither factor crosses the wire (docs/decisions/0030).

The *launch code* is made for one attempt. It is stored in the job's record and in the task's overrides, where everybody who can read the
account's resources sees it. The *runner key* is the stack's only secret; ECS injects it into each container. A container must prove both.
"""

import hashlib
import hmac
import re
from dataclasses import dataclass
from typing import Final

from chalicelib.domain.identifiers import RunId
from chalicelib.domain.job import Job

__all__ = [
    "CheckIn",
    "CheckInProof",
    "Session",
    "code_proof",
    "key_proof",
    "open_session",
    "session_token",
    "verify_check_in",
]

_TOKEN: Final = re.compile(r"(?P<instance_id>[0-9a-f]{32})\.[0-9a-f]{64}")


@dataclass(frozen=True, kw_only=True)
class CheckIn:
    """A request to check in, as a container sends it."""

    run_id: RunId
    launch: int
    instance_id: str
    key_proof: str
    code_proof: str

    @property
    def statement(self) -> str:
        """The text that both proofs sign."""
        return _statement(self.run_id, self.launch, self.instance_id)


@dataclass(frozen=True, kw_only=True)
class Session:
    """An authenticated runner instance. Its run may have ended nevertheless."""

    run_id: RunId
    instance_id: str


@dataclass(frozen=True, kw_only=True)
class CheckInProof:
    """Which factors a check-in has proven."""

    key: bool
    """Whether it knows the runner key."""
    code: bool
    """Whether it knows the launch code of the attempt that it names, and that attempt is the job's current one."""
    is_current: bool
    """Whether the job exists and is in the attempt that it names."""

    @property
    def is_suspicious(self) -> bool:
        """Whether exactly one factor is right: somebody may be using a leaked one.

        A container of an earlier attempt, or of a deleted job, is not suspicious: its key is right, but no record contains its code any more.
        """
        return self.is_current and self.key != self.code


def key_proof(runner_key: str, run_id: RunId, launch: int, instance_id: str) -> str:
    """Return the proof of the runner key for one instance of one launch."""
    return _hmac(runner_key, _statement(run_id, launch, instance_id))


def code_proof(launch_code: str, run_id: RunId, launch: int, instance_id: str) -> str:
    """Return the proof of the launch code for one instance of one launch."""
    return _hmac(launch_code, _statement(run_id, launch, instance_id))


def verify_check_in(check_in: CheckIn, runner_key: str, job: Job | None) -> CheckInProof:
    """Verify a check-in against the job that it names, in constant time."""
    launch_code = job.launch_code if job is not None and job.attempt == check_in.run_id.attempt else None
    right_code = _same(check_in.code_proof, _hmac(launch_code or runner_key, check_in.statement))
    return CheckInProof(
        key=_same(check_in.key_proof, _hmac(runner_key, check_in.statement)),
        code=right_code and bool(launch_code),
        is_current=bool(launch_code),
    )


def session_token(runner_key: str, run_id: RunId, instance_id: str) -> str:
    """Make the session token of a checked-in instance. It is the same if the check-in repeats, and verifying it needs no record."""
    return f"{instance_id}.{_hmac(runner_key, f'session|{run_id}|{instance_id}')}"


def open_session(token: str, runner_key: str, run_id: RunId) -> Session | None:
    """Verify a session token. Return None if it was not made for this run."""
    match = _TOKEN.fullmatch(token)
    if match is None or not _same(token, session_token(runner_key, run_id, match["instance_id"])):
        return None
    return Session(run_id=run_id, instance_id=match["instance_id"])


def _statement(run_id: RunId, launch: int, instance_id: str) -> str:
    return f"check-in|{run_id}|{launch}|{instance_id}"


def _hmac(key: str, text: str) -> str:
    return hmac.new(key.encode(), text.encode(), hashlib.sha256).hexdigest()


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())
