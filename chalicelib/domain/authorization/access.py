"""Who may call which route, as data: the routes ask `is_admitted`, docs/access.md and the tests read the same tables."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from chalicelib.domain.authorization.environment_access import Step
from chalicelib.domain.authorization.ownership import Caller

__all__ = ["ADMITTED", "ROUTES", "Asker", "Audience", "Rule", "asker_of", "is_admitted"]


class Asker(StrEnum):
    """Who sends a request."""

    ANONYMOUS = "nobody: not signed"
    NO_OWNER = "a principal that cannot own jobs"
    USER = "a user"
    ADMIN = "an admin"
    USER_FOR_OTHER = "a user, with another's `owner_id`"
    ADMIN_FOR_OTHER = "an admin, with another's `owner_id`"


class Audience(StrEnum):
    """Whom a route is for."""

    SIGNED = "whoever may own jobs"
    """It concerns nobody's jobs: an `owner_id` means nothing."""
    SELF = "the owner alone"
    """It makes something, whose owner is whoever asks."""
    OWNER = "the owner, or an admin for the owner"
    ADMIN = "admins"
    """It concerns owners as such."""
    ADMIN_FOR_OTHER = "an admin for another owner"
    """It makes something of another owner's."""
    RUNNER = "the runner of this run"
    """What counts is a proof of the run, which the service checks; a signature means nothing."""


@dataclass(frozen=True)
class Rule:
    """Who may call a route, and the steps that it may be for an environment."""

    audience: Audience
    steps: tuple[Step, ...] = ()
    """What each of them needs, `NEEDS_THE_RIGHT` says."""


ADMITTED: Final[Mapping[Audience, frozenset[Asker]]] = {
    Audience.SIGNED: frozenset({Asker.USER, Asker.ADMIN, Asker.USER_FOR_OTHER, Asker.ADMIN_FOR_OTHER}),
    Audience.SELF: frozenset({Asker.USER, Asker.ADMIN}),
    Audience.OWNER: frozenset({Asker.USER, Asker.ADMIN, Asker.ADMIN_FOR_OTHER}),
    Audience.ADMIN: frozenset({Asker.ADMIN, Asker.ADMIN_FOR_OTHER}),
    Audience.ADMIN_FOR_OTHER: frozenset({Asker.ADMIN_FOR_OTHER}),
    Audience.RUNNER: frozenset(Asker),
}

_RUN: Final = "/runs/{owner_id}/{job_id}/{attempt}"
_DEFINITION: Final = "/scheduler/job_definitions/{definition_id}"

ROUTES: Final[Mapping[str, Rule]] = {
    "GET /scheduler/config": Rule(Audience.SIGNED),
    "GET /scheduler/crontab": Rule(Audience.SIGNED),
    "GET /scheduler/health": Rule(Audience.SIGNED),
    "GET /scheduler/openapi.json": Rule(Audience.SIGNED),
    "GET /scheduler/runtime_environments": Rule(Audience.SIGNED),
    "POST /scheduler/uploads": Rule(Audience.SIGNED),
    "POST /scheduler/jobs": Rule(Audience.SELF, (Step.CREATE,)),
    "GET /scheduler/jobs": Rule(Audience.OWNER),
    "GET /scheduler/jobs/count": Rule(Audience.OWNER),
    "GET /scheduler/jobs/{job_id}": Rule(Audience.OWNER),
    "PATCH /scheduler/jobs/{job_id}": Rule(Audience.OWNER, (Step.LOOK_AFTER, Step.RESIZE)),
    "DELETE /scheduler/jobs/{job_id}": Rule(Audience.OWNER, (Step.LOOK_AFTER,)),
    "DELETE /scheduler/batch/jobs": Rule(Audience.OWNER, (Step.LOOK_AFTER,)),
    "GET /scheduler/jobs/{job_id}/download_files": Rule(Audience.OWNER),
    "GET /scheduler/jobs/{job_id}/logs": Rule(Audience.OWNER),
    "POST /scheduler/job_definitions": Rule(Audience.SELF, (Step.CREATE,)),
    "GET /scheduler/job_definitions": Rule(Audience.OWNER),
    f"GET {_DEFINITION}": Rule(Audience.OWNER),
    f"PATCH {_DEFINITION}": Rule(Audience.OWNER, (Step.LOOK_AFTER, Step.EDIT, Step.EDIT_CODE)),
    f"DELETE {_DEFINITION}": Rule(Audience.OWNER, (Step.LOOK_AFTER,)),
    f"POST {_DEFINITION}/jobs": Rule(Audience.OWNER, (Step.RUN_NOW,)),
    f"POST {_DEFINITION}/take_over": Rule(Audience.ADMIN_FOR_OTHER, (Step.CREATE,)),
    "GET /scheduler/owners": Rule(Audience.ADMIN),
    "GET /scheduler/owners/{owner_id}": Rule(Audience.ADMIN),
    "PATCH /scheduler/owners/{owner_id}": Rule(Audience.ADMIN),
    f"POST {_RUN}/check-in": Rule(Audience.RUNNER),
    f"GET {_RUN}/work-order": Rule(Audience.RUNNER),
    f"POST {_RUN}/heartbeat": Rule(Audience.RUNNER),
    f"POST {_RUN}/output-urls": Rule(Audience.RUNNER),
    f"POST {_RUN}/report": Rule(Audience.RUNNER),
}
"""Every route; one that has no row cannot be registered."""


def asker_of(caller: Caller, named_owner: str | None) -> Asker:
    """Find who asks: a caller, who may have named an owner with `owner_id`."""
    if named_owner in (None, "", caller.owner_id):
        return Asker.ADMIN if caller.is_admin else Asker.USER
    return Asker.ADMIN_FOR_OTHER if caller.is_admin else Asker.USER_FOR_OTHER


def is_admitted(asker: Asker, audience: Audience) -> bool:
    """Whether somebody may call a route for this audience."""
    return asker in ADMITTED[audience]
