"""The tables have the indexes that the service's models declare, and are protected against loss."""

from inspect import getmembers
from typing import Any

import pytest
from pynamodb.attributes import Attribute
from pynamodb.indexes import Index as ModelIndex
from pynamodb.models import Model

from chalicelib.storage.items import DefinitionItem, JobItem, NotificationItem
from tests.infra.synthesized import Synthesized

KEYS = {
    "TablesJobs": ["owner_id", "job_id"],
    "TablesDefinitions": ["owner_id", "definition_id"],
    "TablesMarks": ["mark_id"],
    "TablesOwners": ["kind", "owner_id"],
    "TablesNotifications": ["delivery_id"],
}

ALL = None
"""Every attribute is projected."""

INDEXES = {
    "TablesJobs": {
        "by_name": (["owner_id", "name_key"], ALL),
        "by_input_filename": (["owner_id", "input_filename_key"], ALL),
        "by_status": (["owner_id", "status_key"], ALL),
        "by_definition": (["definition_key", "job_id"], ALL),
        "waiting": (["waiting", "waiting_key"], ("job_definition_id", "not_before")),
        "live": (["live_shard", "deadline_key"], ("status", "job_definition_id", "attempt", "task_arn")),
    },
    "TablesDefinitions": {
        "by_owner": (["owner_id", "definition_id"], ()),
        "by_name": (["owner_id", "name_key"], ALL),
        "by_input_filename": (["owner_id", "input_filename_key"], ALL),
        "due": (["due_shard", "due_key"], ()),
        "unsynced": (["unsynced", "unsynced_key"], ()),
        "late": (["late", "late_key"], ()),
    },
    "TablesMarks": {},
    "TablesOwners": {},
    "TablesNotifications": {"due": (["due", "due_key"], ())},
}


def keys_of(schema: list[dict[str, str]]) -> list[str]:
    assert [each["KeyType"] for each in schema] == ["HASH", "RANGE"][: len(schema)]
    return [each["AttributeName"] for each in schema]


def projected(projection: dict[str, Any]) -> tuple[str, ...] | None:
    return ALL if projection["ProjectionType"] == "ALL" else tuple(projection.get("NonKeyAttributes", ()))


def indexes_of(table: dict[str, Any]) -> dict[str, tuple[list[str], tuple[str, ...] | None]]:
    return {
        index["IndexName"]: (keys_of(index["KeySchema"]), projected(index["Projection"]))
        for index in table.get("GlobalSecondaryIndexes", [])
    }


@pytest.mark.parametrize("name", KEYS)
def test_keys_and_indexes(name: str, stack: Synthesized) -> None:
    table = stack.one("AWS::DynamoDB::Table", name)
    assert keys_of(table["KeySchema"]) == KEYS[name]
    assert {each["AttributeType"] for each in table["AttributeDefinitions"]} == {"S"}
    assert indexes_of(table) == INDEXES[name]


def model_indexes(model: type[Model]) -> dict[str, tuple[list[str], tuple[str, ...] | None]]:
    """Return the keys and projections that a model of the service declares."""
    return {
        index.Meta.index_name: (
            model_keys(index),
            ALL
            if index.Meta.projection.projection_type == "ALL"
            else tuple(index.Meta.projection.non_key_attributes or ()),
        )
        for _, index in getmembers(model, lambda member: isinstance(member, ModelIndex))
    }


def model_keys(index: ModelIndex[Any]) -> list[str]:
    declared = [each for each in vars(type(index)).values() if isinstance(each, Attribute)]
    return [each.attr_name for each in sorted(declared, key=lambda each: each.is_range_key)]


@pytest.mark.parametrize(
    ("name", "model"),
    [("TablesJobs", JobItem), ("TablesDefinitions", DefinitionItem), ("TablesNotifications", NotificationItem)],
)
def test_the_indexes_match_the_models_of_the_service(name: str, model: type[Model], stack: Synthesized) -> None:
    assert indexes_of(stack.one("AWS::DynamoDB::Table", name)) == model_indexes(model)


@pytest.mark.parametrize("name", KEYS)
def test_projections_stay_within_the_limits_of_dynamodb(name: str, stack: Synthesized) -> None:
    table = stack.one("AWS::DynamoDB::Table", name)
    held = [index["Projection"].get("NonKeyAttributes", []) for index in table.get("GlobalSecondaryIndexes", [])]
    assert all(len(each) <= 20 for each in held)
    assert sum(map(len, held)) <= 100


@pytest.mark.parametrize("name", KEYS)
def test_tables_have_recovery_and_time_to_live(name: str, stack: Synthesized) -> None:
    table = stack.one("AWS::DynamoDB::Table", name)
    assert table["BillingMode"] == "PAY_PER_REQUEST"
    assert table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"] is True
    assert table["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}
    assert table["DeletionProtectionEnabled"] is True


def test_streams_of_tables_with_a_consumer_have_both_images(stack: Synthesized) -> None:
    images = {
        name: stack.one("AWS::DynamoDB::Table", name).get("StreamSpecification", {}).get("StreamViewType")
        for name in KEYS
    }
    both = "NEW_AND_OLD_IMAGES"
    assert images == {
        "TablesJobs": both,
        "TablesDefinitions": both,
        "TablesMarks": None,
        "TablesOwners": None,
        "TablesNotifications": both,
    }


DATA = ("AWS::DynamoDB::Table", "AWS::S3::Bucket", "AWS::Logs::LogGroup")


@pytest.mark.parametrize("kind", DATA)
def test_data_is_retained_when_the_stack_is_destroyed(kind: str, stack: Synthesized) -> None:
    policies = {each["DeletionPolicy"] for each in stack.template["Resources"].values() if each["Type"] == kind}
    assert policies == {"RetainExceptOnCreate"}


def test_a_first_deployment_can_be_rolled_back(first: Synthesized) -> None:
    """DeleteTable refuses a protected table, also where CloudFormation rolls back what it has just made."""
    tables = [each for each in first.template["Resources"].values() if each["Type"] == "AWS::DynamoDB::Table"]
    assert len(tables) == 5
    assert {each["DeletionPolicy"] for each in tables} == {"RetainExceptOnCreate"}
    assert not any(each["Properties"].get("DeletionProtectionEnabled") for each in tables)


@pytest.mark.parametrize("kind", DATA)
def test_a_temporary_stack_leaves_nothing(kind: str, operators: Synthesized) -> None:
    found = [each for each in operators.template["Resources"].values() if each["Type"] == kind]
    assert {each["DeletionPolicy"] for each in found} == {"Delete"}
    assert not any(each["Properties"].get("DeletionProtectionEnabled") for each in found)
