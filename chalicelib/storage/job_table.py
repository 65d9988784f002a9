"""The jobs table: single records, changed by conditional writes only."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

from pynamodb.connection import Connection
from pynamodb.exceptions import TransactWriteError, UpdateError
from pynamodb.expressions.condition import Condition
from pynamodb.transactions import TransactWrite

from chalicelib.domain.job import Job, JobStatus
from chalicelib.domain.timestamps import to_millis
from chalicelib.domain.transitions import Transition
from chalicelib.storage.aws_errors import CONDITION_FAILED, error_code, raises_aws_errors
from chalicelib.storage.items import JobItem, MarkItem
from chalicelib.storage.job_codec import deadline_key, job_attributes, text_key, to_job
from chalicelib.storage.record_table import TRANSACTION_CONDITION_FAILED, RecordTable

__all__ = ["JobTable"]


@raises_aws_errors
class JobTable(RecordTable[Job, JobItem]):
    """Reads and writes single jobs.

    Parameters
    ----------
    model, marks
        `JobItem` and `MarkItem`, each bound to its table.
    connection
        pynamodb's connection, for transactions.
    """

    _id_name = "job_id"

    def __init__(self, model: type[JobItem], marks: type[MarkItem], connection: Connection) -> None:
        super().__init__(model, marks, connection, encode=job_attributes, decode=to_job)

    def get(self, owner_id: str, job_id: str, now: datetime) -> Job | None:
        """Read a job consistently; None if there is none, or it has expired."""
        job = self._find(owner_id, job_id)
        return None if job and job.expires_at and job.expires_at <= now else job

    def transition(self, job: Job, transition: Transition, now: datetime, **changes: Any) -> Job | None:
        """Make one transition of a job, if its state allows it and the job has not changed since it was read.

        A job that has changed is left alone, even if the transition would be allowed in its new state: what was decided about a job
        without a runner must not end a run. After None, read the job again and decide again.

        Parameters
        ----------
        job
            The job as it was read.
        transition
            One of `TRANSITIONS`.
        now
            The new update time.
        **changes
            Other fields of `Job` that change with it.

        Returns
        -------
        Job | None
            The changed job; None if it had changed meanwhile, or is gone. Nothing is written then.
        """
        after = replace(job, status=transition.target, update_time=now, **changes)
        if job.status not in transition.sources:
            return None
        return self._replace(job, after)

    def change(self, job: Job, now: datetime, **changes: Any) -> Job | None:
        """Change fields of a job that stays in its state; None if it had changed meanwhile, as for `transition`."""
        return self._replace(job, replace(job, update_time=now, **changes))

    def record_task(self, job: Job, task_arn: str, deadline: datetime) -> Job | None:
        """Record the task of a launch, in whatever state its job is now; None if the launch is not watched any more.

        The deadline is set only before the runner has checked in; after that, it is the heartbeat deadline.

        Parameters
        ----------
        job
            The job as it was claimed, QUEUED.
        """
        if recorded := self.note_task(job, task_arn=task_arn, deadline=deadline):
            return recorded
        model = self._model
        same = (model.attempt == job.attempt) & (model.launch == job.launch) & model.live_shard.exists()
        return self._update(job.owner_id, job.job_id, [model.task_arn.set(task_arn)], same)

    def note_task(self, job: Job, **changes: Any) -> Job | None:
        """Change what is known of a job's task: its ARN, its deadline. The update time stays, because the job itself does not change."""
        return self.change(job, job.update_time, **changes)

    def postpone(self, owner_id: str, job_id: str, deadline: datetime) -> None:
        """Set a later deadline for a watched job without reading it, because it may be unreadable; a job that is not watched is left alone."""
        model: Any = self._model
        key = deadline_key(to_millis(deadline), owner_id, job_id)
        actions = [model.deadline.set(deadline), model.deadline_key.set(key)]
        is_sooner = model.live_shard.exists() & (model.deadline_key < key)
        try:
            self._model(owner_id, job_id).update(actions=actions, condition=is_sooner)
        except UpdateError as error:
            if error_code(error) != CONDITION_FAILED:
                raise

    def rename(self, owner_id: str, job_id: str, *, name: str, now: datetime) -> bool:
        """Rename a job in any state; False if it is gone or has expired."""
        model = self._model
        actions = [model.name.set(name), model.name_key.set(text_key(name, job_id)), model.update_time.set(now)]
        kept = model.expires_at.does_not_exist() | (model.expires_at > now)
        return self._update(owner_id, job_id, actions, kept) is not None

    def keep(self, owner_id: str, job_id: str) -> None:
        """Keep a job until it is deleted by a person; nothing changes if it is gone."""
        self._update(owner_id, job_id, [self._model.expires_at.remove()], self._model.expires_at.exists())

    def expire(self, owner_id: str, job_id: str, expires_at: datetime) -> None:
        """Let an ended job expire at a time, unless it does so before; nothing changes if it is gone."""
        model = self._model
        is_later = model.expires_at.does_not_exist() | (model.expires_at > expires_at)
        has_ended = model.status.is_in(*(status.value for status in JobStatus if status.is_terminal))
        self._update(owner_id, job_id, [model.expires_at.set(expires_at)], is_later & has_ended)

    def delete_all(self, owner_id: str, job_ids: list[str]) -> list[str]:
        """Delete several records, all or none.

        Returns
        -------
        list
            The ids that do not exist; if there are any, nothing was deleted.
        """
        try:
            with TransactWrite(connection=self._connection) as transaction:
                for job_id in job_ids:
                    transaction.delete(self._model(owner_id, job_id), condition=self._model.job_id.exists())
        except TransactWriteError as error:
            reasons = error.cancellation_reasons
            missing = [
                job_id
                for job_id, reason in zip(job_ids, reasons, strict=False)
                if reason and reason.code == TRANSACTION_CONDITION_FAILED
            ]
            if not missing:
                raise
            return missing
        return []

    def delete_unconditionally(self, owner_id: str, job_ids: Iterable[str]) -> None:
        """Delete records in batches, whether they exist or not."""
        with self._model.batch_write() as batch:
            for job_id in job_ids:
                batch.delete(self._model(owner_id, job_id))

    def _as_read(self, job: Job) -> Condition:
        """Hold what decisions depend on, including whether the job is watched, which decides which indexes it is in."""
        condition: Condition = self._model.status == job.status.value
        shard = self._model.live_shard
        condition &= shard.exists() if job.is_watched else shard.does_not_exist()
        condition &= self._model.attempt == job.attempt
        condition &= self._model.launch == job.launch
        return condition

    def _is_same_task(self, job: Job) -> Condition:
        task_arn = self._model.task_arn
        condition: Condition = task_arn.does_not_exist() if job.task_arn is None else task_arn == job.task_arn
        return condition

    def _replace(self, before: Job, after: Job) -> Job | None:
        condition = self._as_read(before)
        if before.is_watched and not after.is_watched:  # the task that has stopped is the one that was read
            condition &= self._is_same_task(before)
        tasks = {job.task_arn for job in (before, after) if job.task_arn}
        added = [self._model.task_arns.add(tasks)] if tasks else []
        return self._update(before.owner_id, before.job_id, self._changes(before, after, *added), condition)
