"""Unfinished copies: snapshots that were copied for a job or a definition that was then not stored, because the function was killed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.config import Retention
from chalicelib.domain.definitions.definition import Definition
from chalicelib.domain.job import Job
from chalicelib.services.clock import Clock
from chalicelib.storage.bucket import Bucket
from chalicelib.storage.definition_table import DefinitionTable
from chalicelib.storage.job_table import JobTable
from chalicelib.storage.queues import CleanupQueue

__all__ = ["UnfinishedCopyAnnouncer", "UnfinishedCopyService"]


@dataclass(frozen=True, kw_only=True)
class UnfinishedCopyAnnouncer:
    """Announces a copy before it is made: the queue of second cleanups delivers the message when no request can still be working on it."""

    queue: CleanupQueue
    retention: Retention

    def announce_definition(self, definition: Definition) -> None:
        """Announce the copy of a definition's new snapshot."""
        ids = {"owner_id": definition.owner_id, "definition_id": definition.definition_id}
        self.queue.send(**ids, copied_key=definition.snapshot_key)

    def announce_job(self, job: Job) -> None:
        """Announce the copy of a job's input, unless a lifecycle rule of the bucket removes the files of all jobs."""
        if self.retention.jobs_days == 0:
            self.queue.send(owner_id=job.owner_id, job_id=job.job_id, copied_key=job.input_key)


@dataclass(frozen=True, kw_only=True)
class UnfinishedCopyService:
    """Deletes copies that belong to nothing."""

    files: Bucket
    jobs: JobTable
    definitions: DefinitionTable
    clock: Clock

    def run(self, message: Mapping[str, Any]) -> None:
        """Delete an announced copy, unless a record names it."""
        if message["copied_key"] != self._key_of_record(message):
            self.files.delete(message["copied_key"])

    def _key_of_record(self, message: Mapping[str, Any]) -> str | None:
        owner_id = message["owner_id"]
        if "definition_id" in message:
            definition = self.definitions.get(owner_id, message["definition_id"])
            return definition.snapshot_key if definition else None
        job = self.jobs.get(owner_id, message["job_id"], self.clock())
        return job.input_key if job else None
