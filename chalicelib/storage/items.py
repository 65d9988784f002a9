"""The items of the five tables, as pynamodb models; `factory.py` binds each model to its table.

A model declares its keys, its indexes and the attributes that expressions name. The other attributes follow from the dataclass that it stores.
The stack creates the tables from these declarations. The indexes that lists read project all attributes: a projection cannot be changed, and
CloudFormation creates or deletes only one index of a table in an update (docs/decisions/0018). The sparse indexes `waiting` and `live`, which
dispatch and the sweep read completely, contain only what these need; another projection is another index, and comes one in a release.
"""

from typing import Any, TypeVar

from pynamodb.attributes import JSONAttribute, MapAttribute, NumberAttribute, UnicodeAttribute, UnicodeSetAttribute
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex, IncludeProjection, KeysOnlyProjection
from pynamodb.models import Model

from chalicelib.domain.definitions.definition import Definition
from chalicelib.domain.job import Job
from chalicelib.domain.notifications.delivery import Delivery
from chalicelib.storage.clients import PYNAMODB_SETTINGS
from chalicelib.storage.record_attributes import EpochSecondsAttribute, MillisAttribute, stores

__all__ = ["DefinitionItem", "JobItem", "MarkItem", "NotificationItem", "OwnerItem", "bind"]


class _ByName(GlobalSecondaryIndex["JobItem"]):
    class Meta:
        index_name = "by_name"
        projection = AllProjection()

    owner_id = UnicodeAttribute(hash_key=True)
    name_key = UnicodeAttribute(range_key=True)


class _ByInputFilename(GlobalSecondaryIndex["JobItem"]):
    class Meta:
        index_name = "by_input_filename"
        projection = AllProjection()

    owner_id = UnicodeAttribute(hash_key=True)
    input_filename_key = UnicodeAttribute(range_key=True)


class _ByStatus(GlobalSecondaryIndex["JobItem"]):
    class Meta:
        index_name = "by_status"
        projection = AllProjection()

    owner_id = UnicodeAttribute(hash_key=True)
    status_key = UnicodeAttribute(range_key=True)


class _ByDefinition(GlobalSecondaryIndex["JobItem"]):
    class Meta:
        index_name = "by_definition"
        projection = AllProjection()

    definition_key = UnicodeAttribute(hash_key=True)
    job_id = UnicodeAttribute(range_key=True)


class _Waiting(GlobalSecondaryIndex["JobItem"]):
    class Meta:
        index_name = "waiting"
        projection = IncludeProjection(["job_definition_id", "not_before"])

    waiting = UnicodeAttribute(hash_key=True)
    waiting_key = UnicodeAttribute(range_key=True)


class _Live(GlobalSecondaryIndex["JobItem"]):
    class Meta:
        index_name = "live"
        projection = IncludeProjection(["status", "job_definition_id", "attempt", "task_arn"])

    live_shard = UnicodeAttribute(hash_key=True)
    deadline_key = UnicodeAttribute(range_key=True)


@stores(Job)
class JobItem(Model):
    """A job in its table. `job_codec.py` converts it to a `Job` and back."""

    owner_id = UnicodeAttribute(hash_key=True)
    job_id = UnicodeAttribute(range_key=True)
    name = UnicodeAttribute()
    status = UnicodeAttribute()
    spec: MapAttribute[str, Any] = MapAttribute()
    update_time = MillisAttribute()
    attempt = NumberAttribute()
    launch = NumberAttribute()
    start_time = MillisAttribute(null=True)
    job_definition_id = UnicodeAttribute(null=True)
    not_before = MillisAttribute(null=True)
    task_arn = UnicodeAttribute(null=True)
    task_arns = UnicodeSetAttribute(null=True)  # every task that ran for the job, for the cleanup
    expires_at = EpochSecondsAttribute(null=True)

    # Keys of the indexes; absent if an index does not contain the job.
    name_key = UnicodeAttribute()
    input_filename_key = UnicodeAttribute()
    status_key = UnicodeAttribute()
    definition_key = UnicodeAttribute(null=True)
    waiting = UnicodeAttribute(null=True)
    waiting_key = UnicodeAttribute(null=True)
    live_shard = UnicodeAttribute(null=True)
    deadline_key = UnicodeAttribute(null=True)

    by_name = _ByName()
    by_input_filename = _ByInputFilename()
    by_status = _ByStatus()
    by_definition = _ByDefinition()
    by_waiting = _Waiting()
    by_live = _Live()


class _DefinitionsByOwner(GlobalSecondaryIndex["DefinitionItem"]):
    class Meta:
        index_name = "by_owner"
        projection = KeysOnlyProjection()

    owner_id = UnicodeAttribute(hash_key=True)
    definition_id = UnicodeAttribute(range_key=True)


class _DefinitionsByName(GlobalSecondaryIndex["DefinitionItem"]):
    class Meta:
        index_name = "by_name"
        projection = AllProjection()

    owner_id = UnicodeAttribute(hash_key=True)
    name_key = UnicodeAttribute(range_key=True)


class _DefinitionsByInputFilename(GlobalSecondaryIndex["DefinitionItem"]):
    class Meta:
        index_name = "by_input_filename"
        projection = AllProjection()

    owner_id = UnicodeAttribute(hash_key=True)
    input_filename_key = UnicodeAttribute(range_key=True)


class _Due(GlobalSecondaryIndex["DefinitionItem"]):
    class Meta:
        index_name = "due"
        projection = KeysOnlyProjection()

    due_shard = UnicodeAttribute(hash_key=True)
    due_key = UnicodeAttribute(range_key=True)


class _Unsynced(GlobalSecondaryIndex["DefinitionItem"]):
    class Meta:
        index_name = "unsynced"
        projection = KeysOnlyProjection()

    unsynced = UnicodeAttribute(hash_key=True)
    unsynced_key = UnicodeAttribute(range_key=True)


class _Late(GlobalSecondaryIndex["DefinitionItem"]):
    class Meta:
        index_name = "late"
        projection = KeysOnlyProjection()

    late = UnicodeAttribute(hash_key=True)
    late_key = UnicodeAttribute(range_key=True)


@stores(Definition)
class DefinitionItem(Model):
    """A definition in its table. `definition_codec.py` converts it to a `Definition` and back."""

    owner_id = UnicodeAttribute(hash_key=True)
    definition_id = UnicodeAttribute(range_key=True)
    update_time = MillisAttribute()
    name = UnicodeAttribute()
    spec: MapAttribute[str, Any] = MapAttribute()
    create_time = MillisAttribute()
    revision = NumberAttribute()
    next_due = MillisAttribute(null=True)
    schedule_problem = JSONAttribute(null=True)
    counted_runs = NumberAttribute()

    # Keys of the indexes; absent if an index does not contain the definition.
    name_key = UnicodeAttribute()
    input_filename_key = UnicodeAttribute()
    due_shard = UnicodeAttribute(null=True)
    due_key = UnicodeAttribute(null=True)
    unsynced = UnicodeAttribute(null=True)
    unsynced_key = UnicodeAttribute(null=True)
    late = UnicodeAttribute(null=True)
    late_key = UnicodeAttribute(null=True)

    by_owner = _DefinitionsByOwner()
    by_name = _DefinitionsByName()
    by_input_filename = _DefinitionsByInputFilename()
    by_due = _Due()
    by_unsynced = _Unsynced()
    by_late = _Late()


class MarkItem(Model):
    """A small record with a time to live: an idempotency token, a heartbeat, a tick, an output budget."""

    mark_id = UnicodeAttribute(hash_key=True)
    value = JSONAttribute()
    expires_at = EpochSecondsAttribute()
    revision = NumberAttribute(null=True)
    """Number of writes, where a write must not overwrite a later one."""


class _DueNotifications(GlobalSecondaryIndex["NotificationItem"]):
    class Meta:
        index_name = "due"
        projection = KeysOnlyProjection()

    due = UnicodeAttribute(hash_key=True)
    due_key = UnicodeAttribute(range_key=True)


@stores(Delivery)
class NotificationItem(Model):
    """A delivery of a notification. `notification_table.py` converts it to a `Delivery` and back."""

    delivery_id = UnicodeAttribute(hash_key=True)
    state = UnicodeAttribute()
    attempts = NumberAttribute()
    expires_at = EpochSecondsAttribute(null=True)

    # Keys of the index; absent when the delivery has ended.
    due = UnicodeAttribute(null=True)
    due_key = UnicodeAttribute(null=True)

    by_due = _DueNotifications()


class OwnerItem(Model):
    """An owner, or a record that the owner is disabled. They are two partitions with the same range key, so that one small Query returns the few disabled owners."""

    kind = UnicodeAttribute(hash_key=True)
    owner_id = UnicodeAttribute(range_key=True)
    principal = UnicodeAttribute(null=True)
    arn = UnicodeAttribute(null=True)
    first_seen = MillisAttribute(null=True)
    last_seen = MillisAttribute(null=True)
    by = JSONAttribute(null=True)
    reason = UnicodeAttribute(null=True)


_M = TypeVar("_M", bound=Model)


def bind(model: type[_M], table: str, region: str) -> type[_M]:
    """Return the model of one table: in pynamodb the table is part of the class."""
    meta = type("Meta", (), {"table_name": table, "region": region, **PYNAMODB_SETTINGS})
    return type(model.__name__, (model,), {"Meta": meta})
