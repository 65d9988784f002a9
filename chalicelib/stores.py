"""The stores: tables, files, queues and other AWS services; `factory.py` passes them to the services. Everything is made on first use."""

from dataclasses import dataclass, field
from functools import cached_property

import boto3
from pynamodb.connection import Connection

from chalicelib.resources import Resources
from chalicelib.storage.bucket import Bucket
from chalicelib.storage.clients import CLIENT_CONFIG, PYNAMODB_SETTINGS, S3_CONFIG
from chalicelib.storage.definition_table import DefinitionTable
from chalicelib.storage.items import DefinitionItem, JobItem, MarkItem, OwnerItem, bind
from chalicelib.storage.job_lists import JobLists
from chalicelib.storage.job_table import JobTable
from chalicelib.storage.mark_table import MarkTable
from chalicelib.storage.owner_table import OwnerTable
from chalicelib.storage.queues import CleanupQueue, TickQueue, WakeUpQueue
from chalicelib.storage.runner_logs import RunnerLogs
from chalicelib.storage.s3_copy import Copier
from chalicelib.storage.schedules import Schedules
from chalicelib.storage.secrets import RunnerKey
from chalicelib.storage.task_launcher import Launcher

__all__ = ["Stores"]


@dataclass(frozen=True, kw_only=True)
class Stores:
    """Makes the stores of one process."""

    resources: Resources
    session: boto3.Session = field(default_factory=boto3.Session)

    @cached_property
    def _job_item(self) -> type[JobItem]:
        return bind(JobItem, self.resources.jobs_table, self.resources.region)

    @cached_property
    def _mark_item(self) -> type[MarkItem]:
        return bind(MarkItem, self.resources.marks_table, self.resources.region)

    @cached_property
    def _owner_item(self) -> type[OwnerItem]:
        return bind(OwnerItem, self.resources.owners_table, self.resources.region)

    @cached_property
    def _connection(self) -> Connection:
        return Connection(region=self.resources.region, **PYNAMODB_SETTINGS)

    @cached_property
    def _job_table(self) -> JobTable:
        return JobTable(self._job_item, self._mark_item, self._connection)

    @cached_property
    def _definition_table(self) -> DefinitionTable:
        model = bind(DefinitionItem, self.resources.definitions_table, self.resources.region)
        return DefinitionTable(model, jobs=self._job_item, marks=self._mark_item, connection=self._connection)

    @cached_property
    def _job_lists(self) -> JobLists:
        return JobLists(self._job_item)

    @cached_property
    def _marks(self) -> MarkTable:
        return MarkTable(self._mark_item)

    @cached_property
    def _owner_table(self) -> OwnerTable:
        return OwnerTable(self._owner_item)

    @cached_property
    def _files(self) -> Bucket:
        client = self.session.client("s3", config=S3_CONFIG)
        return Bucket(client, self.resources.bucket, Copier(client, self.resources.bucket))

    @cached_property
    def _launcher(self) -> Launcher:
        return Launcher(self.session.client("ecs", config=CLIENT_CONFIG), self.resources)

    @cached_property
    def _wake_ups(self) -> WakeUpQueue:
        return WakeUpQueue(self.session.client("sqs", config=CLIENT_CONFIG), self.resources.wake_up_queue_url)

    @cached_property
    def _runner_key(self) -> RunnerKey:
        return RunnerKey(self.session.client("secretsmanager", config=CLIENT_CONFIG), self.resources.runner_key_arn)

    @cached_property
    def _logs(self) -> RunnerLogs:
        return RunnerLogs(self.session.client("logs", config=CLIENT_CONFIG), self.resources.runner_log_group)

    @cached_property
    def _second_cleanups(self) -> CleanupQueue:
        return CleanupQueue(self.session.client("sqs", config=CLIENT_CONFIG), self.resources.cleanup_queue_url)

    @cached_property
    def _schedules(self) -> Schedules:
        return Schedules(self.session.client("scheduler", config=CLIENT_CONFIG), self.resources)

    @cached_property
    def _tick_queue(self) -> TickQueue:
        return TickQueue(self.session.client("sqs", config=CLIENT_CONFIG), self.resources.tick_queue_url)
