"""The four tables: jobs, definitions, marks, and owners."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from aws_cdk import RemovalPolicy
from aws_cdk.aws_dynamodb import (
    Attribute,
    AttributeType,
    BillingMode,
    PointInTimeRecoverySpecification,
    ProjectionType,
    StreamViewType,
    Table,
)
from constructs import Construct

__all__ = ["DEFINITION_INDEXES", "JOB_INDEXES", "Index", "Tables"]


@dataclass(frozen=True, kw_only=True)
class Index:
    """A global secondary index with two string keys.

    The indexes that lists read project all attributes: a projection cannot be changed, and CloudFormation creates or deletes only one
    index of a table in an update, so a list row that names its attributes could never gain one (docs/decisions/0018).
    """

    name: str
    hash_key: str
    range_key: str
    holds: Sequence[str] | None = None
    """The projected attributes besides the keys; None: all of them."""

    @property
    def projection_type(self) -> ProjectionType:
        """DynamoDB's name for what is projected."""
        if self.holds is None:
            return ProjectionType.ALL
        return ProjectionType.INCLUDE if self.holds else ProjectionType.KEYS_ONLY


JOB_INDEXES: Final = (
    Index(name="by_name", hash_key="owner_id", range_key="name_key"),
    Index(name="by_input_filename", hash_key="owner_id", range_key="input_filename_key"),
    Index(name="by_status", hash_key="owner_id", range_key="status_key"),
    Index(name="by_definition", hash_key="definition_key", range_key="job_id"),
    Index(name="waiting", hash_key="waiting", range_key="waiting_key", holds=("job_definition_id", "not_before")),
    Index(
        name="live",
        hash_key="live_shard",
        range_key="deadline_key",
        holds=("status", "job_definition_id", "attempt", "task_arn"),
    ),
)
"""Lists by other columns, jobs of a definition; and two sparse ones: jobs that wait, and jobs of which a task may be running. Dispatch and sweep
read the sparse ones whole, so these hold just what they need; what it is may change by another index in its place, one in a release."""

DEFINITION_INDEXES: Final = (
    Index(name="by_owner", hash_key="owner_id", range_key="definition_id", holds=()),
    Index(name="by_name", hash_key="owner_id", range_key="name_key"),
    Index(name="by_input_filename", hash_key="owner_id", range_key="input_filename_key"),
    Index(name="due", hash_key="due_shard", range_key="due_key", holds=()),
    Index(name="unsynced", hash_key="unsynced", range_key="unsynced_key", holds=()),
)
"""One that just counts an owner's; lists by other columns; and two sparse ones: definitions by their next due minute, and those whose schedules lag behind."""


class Tables(Construct):
    """The tables, billed by request, restorable to any second of the last 35 days.

    Parameters
    ----------
    removal_policy
        What becomes of the tables when the stack is destroyed.
    deletion_protection
        Whether DynamoDB refuses to delete them, whoever asks: CloudFormation, too, when it rolls a first deployment back.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, removal_policy: RemovalPolicy, deletion_protection: bool
    ) -> None:
        super().__init__(scope, construct_id)
        self._removal_policy = removal_policy
        self._deletion_protection = deletion_protection
        self.jobs = self._table("Jobs", hash_key="owner_id", range_key="job_id", indexes=JOB_INDEXES, stream=True)
        self.definitions = self._table(
            "Definitions", hash_key="owner_id", range_key="definition_id", indexes=DEFINITION_INDEXES, stream=True
        )
        self.marks = self._table("Marks", hash_key="mark_id")
        self.owners = self._table("Owners", hash_key="kind", range_key="owner_id")

    def _table(
        self,
        construct_id: str,
        *,
        hash_key: str,
        range_key: str | None = None,
        indexes: Sequence[Index] = (),
        stream: bool = False,
    ) -> Table:
        table = Table(
            self,
            construct_id,
            partition_key=_string(hash_key),
            sort_key=_string(range_key) if range_key else None,
            billing_mode=BillingMode.PAY_PER_REQUEST,
            point_in_time_recovery_specification=PointInTimeRecoverySpecification(point_in_time_recovery_enabled=True),
            time_to_live_attribute="expires_at",
            stream=StreamViewType.NEW_AND_OLD_IMAGES if stream else None,
            deletion_protection=self._deletion_protection,
            removal_policy=self._removal_policy,
        )
        for index in indexes:
            table.add_global_secondary_index(
                index_name=index.name,
                partition_key=_string(index.hash_key),
                sort_key=_string(index.range_key),
                projection_type=index.projection_type,
                non_key_attributes=list(index.holds) if index.holds else None,
            )
        return table


def _string(name: str) -> Attribute:
    return Attribute(name=name, type=AttributeType.STRING)
