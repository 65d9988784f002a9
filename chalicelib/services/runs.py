"""Runs, as their runners see them: docs/runner-protocol.md."""

import logging
import mimetypes
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

from chalicelib.config import SchedulerSettings
from chalicelib.domain.identifiers import RunId, input_key, output_key, output_stem
from chalicelib.domain.job import Job, JobStatus, Phase, PhaseCode
from chalicelib.domain.outcome import make_outcome
from chalicelib.domain.output_budget import OutputFile
from chalicelib.domain.runner_identity import CheckIn, Session, open_session, session_token, verify_check_in
from chalicelib.domain.transitions import TRANSITIONS, TransitionName
from chalicelib.errors import NotAllowedError, NotYourRunError
from chalicelib.observability import count
from chalicelib.services.attempt_completion import AttemptCompletionService
from chalicelib.services.clock import Clock
from chalicelib.services.output_budget import OutputBudgetService
from chalicelib.storage.bucket import Bucket
from chalicelib.storage.job_table import JobTable
from chalicelib.storage.mark_table import MarkTable
from chalicelib.storage.secrets import RunnerKey

__all__ = ["HEARTBEAT_INTERVAL", "HEARTBEAT_TIMEOUT", "SELF_FENCING_TIMEOUT", "RunService"]

_log = logging.getLogger(__name__)

HEARTBEAT_INTERVAL: Final = timedelta(seconds=15)
"""How often a runner gives a sign of life."""

SELF_FENCING_TIMEOUT: Final = timedelta(minutes=3)
"""After so long without an answer a runner ends itself: longer than a short outage."""

HEARTBEAT_TIMEOUT: Final = timedelta(minutes=5)
"""After so long without a beat the sweep looks after a run: later than its runner would have ended itself."""

_TRIES: Final = 3
"""How often a report is taken again whose job moved on between read and write."""

_MIB: Final = 1024 * 1024


class RunService:
    """What runners may do.

    Parameters
    ----------
    settings
        What the operator chose.
    jobs, marks, files, runner_key
        The stores.
    budgets
        Bounds outputs.
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
        files: Bucket,
        runner_key: RunnerKey,
        budgets: OutputBudgetService,
        endings: AttemptCompletionService,
        clock: Clock,
    ) -> None:
        self._settings = settings
        self._jobs = jobs
        self._marks = marks
        self._files = files
        self._runner_key = runner_key
        self._budgets = budgets
        self._completion = endings
        self._clock = clock

    def check_in(self, check_in: CheckIn) -> str:
        """Bind an attempt to the first runner instance that proves runner key and launch code.

        Returns
        -------
        str
            The session token; the same when the same instance repeats.

        Raises
        ------
        NotAllowedError
            If a proof is wrong, or there is no such run: the answer does not tell which.
        NotYourRunError
            If the attempt is another instance's, or over.
        """
        job = self._read(check_in.run_id)
        found = verify_check_in(check_in, self._runner_key.value, job)
        if job is None or not (found.key and found.code):
            raise _refused(suspicious=found.is_suspicious)
        if job.status is JobStatus.QUEUED and job.launch == check_in.launch:
            job = self._bind(job, check_in.instance_id) or self._read(check_in.run_id) or job
        if job.instance_id != check_in.instance_id or job.status not in (JobStatus.IN_PROGRESS, JobStatus.STOPPING):
            if job.status.is_live and job.launch == check_in.launch and job.instance_id:
                count("RefusedCheckIns")
            raise NotYourRunError("Another container has this run, or it is over.")
        return session_token(self._runner_key.value, check_in.run_id, check_in.instance_id)

    def _bind(self, job: Job, instance_id: str) -> Job | None:
        now = self._clock()
        return self._jobs.transition(
            job,
            TRANSITIONS[TransitionName.CHECK_IN],
            now,
            instance_id=instance_id,
            start_time=now,
            deadline=now + HEARTBEAT_TIMEOUT,
            phase=Phase(PhaseCode.STARTING_KERNEL),
        )

    def open_session(self, run_id: RunId | None, token: str) -> Session:
        """Verify a session token, without a call of AWS.

        Raises
        ------
        NotAllowedError
            If the token was not made for this run.
        """
        session = open_session(token, self._runner_key.value, run_id) if run_id else None
        if session is None:
            raise _refused(suspicious=False)
        return session

    def work_order(self, session: Session) -> dict[str, Any]:
        """Say what to run, and on what terms."""
        job = self._live(session)
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
            "heartbeat_seconds": int(HEARTBEAT_INTERVAL.total_seconds()),
            "self_fencing_seconds": int(SELF_FENCING_TIMEOUT.total_seconds()),
            "limits": {
                "max_unpacked_bytes": limits.max_unpacked_mib * _MIB,
                "max_unpacked_files": limits.max_unpacked_files,
                "max_output_bytes": limits.max_output_mib * _MIB,
                "max_output_files": limits.max_output_files,
            },
        }

    def heartbeat(self, session: Session, phase: Phase) -> bool:
        """Note a sign of life; True if the runner is to stop."""
        job = self._live(session)
        self._marks.put_heartbeat(session.run_id, phase, self._clock())
        return job.status is JobStatus.STOPPING

    def output_urls(self, session: Session, files: Sequence[OutputFile]) -> list[dict[str, Any]]:
        """Give URLs that upload exactly these outputs.

        Raises
        ------
        TooLargeError
            If they are over what the operator allows one run.
        """
        self._budgets.spend(self._live(session), files)
        return [self._output_url(session.run_id, each) for each in files]

    def _output_url(self, run_id: RunId, file: OutputFile) -> dict[str, Any]:
        content_type = file.content_type or mimetypes.guess_type(file.path)[0] or "application/octet-stream"
        key = output_key(run_id, file.file_format, file.path)
        url = self._files.presign_put(key, size_bytes=file.size_bytes, content_type=content_type)
        return {"url": url, "headers": {"content-type": content_type}}

    def report(self, session: Session, *, code: str, message: str) -> JobStatus:
        """Take a runner's report of how its attempt ended; a repeated one changes nothing.

        The dispatcher is not woken yet: the slot is free, and a retry due, when the runner's task has stopped.
        """
        for _ in range(_TRIES):
            job = self._current(session)
            if not job.status.is_live:
                return job.status
            if after := self._completion.end(job, make_outcome(code, message), self._clock(), has_stopped=False):
                return after.status
        raise NotYourRunError("The run ended while its report was being taken.")

    def _live(self, session: Session) -> Job:
        job = self._current(session)
        if job.status not in (JobStatus.IN_PROGRESS, JobStatus.STOPPING):
            raise NotYourRunError("The run is over.")
        return job

    def _current(self, session: Session) -> Job:
        """Read the job, which must still be in this attempt, and bound to this instance."""
        job = self._read(session.run_id)
        if job is None:
            raise NotYourRunError("The job of this run is gone.")
        if job.attempt != session.run_id.attempt:
            raise NotYourRunError("The job is in another attempt by now.")
        if job.instance_id != session.instance_id:
            raise _refused(suspicious=True)
        return job

    def _read(self, run_id: RunId) -> Job | None:
        return self._jobs.get(run_id.owner_id, run_id.job_id, self._clock())


def _refused(*, suspicious: bool) -> NotAllowedError:
    """Count who is no runner. A leaked factor has an alarm; what anybody can send has none, or anybody could page the operator."""
    count("RefusedCheckIns" if suspicious else "UnprovenRequests")
    _log.info("no runner", extra={"suspicious": suspicious})
    return NotAllowedError.for_runner()
