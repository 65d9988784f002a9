"""Take over a definition: an admin gets a copy, and the old definition is paused with a note."""

from dataclasses import replace
from datetime import datetime

from chalicelib.config import SchedulerSettings
from chalicelib.domain.authorization.actor import Actor
from chalicelib.domain.authorization.ownership import Caller
from chalicelib.domain.definitions.definition import Definition, TakenOver
from chalicelib.domain.definitions.definition_request import check_schedule, count_slots, request_of
from chalicelib.domain.definitions.health import Health
from chalicelib.domain.definitions.tick import next_due_after
from chalicelib.domain.job_request import resolve_spec
from chalicelib.errors import ConflictError

__all__ = ["check_may_take_over", "make_taken_over", "pause_taken_over"]


def check_may_take_over(definition: Definition, caller: Caller) -> None:
    """Check whether an admin may take over a definition.

    Raises
    ------
    ConflictError
        If another admin has already taken it over.
    """
    taken = definition.taken_over
    if taken and taken.owner_id != caller.owner_id:
        raise ConflictError(
            f"Job definition {definition.definition_id} was taken over by {taken.arn} as {taken.definition_id}"
            f" (owner {taken.owner_id}). Take that one over, or resume the old one first."
        )


def make_taken_over(
    caller: Caller, old: Definition, *, definition_id: str, snapshot_id: str, settings: SchedulerSettings, now: datetime
) -> Definition:
    """Make the caller's copy of a definition: the same notebook, schedule, options and parameters, with the caller's rights.

    The copy continues to count runs, so that `max_runs` still holds. Existing jobs stay with their owner. The copy has no `input_path`,
    because that path refers to the old owner's workspace.

    Raises
    ------
    InvalidRequestError, NotAllowedError
        If the settings do not, or no longer, allow it to the caller.
    """
    spec = replace(resolve_spec(request_of(old), settings, caller), input_path=None)
    check_schedule(old.schedule, old.timezone, old.options, settings)
    new = replace(
        old,
        owner_id=caller.owner_id,
        definition_id=definition_id,
        snapshot_id=snapshot_id,
        spec=spec,
        create_time=now,
        update_time=now,
        effective_from=now,
        revision=1,
        synced_revision=0,
        schedule_slots=count_slots(old.schedule),
        missed_count=0,
        skipped_count=0,
        last_skipped=None,
        counted_runs=0,
        health=Health(),
        last_run=None,
        schedule_problem=None,
        tick_problem=None,
        missed_problem=None,
        notification_problem=None,
        pause_problem=None,
        taken_over=None,
    )
    return replace(new, next_due=next_due_after(new, now))


def pause_taken_over(new: Definition, old: Definition, by: Actor) -> Definition:
    """Return the old definition, paused and with a note about who has taken it over as which definition."""
    return replace(
        old,
        active=False,
        update_time=by.time,
        effective_from=by.time,
        next_due=None,
        revision=old.revision + 1,
        taken_over=TakenOver(**vars(by), definition_id=new.definition_id),
    )
