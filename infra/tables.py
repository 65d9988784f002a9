"""The five tables: jobs, definitions, marks, owners, and notifications. The models of the service declare their indexes."""

from collections.abc import Iterable
from inspect import getmembers
from typing import Any

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
from pynamodb.attributes import Attribute as ModelAttribute
from pynamodb.indexes import Index
from pynamodb.models import Model

from chalicelib.storage.items import DefinitionItem, JobItem, MarkItem, NotificationItem, OwnerItem

__all__ = ["Tables"]


class Tables(Construct):
    """The tables, billed by request. You can restore them to any second of the last 35 days.

    Parameters
    ----------
    removal_policy
        What happens to the tables when the stack is destroyed.
    deletion_protection
        Whether DynamoDB refuses to delete the tables. This includes CloudFormation when it rolls back a first deployment.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, removal_policy: RemovalPolicy, deletion_protection: bool
    ) -> None:
        super().__init__(scope, construct_id)
        self._removal_policy = removal_policy
        self._deletion_protection = deletion_protection
        self.jobs = self._table("Jobs", JobItem, stream=True)
        self.definitions = self._table("Definitions", DefinitionItem, stream=True)
        self.marks = self._table("Marks", MarkItem)
        self.owners = self._table("Owners", OwnerItem)
        self.notifications = self._table("Notifications", NotificationItem, stream=True)

    def _table(self, construct_id: str, model: type[Model], *, stream: bool = False) -> Table:
        hash_key, range_key = _keys(model.get_attributes().values())
        table = Table(
            self,
            construct_id,
            partition_key=hash_key,
            sort_key=range_key,
            billing_mode=BillingMode.PAY_PER_REQUEST,
            point_in_time_recovery_specification=PointInTimeRecoverySpecification(point_in_time_recovery_enabled=True),
            time_to_live_attribute="expires_at",
            stream=StreamViewType.NEW_AND_OLD_IMAGES if stream else None,
            deletion_protection=self._deletion_protection,
            removal_policy=self._removal_policy,
        )
        for _, index in getmembers(model, lambda member: isinstance(member, Index)):
            hash_key, range_key = _keys(index.Meta.attributes.values())
            table.add_global_secondary_index(
                index_name=index.Meta.index_name,
                partition_key=hash_key,
                sort_key=range_key,
                projection_type=ProjectionType[index.Meta.projection.projection_type],
                non_key_attributes=index.Meta.projection.non_key_attributes,
            )
        return table


def _keys(attributes: Iterable[ModelAttribute[Any]]) -> tuple[Attribute, Attribute | None]:
    """Return the hash key and, if there is one, the range key; all keys are strings."""
    keys = {
        attribute.is_range_key: Attribute(name=attribute.attr_name, type=AttributeType.STRING)
        for attribute in attributes
        if attribute.is_hash_key or attribute.is_range_key
    }
    return keys[False], keys.get(True)
