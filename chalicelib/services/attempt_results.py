"""How an attempt ended whose runner has not reported: by its result object, which it stores beside the outputs before it reports, or without."""

import logging
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chalicelib.domain.attempt_result import AttemptResult
from chalicelib.domain.identifiers import RunId, result_key
from chalicelib.domain.job import Job
from chalicelib.domain.report import MAX_RESULT_BYTES, parse_result
from chalicelib.domain.task_watch import outcome_without_result
from chalicelib.observability import count
from chalicelib.storage.bucket import Bucket
from chalicelib.storage.mark_table import MarkTable

__all__ = ["AttemptResultService"]

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class AttemptResultService:
    """Lets a runner store its result, and finds the result of a runner that has ended without a report."""

    files: Bucket
    marks: MarkTable

    def form(self, run_id: RunId) -> dict[str, Any]:
        """Return a presigned form that uploads the result object: a URL, and fields to send before the file. Makes no AWS call."""
        url, fields = self.files.presign_upload(result_key(run_id), MAX_RESULT_BYTES)
        return {"url": url, "fields": dict(fields)}

    def find(self, job: Job, code: str, message: str, now: datetime) -> AttemptResult:
        """Return the result of a job's current attempt, whose task has stopped: what its runner stored, else an outcome.

        Costs one call of S3 and, if the runner stored nothing, one of DynamoDB; none if no runner has checked in.

        Parameters
        ----------
        job
            The job.
        code, message
            The outcome that follows from the task, for a runner that stored nothing.
        now
            The time.
        """
        if job.instance_id is None:
            return AttemptResult(outcome_without_result(job, code, message, now, None))
        if stored := self._read(job):
            return stored
        heartbeat = self.marks.last_heartbeat(job.run_id)
        return AttemptResult(outcome_without_result(job, code, message, now, heartbeat))

    def _read(self, job: Job) -> AttemptResult | None:
        """Read the result object; None if there is none that can be used."""
        data = self.files.read(result_key(job.run_id), MAX_RESULT_BYTES)
        if data is None:
            return None
        result = parse_result(data)
        if result is None:
            count("MalformedResults")
            _log.warning("malformed result object", extra={"run_id": str(job.run_id)})
        else:
            _log.info("result read", extra={"run_id": str(job.run_id), "outcome": result.outcome.code})
        return result
