"""The items of the four tables, as pynamodb models; `factory.py` binds them to their tables."""

from datetime import datetime
from typing import Any, TypeVar

from pynamodb.attributes import (
    Attribute,
    BooleanAttribute,
    JSONAttribute,
    MapAttribute,
    NumberAttribute,
    UnicodeAttribute,
    UnicodeSetAttribute,
)
from pynamodb.constants import NUMBER
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex, IncludeProjection, KeysOnlyProjection
from pynamodb.models import Model

from chalicelib.domain.timestamps import from_millis, to_millis
from chalicelib.storage.clients import PYNAMODB_SETTINGS

__all__ = ["DefinitionItem", "JobItem", "MarkItem", "OwnerItem", "bind"]


class MillisAttribute(Attribute[datetime]):
    """An instant, stored as milliseconds."""

    attr_type = NUMBER

    def serialize(self, value: datetime) -> str:
        """Write it as DynamoDB writes numbers."""
        return str(to_millis(value))

    def deserialize(self, value: str) -> datetime:
        """Read it as an aware datetime in UTC."""
        return from_millis(int(value))


class EpochSecondsAttribute(Attribute[datetime]):
    """An instant, stored as whole seconds: what DynamoDB's time to live asks for."""

    attr_type = NUMBER

    def serialize(self, value: datetime) -> str:
        """Write it rounded down."""
        return str(to_millis(value) // 1000)

    def deserialize(self, value: str) -> datetime:
        """Read it as an aware datetime in UTC."""
        return from_millis(int(value) * 1000)


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


class JobItem(Model):
    """A job as the table holds it. `job_table.py` turns it into a `Job` and back."""

    owner_id = UnicodeAttribute(hash_key=True)
    job_id = UnicodeAttribute(range_key=True)
    name = UnicodeAttribute()
    input_filename = UnicodeAttribute()
    status = UnicodeAttribute()
    spec: MapAttribute[str, Any] = MapAttribute()
    create_time = MillisAttribute()
    update_time = MillisAttribute()
    input_size_bytes = NumberAttribute(default=0)
    upload_id = UnicodeAttribute(null=True)
    attempt = NumberAttribute()
    launch = NumberAttribute()
    start_time = MillisAttribute(null=True)
    end_time = MillisAttribute(null=True)
    phase = JSONAttribute(null=True)
    outcome = JSONAttribute(null=True)
    job_definition_id = UnicodeAttribute(null=True)
    not_before = MillisAttribute(null=True)
    waiting_since = MillisAttribute(null=True)
    deadline = MillisAttribute(null=True)
    launch_code = UnicodeAttribute(null=True)
    task_arn = UnicodeAttribute(null=True)
    task_arns = UnicodeSetAttribute(null=True)  # every task that ran for it, for the cleanup
    instance_id = UnicodeAttribute(null=True)
    stopped_by = JSONAttribute(null=True)
    notebook_retries = NumberAttribute(default=0)
    infrastructure_retries = NumberAttribute(default=0)
    expires_at = EpochSecondsAttribute(null=True)

    # Keys of the indexes; absent where an index does not hold the job.
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


class DefinitionItem(Model):
    """A definition as the table holds it. `definition_codec.py` turns it into a `Definition` and back."""

    owner_id = UnicodeAttribute(hash_key=True)
    definition_id = UnicodeAttribute(range_key=True)
    name = UnicodeAttribute()
    input_filename = UnicodeAttribute()
    spec: MapAttribute[str, Any] = MapAttribute()
    snapshot_id = UnicodeAttribute()
    create_time = MillisAttribute()
    update_time = MillisAttribute()
    effective_from = MillisAttribute()
    schedule = UnicodeAttribute(null=True)
    timezone = UnicodeAttribute(null=True)
    active = BooleanAttribute()
    options = JSONAttribute()
    input_size_bytes = NumberAttribute(default=0)
    upload_id = UnicodeAttribute(null=True)
    revision = NumberAttribute()
    synced_revision = NumberAttribute(default=0)
    schedule_slots = NumberAttribute(default=0)
    next_due = MillisAttribute(null=True)
    run_count = NumberAttribute(default=0)
    missed_count = NumberAttribute(default=0)
    last_run = JSONAttribute(null=True)
    schedule_problem = JSONAttribute(null=True)
    tick_problem = JSONAttribute(null=True)
    taken_over = JSONAttribute(null=True)

    # Keys of the indexes; absent where an index does not hold the definition.
    name_key = UnicodeAttribute()
    input_filename_key = UnicodeAttribute()
    due_shard = UnicodeAttribute(null=True)
    due_key = UnicodeAttribute(null=True)
    unsynced = UnicodeAttribute(null=True)
    unsynced_key = UnicodeAttribute(null=True)

    by_owner = _DefinitionsByOwner()
    by_name = _DefinitionsByName()
    by_input_filename = _DefinitionsByInputFilename()
    by_due = _Due()
    by_unsynced = _Unsynced()


class MarkItem(Model):
    """A small thing with a time to live: an idempotency token, a beat, a tick, an output budget."""

    mark_id = UnicodeAttribute(hash_key=True)
    value = JSONAttribute()
    expires_at = EpochSecondsAttribute()
    revision = NumberAttribute(null=True)
    """How often it was written, where writes must not overtake each other."""


class OwnerItem(Model):
    """An owner, or that one is disabled: two partitions with the same range key, so that the few disabled ones are one small Query."""

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
    """Make the model of one table: pynamodb keeps a model's table in its class."""
    meta = type("Meta", (), {"table_name": table, "region": region, **PYNAMODB_SETTINGS})
    return type(model.__name__, (model,), {"Meta": meta})
