"""Convert definitions to the attributes of an item, and back. The keys of the indexes are derived from the definition."""

from typing import Any, Final

from chalicelib.domain.definitions.definition import Definition
from chalicelib.domain.definitions.tick import late_at
from chalicelib.domain.identifiers import live_shard
from chalicelib.domain.timestamps import to_millis
from chalicelib.storage.items import DefinitionItem
from chalicelib.storage.job_codec import text_key
from chalicelib.storage.record_attributes import attribute_values, read_record

__all__ = ["LATE", "UNSYNCED", "definition_attributes", "due_key", "to_definition"]

UNSYNCED: Final = "unsynced"
"""The only partition of the index of definitions whose schedules are out of date; a definition stays in it for seconds."""


LATE: Final = "late"
"""The only partition of the index of definitions that must have succeeded by some time."""


def due_key(due_millis: int, owner_id: str = "", definition_id: str = "") -> str:
    """Return the range key of the due index: by next due time."""
    return f"{due_millis:015d}#{owner_id}#{definition_id}"


def definition_attributes(definition: Definition) -> dict[str, Any]:
    """Return every attribute of a definition's item; None for an attribute that the item does not have."""
    ids = definition.owner_id, definition.definition_id
    due = definition.next_due if definition.active else None
    late = late_at(definition)
    return {
        **attribute_values(definition),
        "name_key": text_key(definition.name, definition.definition_id),
        "input_filename_key": text_key(definition.input_filename, definition.definition_id),
        "due_shard": live_shard(definition.definition_id) if due else None,
        "due_key": due_key(to_millis(due), *ids) if due else None,
        "late": LATE if late else None,
        "late_key": due_key(to_millis(late), *ids) if late else None,
        "unsynced": None if definition.is_synced else UNSYNCED,
        "unsynced_key": None if definition.is_synced else due_key(to_millis(definition.update_time), *ids),
    }


def to_definition(item: DefinitionItem) -> Definition:
    """Return the definition of an item, from the table or from the index of a list."""
    return read_record(Definition, item)
