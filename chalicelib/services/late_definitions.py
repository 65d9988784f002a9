"""Late definitions: those of which a run should have succeeded by now, as `success_within` says."""

from dataclasses import dataclass, replace

from chalicelib.domain.definitions.tick import late_at
from chalicelib.services.clock import Clock
from chalicelib.storage.definition_table import DefinitionTable

__all__ = ["LateDefinitionService"]


@dataclass(frozen=True, kw_only=True)
class LateDefinitionService:
    """Notes on a definition that it is late; the event about it follows from the change of its record."""

    definitions: DefinitionTable
    clock: Clock

    def note(self, owner_id: str, definition_id: str) -> None:
        """Note that a definition is late, if it still is. If it changes at the same time, the next sweep asks again."""
        definition = self.definitions.get(owner_id, definition_id)
        since = late_at(definition) if definition else None
        if definition and since and since <= self.clock():
            self.definitions.change(
                definition, replace(definition, health=replace(definition.health, late_since=since))
            )
