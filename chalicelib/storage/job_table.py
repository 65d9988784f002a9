"""The jobs table: single records, each changed by conditional writes only."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import reduce
from operator import and_
from typing import Any, Final

from pynamodb.connection import Connection
from pynamodb.exceptions import DeleteError, PutError, TransactWriteError, UpdateError
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.transactions import TransactWrite

from chalicelib.domain.job import Job
from chalicelib.domain.transitions import Transition
from chalicelib.storage.aws_errors import cause_code
from chalicelib.storage.items import JobItem, MarkItem
from chalicelib.storage.job_codec import job_attributes, text_key, to_job
from chalicelib.storage.mark_table import Mark
from chalicelib.storage.marked_put import MarkedPut

__all__ = ["JobTable"]

_FAILED: Final = "ConditionalCheckFailed"


class JobTable:
    """Reads and writes single jobs.

    Parameters
    ----------
    model
        `JobItem`, bound to the table.
    marks
        `MarkItem`, bound to its table: a new job may come with a mark.
    connection
        pynamodb's connection, for transactions.
    """

    def __init__(self, model: type[JobItem], marks: type[MarkItem], connection: Connection) -> None:
        self._model = model
        self._marked = MarkedPut(marks, connection)
        self._connection = connection

    def put_new(self, job: Job, mark: Mark | None = None) -> None:
        """Store a new job, and the mark with it; both or none. The same once more is fine: an answer may have been lost.

        Raises
        ------
        MarkExistsError
            If the mark is there already.
        """
        item = self._model(**{name: value for name, value in job_attributes(job).items() if value is not None})
        if mark is None:
            self._save_once(item)
            return
        is_new = self._model.job_id.does_not_exist()
        self._marked.put(item, mark, item_id=job.job_id, is_new=is_new, now=job.create_time)

    def _save_once(self, item: JobItem) -> None:
        """Store an item under an id that nobody else can have: if it is there already, a repeated call has put it there."""
        try:
            item.save(condition=self._model.job_id.does_not_exist())
        except PutError as error:
            if cause_code(error) != "ConditionalCheckFailedException":
                raise

    def get(self, owner_id: str, job_id: str, now: datetime) -> Job | None:
        """Read a job consistently; None if there is none, or its time is over."""
        try:
            item = self._model.get(owner_id, job_id, consistent_read=True)
        except self._model.DoesNotExist:
            return None
        job = to_job(item)
        return None if job.expires_at and job.expires_at <= now else job

    def transition(self, job: Job, transition: Transition, now: datetime, **changes: Any) -> Job | None:
        """Take a job through one transition, if that may leave its state and the job is still as it was read.

        A job that has moved on meanwhile is left alone, even into a state that the transition could leave too: what was decided
        about a job that had no runner yet must not end a run. Whoever gets None reads again and decides again.

        Parameters
        ----------
        job
            The job as it was read.
        transition
            Which one, of `TRANSITIONS`.
        now
            Becomes its update time.
        changes
            Other fields of `Job` that change with it.

        Returns
        -------
        Job | None
            The job after it; None if it had moved on, or is gone. Nothing is written then.
        """
        after = replace(job, status=transition.target, update_time=now, **changes)
        if job.status not in transition.sources:
            return None
        return self._update(job, after)

    def change(self, job: Job, now: datetime, **changes: Any) -> Job | None:
        """Change fields of a job that stays in its state; None if it had moved on, as for `transition`."""
        return self._update(job, replace(job, update_time=now, **changes))

    def record_task(self, job: Job, task_arn: str, deadline: datetime) -> Job | None:
        """Record the task of a launch, whatever state its job is in by now; None if nobody looks for this launch's task any more.

        The deadline is set only while the runner has not checked in: from then on it counts the runner's silence.

        Parameters
        ----------
        job
            The job as it was claimed, QUEUED.
        """
        if done := self.note_task(job, task_arn=task_arn, deadline=deadline):
            return done
        model = self._model
        same = (model.attempt == job.attempt) & (model.launch == job.launch) & model.live_shard.exists()
        return self._apply(job.owner_id, job.job_id, [model.task_arn.set(task_arn)], same)

    def note_task(self, job: Job, **changes: Any) -> Job | None:
        """Note what is known of a job's task: its ARN, its deadline. Its update time stays, for nothing of the job itself changes."""
        return self.change(job, job.update_time, **changes)

    def rename(self, owner_id: str, job_id: str, *, name: str, now: datetime) -> bool:
        """Give a job another name, in whatever state it is; False if it is gone, or its time is over."""
        model = self._model
        actions = [model.name.set(name), model.name_key.set(text_key(name, job_id)), model.update_time.set(now)]
        kept = model.expires_at.does_not_exist() | (model.expires_at > now)
        return self._apply(owner_id, job_id, actions, kept) is not None

    def delete(self, owner_id: str, job_id: str) -> bool:
        """Remove the record; False if there was none. The table's stream tells the cleanup function."""
        try:
            self._model(owner_id, job_id).delete(condition=self._model.job_id.exists())
        except DeleteError as error:
            if cause_code(error) != "ConditionalCheckFailedException":
                raise
            return False
        return True

    def delete_all(self, owner_id: str, job_ids: list[str]) -> list[str]:
        """Remove several records, all or none.

        Returns
        -------
        list
            The ids that do not exist; if there are any, nothing was removed.
        """
        try:
            with TransactWrite(connection=self._connection) as transaction:
                for job_id in job_ids:
                    transaction.delete(self._model(owner_id, job_id), condition=self._model.job_id.exists())
        except TransactWriteError as error:
            reasons = error.cancellation_reasons
            missing = [
                job_id for job_id, reason in zip(job_ids, reasons, strict=False) if reason and reason.code == _FAILED
            ]
            if not missing:
                raise
            return missing
        return []

    def delete_unconditionally(self, owner_id: str, job_ids: Iterable[str]) -> None:
        """Remove records in batches, whether they exist or not."""
        with self._model.batch_write() as batch:
            for job_id in job_ids:
                batch.delete(self._model(owner_id, job_id))

    def _as_read(self, job: Job) -> Condition:
        """Hold what decisions are made on: also whether the job is watched, which decides about the indexes that it is in."""
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

    def _update(self, before: Job, after: Job) -> Job | None:
        condition = self._as_read(before)
        if (
            before.is_watched and not after.is_watched
        ):  # what has stopped is the task that was read, not one recorded since
            condition &= self._is_same_task(before)
        old, new = job_attributes(before), job_attributes(after)
        actions: list[Action] = []
        for name, value in new.items():
            attribute = getattr(self._model, name)
            if value is None and old[name] is not None:
                actions.append(attribute.remove())
            elif value is not None and value != old[name]:
                actions.append(attribute.set(value))
        if tasks := {each.task_arn for each in (before, after) if each.task_arn}:
            actions.append(self._model.task_arns.add(tasks))
        actions = actions or [self._model.update_time.set(after.update_time)]  # pynamodb writes nothing of no actions
        return self._apply(before.owner_id, before.job_id, actions, condition)

    def _apply(self, owner_id: str, job_id: str, actions: Sequence[Action], condition: Condition) -> Job | None:
        item = self._model(owner_id, job_id)
        try:
            item.update(actions=list(actions), condition=reduce(and_, [self._model.job_id.exists(), condition]))
        except UpdateError as error:
            if cause_code(error) != "ConditionalCheckFailedException":
                raise
            return None
        return to_job(item)
