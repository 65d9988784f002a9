"""Actors as JSON, and back."""

from collections.abc import Mapping
from typing import Any

from chalicelib.domain.authorization.actor import Actor
from chalicelib.domain.timestamps import from_millis, to_millis

__all__ = ["actor_from_json", "actor_to_json"]


def actor_to_json(actor: Actor) -> dict[str, Any]:
    """Write who did something."""
    return {"owner_id": actor.owner_id, "arn": actor.arn, "time": to_millis(actor.time)}


def actor_from_json(stored: Mapping[str, Any]) -> Actor:
    """Read who did something."""
    return Actor(stored["owner_id"], stored["arn"], from_millis(stored["time"]))
