"""Result objects: how an attempt ended, stored by its runner beside the outputs before it reports."""

import logging
from dataclasses import dataclass
from typing import Any

from chalicelib.domain.attempt_result import AttemptResult
from chalicelib.domain.identifiers import RunId, result_key
from chalicelib.domain.job import Job
from chalicelib.domain.report import MAX_RESULT_BYTES, parse_result
from chalicelib.observability import count
from chalicelib.storage.bucket import Bucket

__all__ = ["AttemptResultService"]

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class AttemptResultService:
    """Lets a runner store its result, and reads it if the runner has ended without a report."""

    files: Bucket

    def form(self, run_id: RunId) -> dict[str, Any]:
        """Return a presigned form that uploads the result object: a URL, and fields to send before the file. Makes no AWS call."""
        url, fields = self.files.presign_upload(result_key(run_id), MAX_RESULT_BYTES)
        return {"url": url, "fields": dict(fields)}

    def read(self, job: Job) -> AttemptResult | None:
        """Read the result of a job's current attempt, whose task has stopped; None if its runner stored none that can be used.

        Costs one call of S3, and none if no runner has checked in.
        """
        if job.instance_id is None:
            return None
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
