"""The three tables: jobs, definitions, and marks."""

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

__all__ = ["DEFINITION_INDEXES", "DEFINITION_ROW", "JOB_INDEXES", "JOB_ROW", "Index", "Tables"]

JOB_ROW: Final = (
    "name",
    "input_filename",
    "status",
    "spec",
    "create_time",
    "update_time",
    "start_time",
    "end_time",
    "outcome",
    "attempt",
    "job_definition_id",
    "expires_at",
    "phase",
)
"""What a row of a list of jobs shows, so that a page is one Query of one index."""

DEFINITION_ROW: Final = (
    "name",
    "input_filename",
    "spec",
    "schedule",
    "timezone",
    "active",
    "create_time",
    "update_time",
    "revision",
    "last_run",
    "missed_count",
    "run_count",
    "next_due",
    "options",
    "schedule_problem",
    "tick_problem",
)
"""What a row of a list of definitions shows."""


@dataclass(frozen=True, kw_only=True)
class Index:
    """A global index: its keys (both strings), and what it holds besides the keys."""

    name: str
    hash_key: str
    range_key: str
    holds: Sequence[str] = ()


JOB_INDEXES: Final = (
    Index(name="by_name", hash_key="owner_id", range_key="name_key", holds=JOB_ROW),
    Index(name="by_input_filename", hash_key="owner_id", range_key="input_filename_key", holds=JOB_ROW),
    Index(name="by_status", hash_key="owner_id", range_key="status_key", holds=JOB_ROW),
    Index(name="by_definition", hash_key="definition_key", range_key="job_id", holds=JOB_ROW),
    Index(name="waiting", hash_key="waiting", range_key="waiting_key", holds=("job_definition_id", "not_before")),
    Index(
        name="live",
        hash_key="live_shard",
        range_key="deadline_key",
        holds=("status", "job_definition_id", "attempt", "task_arn"),
    ),
)
"""Lists by other columns, jobs of a definition; and two sparse ones: jobs that wait, and jobs that have a container."""

DEFINITION_INDEXES: Final = (
    Index(name="by_name", hash_key="owner_id", range_key="name_key", holds=DEFINITION_ROW),
    Index(name="by_input_filename", hash_key="owner_id", range_key="input_filename_key", holds=DEFINITION_ROW),
    Index(name="due", hash_key="due_shard", range_key="due_key"),
    Index(name="unsynced", hash_key="unsynced", range_key="unsynced_key"),
)
"""Lists by other columns; and two sparse ones: definitions by their next due minute, and those whose schedules lag behind."""


class Tables(Construct):
    """The tables, billed by request, restorable to any second of the last 35 days.

    Parameters
    ----------
    removal_policy
        What becomes of the tables when the stack is destroyed; where they are kept they are also protected from deletion.
    """

    def __init__(self, scope: Construct, construct_id: str, *, removal_policy: RemovalPolicy) -> None:
        super().__init__(scope, construct_id)
        self._removal_policy = removal_policy
        self.jobs = self._table("Jobs", hash_key="owner_id", range_key="job_id", indexes=JOB_INDEXES, stream=True)
        self.definitions = self._table(
            "Definitions", hash_key="owner_id", range_key="definition_id", indexes=DEFINITION_INDEXES, stream=True
        )
        self.marks = self._table("Marks", hash_key="mark_id")

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
            deletion_protection=self._removal_policy == RemovalPolicy.RETAIN,
            removal_policy=self._removal_policy,
        )
        for index in indexes:
            table.add_global_secondary_index(
                index_name=index.name,
                partition_key=_string(index.hash_key),
                sort_key=_string(index.range_key),
                projection_type=ProjectionType.INCLUDE if index.holds else ProjectionType.KEYS_ONLY,
                non_key_attributes=list(index.holds) or None,
            )
        return table


def _string(name: str) -> Attribute:
    return Attribute(name=name, type=AttributeType.STRING)
