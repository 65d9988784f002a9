"""Access control: which callers may use which route. The routes, docs/access.md and the tests use the same tables."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from chalicelib.domain.authorization.environment_access import Step
from chalicelib.domain.authorization.ownership import Caller

__all__ = ["ALLOWED_CALLERS", "ROUTES", "Audience", "CallerKind", "Rule", "caller_kind", "is_allowed"]


class CallerKind(StrEnum):
    """The kind of caller that sends a request."""

    ANONYMOUS = "an unsigned request"
    NO_OWNER = "a principal that cannot own jobs"
    USER = "a user"
    ADMIN = "an admin"
    USER_FOR_OTHER = "a user, with the `owner_id` of another owner"
    ADMIN_FOR_OTHER = "an admin, with the `owner_id` of another owner"


class Audience(StrEnum):
    """The callers that a route is for."""

    SIGNED = "everybody who may own jobs"
    """The route is not about an owner's jobs. `owner_id` has no effect."""
    SELF = "the owner only"
    """The route creates something that belongs to the caller."""
    OWNER = "the owner, or an admin for the owner"
    ADMIN = "admins"
    """The route is about owners."""
    ADMIN_FOR_OTHER = "an admin for another owner"
    """The route creates a copy of something that belongs to another owner."""
    RUNNER = "the runner of this run"
    """The service verifies a proof of the run. A signature has no effect."""


@dataclass(frozen=True)
class Rule:
    """Who may call a route, and for which steps it may need a right to the environment."""

    audience: Audience
    steps: tuple[Step, ...] = ()
    """`REQUIRED_RIGHTS` lists what each step needs."""


ALLOWED_CALLERS: Final[Mapping[Audience, frozenset[CallerKind]]] = {
    Audience.SIGNED: frozenset(
        {CallerKind.USER, CallerKind.ADMIN, CallerKind.USER_FOR_OTHER, CallerKind.ADMIN_FOR_OTHER}
    ),
    Audience.SELF: frozenset({CallerKind.USER, CallerKind.ADMIN}),
    Audience.OWNER: frozenset({CallerKind.USER, CallerKind.ADMIN, CallerKind.ADMIN_FOR_OTHER}),
    Audience.ADMIN: frozenset({CallerKind.ADMIN, CallerKind.ADMIN_FOR_OTHER}),
    Audience.ADMIN_FOR_OTHER: frozenset({CallerKind.ADMIN_FOR_OTHER}),
    Audience.RUNNER: frozenset(CallerKind),
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
    "GET /scheduler/jobs/unfinished": Rule(Audience.OWNER),
    "GET /scheduler/jobs/{job_id}": Rule(Audience.OWNER),
    "PATCH /scheduler/jobs/{job_id}": Rule(Audience.OWNER, (Step.MANAGE, Step.RESIZE)),
    "DELETE /scheduler/jobs/{job_id}": Rule(Audience.OWNER, (Step.MANAGE,)),
    "DELETE /scheduler/batch/jobs": Rule(Audience.OWNER, (Step.MANAGE,)),
    "GET /scheduler/jobs/{job_id}/attempts": Rule(Audience.OWNER),
    "GET /scheduler/jobs/{job_id}/download_files": Rule(Audience.OWNER),
    "GET /scheduler/jobs/{job_id}/logs": Rule(Audience.OWNER),
    "POST /scheduler/job_definitions": Rule(Audience.SELF, (Step.CREATE,)),
    "GET /scheduler/job_definitions": Rule(Audience.OWNER),
    f"GET {_DEFINITION}": Rule(Audience.OWNER),
    f"PATCH {_DEFINITION}": Rule(Audience.OWNER, (Step.MANAGE, Step.EDIT, Step.EDIT_CODE)),
    f"DELETE {_DEFINITION}": Rule(Audience.OWNER, (Step.MANAGE,)),
    f"GET {_DEFINITION}/latest": Rule(Audience.OWNER),
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
"""Every route. A route without a row cannot be registered."""


def caller_kind(caller: Caller, named_owner: str | None) -> CallerKind:
    """Return the kind of a caller, who may name an owner with `owner_id`."""
    if named_owner in (None, "", caller.owner_id):
        return CallerKind.ADMIN if caller.is_admin else CallerKind.USER
    return CallerKind.ADMIN_FOR_OTHER if caller.is_admin else CallerKind.USER_FOR_OTHER


def is_allowed(kind: CallerKind, audience: Audience) -> bool:
    """Check whether a kind of caller may use a route for this audience."""
    return kind in ALLOWED_CALLERS[audience]
