"""Runs, as their runners see them: docs/runner-protocol.md."""

import hmac
import mimetypes
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from chalicelib.config import SchedulerSettings
from chalicelib.domain.job import Job, JobStatus, Phase, PhaseCode
from chalicelib.domain.naming import RunId, input_key, launch_code, output_key, output_stem, session_token
from chalicelib.domain.outcome import make_outcome
from chalicelib.domain.transitions import TRANSITIONS, TransitionName
from chalicelib.errors import NotAllowedError, NotFoundError, NotYourRunError
from chalicelib.services.clock import Clock
from chalicelib.services.endings import EndingService
from chalicelib.storage.files import Files
from chalicelib.storage.job_table import JobTable
from chalicelib.storage.mark_table import MarkTable
from chalicelib.storage.secrets import LaunchSecret

__all__ = ["BEAT_INTERVAL", "FENCE", "SILENCE", "OutputFile", "RunService"]

BEAT_INTERVAL: Final = timedelta(seconds=15)
"""How often a runner gives a sign of life."""

FENCE: Final = timedelta(minutes=3)
"""After so long without an answer a runner ends itself: longer than a short outage."""

SILENCE: Final = timedelta(minutes=5)
"""After so long without a beat the sweep looks after a run: later than its runner would have ended itself."""

_TRIES: Final = 3
"""How often a report is taken again whose job moved on between read and write."""

_MIB: Final = 1024 * 1024


@dataclass(frozen=True)
class OutputFile:
    """An output that a runner wants to upload."""

    file_format: str
    path: str
    size_bytes: int
    content_type: str | None = None


class RunService:
    """What runners may do.

    Parameters
    ----------
    settings
        What the operator chose.
    jobs, marks, files, secret
        The stores.
    endings
        Ends attempts.
    clock
        Tells the time.
    """

    def __init__(
        self,
        settings: SchedulerSettings,
        *,
        jobs: JobTable,
        marks: MarkTable,
        files: Files,
        secret: LaunchSecret,
        endings: EndingService,
        clock: Clock,
    ) -> None:
        self._settings = settings
        self._jobs = jobs
        self._marks = marks
        self._files = files
        self._secret = secret
        self._endings = endings
        self._clock = clock

    def check_in(self, run_id: RunId, *, launch: int, code: str, instance_id: str) -> str:
        """Bind an attempt to the first runner instance that comes with its launch's code.

        Returns
        -------
        str
            The session token; the same when the same instance repeats.

        Raises
        ------
        NotAllowedError
            If the code is wrong.
        NotFoundError, NotYourRunError
            If the job is gone, or the attempt is another instance's, or over.
        """
        if not hmac.compare_digest(code.encode(), launch_code(self._secret.value, run_id, launch).encode()):
            raise NotAllowedError("The launch code is wrong for this run.")
        job = self._current(run_id)
        if job.status is JobStatus.QUEUED and job.launch == launch:
            now = self._clock()
            job = self._jobs.transition(
                job,
                TRANSITIONS[TransitionName.CHECK_IN],
                now,
                instance_id=instance_id,
                start_time=now,
                deadline=now + SILENCE,
                phase=Phase(PhaseCode.STARTING_KERNEL),
            ) or self._current(run_id)
        if job.instance_id != instance_id or job.status not in (JobStatus.IN_PROGRESS, JobStatus.STOPPING):
            raise NotYourRunError("Another container has this run, or it is over.")
        return session_token(self._secret.value, run_id, instance_id)

    def work_order(self, run_id: RunId, token: str) -> dict[str, Any]:
        """Say what to run, and on what terms."""
        job = self._live(run_id, token)
        packaged = job.spec.package_input_folder
        environment = self._settings.environments.get(job.spec.runtime_environment_name)
        limits = self._settings.limits
        return {
            "job_id": job.job_id,
            "name": job.name,
            "attempt": job.attempt,
            "input": {
                "url": self._files.presign_get(
                    input_key(job.owner_id, job.job_id, packaged=packaged), job.input_filename
                ),
                "filename": job.input_filename,
                "packaged": packaged,
                "size_bytes": job.input_size_bytes,
            },
            "parameters": dict(job.spec.parameters),
            "environment": {
                "name": job.spec.runtime_environment_name,
                "kernel": environment.kernel or None if environment else None,
            },
            "output_formats": list(job.spec.output_formats),
            "output_stem": output_stem(job.input_filename, job.create_time),
            "timeout_seconds": int(job.spec.timeout.total_seconds()),
            "beat_seconds": int(BEAT_INTERVAL.total_seconds()),
            "fence_seconds": int(FENCE.total_seconds()),
            "limits": {
                "max_unpacked_bytes": limits.max_unpacked_mib * _MIB,
                "max_unpacked_files": limits.max_unpacked_files,
                "max_output_bytes": limits.max_output_mib * _MIB,
                "max_output_files": limits.max_output_files,
            },
        }

    def beat(self, run_id: RunId, token: str, phase: Phase) -> bool:
        """Note a sign of life; True if the runner is to stop."""
        job = self._live(run_id, token)
        self._marks.put_beat(run_id, phase, self._clock())
        return job.status is JobStatus.STOPPING

    def output_urls(self, run_id: RunId, token: str, files: Sequence[OutputFile]) -> list[dict[str, Any]]:
        """Give URLs that upload exactly these outputs."""
        self._live(run_id, token)
        return [self._output_url(run_id, each) for each in files]

    def _output_url(self, run_id: RunId, file: OutputFile) -> dict[str, Any]:
        content_type = file.content_type or mimetypes.guess_type(file.path)[0] or "application/octet-stream"
        key = output_key(run_id, file.file_format, file.path)
        url = self._files.presign_put(key, size_bytes=file.size_bytes, content_type=content_type)
        return {"url": url, "headers": {"content-type": content_type}}

    def report(self, run_id: RunId, token: str, *, code: str, message: str) -> JobStatus:
        """Take a runner's report of how its attempt ended; a repeated one changes nothing.

        The dispatcher is not woken yet: the slot is free, and a retry due, when the runner's task has stopped.
        """
        for _ in range(_TRIES):
            job = self._current(run_id)
            self._verify(job, run_id, token)
            if not job.status.is_live:
                return job.status
            if after := self._endings.end(job, make_outcome(code, message), self._clock(), has_stopped=False):
                return after.status
        raise NotYourRunError("The run ended while its report was being taken.")

    def _live(self, run_id: RunId, token: str) -> Job:
        job = self._current(run_id)
        self._verify(job, run_id, token)
        if job.status not in (JobStatus.IN_PROGRESS, JobStatus.STOPPING):
            raise NotYourRunError("The run is over.")
        return job

    def _current(self, run_id: RunId) -> Job:
        """Read the job, which must still be in this attempt."""
        job = self._jobs.get(run_id.owner_id, run_id.job_id, self._clock())
        if job is None:
            raise NotFoundError("The job of this run is gone.")
        if job.attempt != run_id.attempt:
            raise NotYourRunError(f"The job is in attempt {job.attempt} by now.")
        return job

    def _verify(self, job: Job, run_id: RunId, token: str) -> None:
        expected = session_token(self._secret.value, run_id, job.instance_id or secrets.token_hex(16))
        if not hmac.compare_digest(token.encode(), expected.encode()):
            raise NotAllowedError("The session token is not this run's.")
