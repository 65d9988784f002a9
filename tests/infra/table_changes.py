"""What an update of the stack would do to its tables, and what of it CloudFormation or DynamoDB refuses, or loses data by.

Rules: CloudFormation user guide, `AWS::DynamoDB::Table` (which properties need a replacement; one global secondary index is created or
deleted in an update); DynamoDB API reference, `UpdateTable` (a projection and the keys of an index cannot be changed; a stream's view
type cannot be changed while the stream is on).
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

__all__ = ["RECORDED", "record", "refused_changes", "tables_of"]

RECORDED: Final = Path(__file__).with_name("released_tables.json")
"""The tables of the last release."""

Table = Mapping[str, Any]


def tables_of(template: Mapping[str, Any]) -> dict[str, Table]:
    """Read of each table what an update may fail on, by logical id."""
    return {
        name: _summary(resource["Properties"])
        for name, resource in template["Resources"].items()
        if resource["Type"] == "AWS::DynamoDB::Table"
    }


def record(template: Mapping[str, Any]) -> None:
    """Write down a template's tables as those of the last release."""
    RECORDED.write_text(json.dumps(tables_of(template), indent=2, sort_keys=True) + "\n", encoding="utf-8")


def refused_changes(released: Mapping[str, Table], planned: Mapping[str, Table]) -> list[str]:
    """Name every difference that one update of the stack cannot make without an error or loss of data."""
    gone = [f"{name}: the table is gone or has another logical id" for name in released if name not in planned]
    both = [name for name in released if name in planned]
    return gone + [f"{name}: {what}" for name in both for what in _refused(released[name], planned[name])]


def _refused(before: Table, after: Table) -> list[str]:
    found = [f"{what} changed" for what in ("keys", "name", "stream", "time_to_live") if before[what] != after[what]]
    retyped = [name for name, kind in before["attributes"].items() if after["attributes"].get(name, kind) != kind]
    found += [f"attribute {name} changed its type" for name in retyped]
    old, new = before["indexes"], after["indexes"]
    found += [f"index {name} changed its keys or projection" for name in old if name in new and old[name] != new[name]]
    if len(old.keys() ^ new.keys()) > 1:
        found.append(f"more than one index created or deleted: {', '.join(sorted(old.keys() ^ new.keys()))}")
    return found


def _summary(properties: Mapping[str, Any]) -> Table:
    return {
        "keys": _keys(properties),
        "name": properties.get("TableName"),
        "stream": properties.get("StreamSpecification", {}).get("StreamViewType"),
        "time_to_live": properties.get("TimeToLiveSpecification", {}).get("AttributeName"),
        "attributes": {each["AttributeName"]: each["AttributeType"] for each in properties["AttributeDefinitions"]},
        "indexes": {
            index["IndexName"]: {
                "keys": _keys(index),
                "projection": index["Projection"]["ProjectionType"],
                "attributes": sorted(index["Projection"].get("NonKeyAttributes", [])),
            }
            for index in properties.get("GlobalSecondaryIndexes", [])
        },
    }


def _keys(properties: Mapping[str, Any]) -> list[str]:
    return [each["AttributeName"] for each in properties["KeySchema"]]
