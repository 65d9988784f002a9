"""The stores: tables, files, queues and other AWS services; `factory.py` passes them to the services. Everything is made on first use.

A store's class is imported where it is made, so that each function loads only the stores that it uses.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from botocore.session import Session, get_session
from pynamodb.connection import Connection

from chalicelib.resources import Resources
from chalicelib.storage.clients import CLIENT_CONFIG, PYNAMODB_SETTINGS, S3_CONFIG

if TYPE_CHECKING:
    from botocore.config import Config

    from chalicelib.storage.bucket import Bucket
    from chalicelib.storage.definition_table import DefinitionTable
    from chalicelib.storage.event_bus import EventBus
    from chalicelib.storage.items import JobItem, MarkItem, NotificationItem, OwnerItem
    from chalicelib.storage.job_lists import JobLists
    from chalicelib.storage.job_table import JobTable
    from chalicelib.storage.mark_table import MarkTable
    from chalicelib.storage.notification_channels import NotificationChannels
    from chalicelib.storage.notification_table import NotificationTable
    from chalicelib.storage.owner_table import OwnerTable
    from chalicelib.storage.queues import CleanupQueue, TickQueue, WakeUpQueue
    from chalicelib.storage.runner_logs import RunnerLogs
    from chalicelib.storage.schedules import Schedules
    from chalicelib.storage.secrets import RunnerKey
    from chalicelib.storage.task_launcher import Launcher

__all__ = ["Stores"]


@dataclass(frozen=True, kw_only=True)
class Stores:
    """Makes the stores of one process."""

    resources: Resources
    session: Session = field(default_factory=get_session)

    def _client(self, service: str, config: Config = CLIENT_CONFIG) -> Any:
        return self.session.create_client(service, config=config)

    @cached_property
    def _job_item(self) -> type[JobItem]:
        from chalicelib.storage.items import JobItem, bind

        return bind(JobItem, self.resources.jobs_table, self.resources.region)

    @cached_property
    def _mark_item(self) -> type[MarkItem]:
        from chalicelib.storage.items import MarkItem, bind

        return bind(MarkItem, self.resources.marks_table, self.resources.region)

    @cached_property
    def _owner_item(self) -> type[OwnerItem]:
        from chalicelib.storage.items import OwnerItem, bind

        return bind(OwnerItem, self.resources.owners_table, self.resources.region)

    @cached_property
    def _connection(self) -> Connection:
        return Connection(region=self.resources.region, **PYNAMODB_SETTINGS)

    @cached_property
    def _job_table(self) -> JobTable:
        from chalicelib.storage.job_table import JobTable

        return JobTable(self._job_item, self._mark_item, self._connection)

    @cached_property
    def _definition_table(self) -> DefinitionTable:
        from chalicelib.storage.definition_table import DefinitionTable
        from chalicelib.storage.items import DefinitionItem, bind

        model = bind(DefinitionItem, self.resources.definitions_table, self.resources.region)
        return DefinitionTable(model, jobs=self._job_item, marks=self._mark_item, connection=self._connection)

    @cached_property
    def _job_lists(self) -> JobLists:
        from chalicelib.storage.job_lists import JobLists

        return JobLists(self._job_item)

    @cached_property
    def _marks(self) -> MarkTable:
        from chalicelib.storage.mark_table import MarkTable

        return MarkTable(self._mark_item)

    @cached_property
    def _owner_table(self) -> OwnerTable:
        from chalicelib.storage.owner_table import OwnerTable

        return OwnerTable(self._owner_item)

    @cached_property
    def _event_bus(self) -> EventBus:
        from chalicelib.storage.event_bus import EventBus

        return EventBus(self._client("events"), self.resources.event_bus)

    @cached_property
    def _notification_item(self) -> type[NotificationItem]:
        from chalicelib.storage.items import NotificationItem, bind

        return bind(NotificationItem, self.resources.notifications_table, self.resources.region)

    @cached_property
    def _notifications(self) -> NotificationTable:
        from chalicelib.storage.notification_table import NotificationTable

        return NotificationTable(self._notification_item)

    @cached_property
    def _channels(self) -> NotificationChannels:
        from chalicelib.storage.notification_channels import NotificationChannels

        return NotificationChannels(self._client)

    @cached_property
    def _files(self) -> Bucket:
        from chalicelib.storage.bucket import Bucket
        from chalicelib.storage.s3_copy import Copier

        client = self._client("s3", S3_CONFIG)
        return Bucket(client, self.resources.bucket, Copier(client, self.resources.bucket))

    @cached_property
    def _launcher(self) -> Launcher:
        from chalicelib.storage.task_launcher import Launcher

        return Launcher(self._client("ecs"), self.resources)

    @cached_property
    def _wake_ups(self) -> WakeUpQueue:
        from chalicelib.storage.queues import WakeUpQueue

        return WakeUpQueue(self._client("sqs"), self.resources.wake_up_queue_url)

    @cached_property
    def _runner_key(self) -> RunnerKey:
        from chalicelib.storage.secrets import RunnerKey

        return RunnerKey(self._client("secretsmanager"), self.resources.runner_key_arn)

    @cached_property
    def _logs(self) -> RunnerLogs:
        from chalicelib.storage.runner_logs import RunnerLogs

        return RunnerLogs(self._client("logs"), self.resources.runner_log_group)

    @cached_property
    def _second_cleanups(self) -> CleanupQueue:
        from chalicelib.storage.queues import CleanupQueue

        return CleanupQueue(self._client("sqs"), self.resources.cleanup_queue_url)

    @cached_property
    def _schedules(self) -> Schedules:
        from chalicelib.storage.schedules import Schedules

        return Schedules(self._client("scheduler"), self.resources)

    @cached_property
    def _tick_queue(self) -> TickQueue:
        from chalicelib.storage.queues import TickQueue

        return TickQueue(self._client("sqs"), self.resources.tick_queue_url)
