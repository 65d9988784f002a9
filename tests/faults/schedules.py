"""Conditions on definitions and their schedules when no work is in progress."""

import json

from chalicelib.domain.crontab.expression import to_eventbridge
from tests.support.definitions import Definitions

__all__ = ["hold_schedules"]


def hold_schedules(made: Definitions) -> None:
    """Check that the schedules match the records, and that no others exist."""
    expected = {}
    for item in made.local.items("definitions"):
        definition = made.local.factory._definition_table.get(item["owner_id"]["S"], item["definition_id"]["S"])
        assert definition is not None
        assert definition.is_synced
        assert definition.problems == ()
        assert "unsynced" not in item
        state = "ENABLED" if definition.active and definition.next_due else "DISABLED"
        for slot, expression in enumerate(to_eventbridge(definition.schedule or "")):
            zone, revision = definition.timezone or "UTC", definition.revision
            expected[f"{definition.definition_id}-{slot}"] = (expression, zone, state, revision)
        keys = made.local.objects(f"definitions/{definition.owner_id}/{definition.definition_id}/")
        assert any(definition.snapshot_id in key for key in keys), "its snapshot is gone"
    found = {
        name: (
            each["ScheduleExpression"],
            each["ScheduleExpressionTimezone"],
            each["State"],
            json.loads(each["Target"]["Input"])["revision"],
        )
        for name, each in made.schedules().items()
    }
    assert found == expected
