"""Runs, for their runners: docs/runner-protocol.md."""

import logging
import mimetypes
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from chalicelib.config import SchedulerSettings
from chalicelib.domain.attempt_result import AttemptResult
from chalicelib.domain.identifiers import RunId, output_key, output_stem
from chalicelib.domain.job import Heartbeat, Job, JobStatus, Phase, PhaseCode
from chalicelib.domain.output_budget import OutputFile
from chalicelib.domain.runner_identity import CheckIn, Session, open_session, session_token, verify_check_in
from chalicelib.domain.scheduled_time import run_variables
from chalicelib.domain.task_watch import FINISH_TIMEOUT, HEARTBEAT_TIMEOUT
from chalicelib.domain.transitions import TRANSITIONS, TransitionName
from chalicelib.errors import NotAllowedError, NotYourRunError
from chalicelib.observability import count
from chalicelib.services.attempt_completion import AttemptCompletionService
from chalicelib.services.attempt_results import AttemptResultService
from chalicelib.services.clock import Clock
from chalicelib.services.output_budget import OutputBudgetService
from chalicelib.services.uploads import MIB
from chalicelib.storage.bucket import Bucket
from chalicelib.storage.job_table import JobTable
from chalicelib.storage.mark_table import MarkTable
from chalicelib.storage.secrets import RunnerKey

__all__ = ["HEARTBEAT_INTERVAL", "RunService"]

_log = logging.getLogger(__name__)

HEARTBEAT_INTERVAL: Final = timedelta(seconds=15)
"""How often a runner sends a heartbeat."""

_TRIES: Final = 3
"""How often a report is tried if the job changes between read and write."""


@dataclass(frozen=True, kw_only=True)
class RunService:
    """Handles the requests of runners: check-in, work order, heartbeat, output URLs, report."""

    settings: SchedulerSettings
    jobs: JobTable
    marks: MarkTable
    files: Bucket
    runner_key: RunnerKey
    budgets: OutputBudgetService
    completion: AttemptCompletionService
    results: AttemptResultService
    clock: Clock

    def check_in(self, check_in: CheckIn) -> str:
        """Bind an attempt to the first runner instance that proves that it has the runner key and the launch code.

        Returns
        -------
        str
            The session token; the same one if the same instance repeats its request.

        Raises
        ------
        NotAllowedError
            If a proof is wrong, or there is no such run; the response does not reveal which.
        NotYourRunError
            If the attempt belongs to another instance, or is over.
        """
        job = self._read(check_in.run_id)
        proof = verify_check_in(check_in, self.runner_key.value, job)
        if job is None or not (proof.key and proof.code):
            raise _refused(suspicious=proof.is_suspicious)
        if job.status is JobStatus.QUEUED and job.launch == check_in.launch:
            job = self._bind(job, check_in.instance_id) or self._read(check_in.run_id) or job
        if job.instance_id != check_in.instance_id or job.status not in (JobStatus.IN_PROGRESS, JobStatus.STOPPING):
            if job.status.is_live and job.launch == check_in.launch and job.instance_id:
                count("RefusedCheckIns")
            raise NotYourRunError("Another container has this run, or it is over.")
        return session_token(self.runner_key.value, check_in.run_id, check_in.instance_id)

    def _bind(self, job: Job, instance_id: str) -> Job | None:
        now = self.clock()
        return self.jobs.transition(
            job,
            TRANSITIONS[TransitionName.CHECK_IN],
            now,
            instance_id=instance_id,
            start_time=now,
            deadline=now + HEARTBEAT_TIMEOUT,
            phase=Phase(PhaseCode.STARTING_KERNEL),
        )

    def open_session(self, run_id: RunId | None, token: str) -> Session:
        """Verify a session token, without an AWS call.

        Raises
        ------
        NotAllowedError
            If the token was not made for this run.
        """
        session = open_session(token, self.runner_key.value, run_id) if run_id else None
        if session is None:
            raise _refused(suspicious=False)
        return session

    def work_order(self, session: Session) -> dict[str, Any]:
        """Return what to run, with its limits and intervals."""
        job = self._live(session)
        environment = self.settings.environments.get(job.spec.runtime_environment_name)
        limits = self.settings.limits
        return {
            "job_id": job.job_id,
            "name": job.name,
            "attempt": job.attempt,
            "input": {
                "url": self.files.presign_get(job.input_key, job.input_filename),
                "filename": job.input_filename,
                "packaged": job.spec.package_input_folder,
                "size_bytes": job.input_size_bytes,
            },
            "parameters": dict(job.spec.parameters),
            "variables": run_variables(job),
            "environment": {
                "name": job.spec.runtime_environment_name,
                "kernel": environment.kernel or None if environment else None,
            },
            "output_formats": list(job.spec.output_formats),
            "output_stem": output_stem(job.input_filename, job.create_time),
            "timeout_seconds": int(job.spec.timeout.total_seconds()),
            "heartbeat_seconds": int(HEARTBEAT_INTERVAL.total_seconds()),
            "finish_seconds": int(FINISH_TIMEOUT.total_seconds()),
            "result_form": self.result_form(session),
            "limits": {
                "max_unpacked_bytes": limits.max_unpacked_mib * MIB,
                "max_unpacked_files": limits.max_unpacked_files,
                "max_output_bytes": limits.max_output_mib * MIB,
                "max_output_files": limits.max_output_files,
            },
        }

    def heartbeat(self, session: Session, phase: Phase, *, connected_seconds: int) -> bool:
        """Store a heartbeat; True if the runner has to stop.

        Parameters
        ----------
        connected_seconds
            For how long the service has answered every heartbeat of this runner [s].
        """
        job, now = self._live(session), self.clock()
        connected_since = now - min(timedelta(seconds=connected_seconds), now - (job.run_start or now))
        self.marks.put_heartbeat(session.run_id, Heartbeat(session.run_id.attempt, now, phase, connected_since))
        return job.status is JobStatus.STOPPING

    def result_form(self, session: Session) -> dict[str, Any]:
        """Return a presigned form with which the runner stores its result; a newer form does not invalidate an earlier one."""
        return self.results.form(session.run_id)

    def output_urls(self, session: Session, files: Sequence[OutputFile]) -> list[dict[str, Any]]:
        """Return presigned URLs that upload exactly these outputs.

        Raises
        ------
        TooLargeError
            If they exceed the operator's limits for one run.
        """
        self.budgets.spend(self._live(session), files)
        return [self._output_url(session.run_id, file) for file in files]

    def _output_url(self, run_id: RunId, file: OutputFile) -> dict[str, Any]:
        content_type = file.content_type or mimetypes.guess_type(file.path)[0] or "application/octet-stream"
        key = output_key(run_id, file.file_format, file.path)
        url = self.files.presign_put(key, size_bytes=file.size_bytes, content_type=content_type)
        return {"url": url, "headers": {"content-type": content_type}}

    def report(self, session: Session, result: AttemptResult) -> JobStatus:
        """Handle a runner's report of how its attempt ended; a repeated report changes nothing.

        This does not wake the dispatcher: the slot is free, and a retry can start, only when the runner's task has stopped.
        """
        for _ in range(_TRIES):
            job = self._current(session)
            if not job.status.is_live:
                return job.status
            if after := self.completion.end(job, result, self.clock(), has_stopped=False):
                return after.status
        raise NotYourRunError("The run ended while its report was being handled.")

    def _live(self, session: Session) -> Job:
        job = self._current(session)
        if job.status not in (JobStatus.IN_PROGRESS, JobStatus.STOPPING):
            raise NotYourRunError("The run is over.")
        return job

    def _current(self, session: Session) -> Job:
        """Read the job; it must still be in this attempt and bound to this instance."""
        job = self._read(session.run_id)
        if job is None:
            raise NotYourRunError("The job of this run has been deleted.")
        if job.attempt != session.run_id.attempt:
            raise NotYourRunError("The job has started another attempt.")
        if job.instance_id != session.instance_id:
            raise _refused(suspicious=True)
        return job

    def _read(self, run_id: RunId) -> Job | None:
        return self.jobs.get(run_id.owner_id, run_id.job_id, self.clock())


def _refused(*, suspicious: bool) -> NotAllowedError:
    """Count a refused request. A leaked factor raises an alarm; what anybody can send does not, or anybody could page the operator."""
    count("RefusedCheckIns" if suspicious else "UnprovenRequests")
    _log.info("refused a request that is not from the run's runner", extra={"suspicious": suspicious})
    return NotAllowedError.for_runner()
