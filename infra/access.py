"""Print docs/access.md, which lists who may do what: `python -m infra.access`.

It is generated from the tables that the service uses for its decisions: `chalicelib.domain.authorization.access` and
`chalicelib.domain.authorization.environment_access`.
"""

import sys
from collections.abc import Iterable, Iterator
from typing import Final

from chalicelib.domain.authorization.access import ROUTES, Audience, CallerKind, is_allowed
from chalicelib.domain.authorization.environment_access import REQUIRED_RIGHTS, Party, Step

__all__ = ["document"]

_HEADING: Final = """# Who may do what

`make access` generates this page from the tables that the service uses for its decisions. The tests `test_access.py`, `test_environment_access.py`
and `test_run_access.py` in `tests/chalicelib/routes` send every request to the service, as API Gateway does, and compare the responses.
[Operation](operation.md#who-may-do-what) explains who is a user, an owner, or an admin.

## Routes

Numbers are HTTP statuses. *Yes* means that the service carries out the request: on the caller's own jobs and definitions, or on those of
the owner that `owner_id` names. Without `owner_id`, a request for another owner's job is a 404, also for admins, who then act for themselves.
A principal that cannot own jobs is a federated user, the root user, or a type that [operation](operation.md#who-may-do-what) does not list.

"""

_RUNS: Final = """
## Runners

| route | a caller without proof for the run | the run's own runner |
| --- | --- | --- |
"""

_ENVIRONMENTS: Final = """
## Environments with users

Reading requires no right, so people who are removed from `users` can still read the results of their jobs. In an environment without `users`
every step is allowed. With `users`, the people in the second column need the right, and the service checks it against the current settings.
The owner's identity is stored with every job and definition; an admin's identity never replaces it.
A refused request gets a 403. A refused due time creates no job, and the definition's `problems` say why. A refused launch ends the job as `not_allowed`.

| step | who needs the right | owner is in `users` | owner is not | admin is in `users`, their owner is not | admin is not, their owner is |
| --- | --- | --- | --- | --- | --- |
"""


def document() -> str:
    """Return the page."""
    return "".join((_HEADING, *_user_routes(), _RUNS, *_runner_routes(), _ENVIRONMENTS, *_steps()))


def _user_routes() -> Iterator[str]:
    yield _row(("route", *(f"{each}" for each in CallerKind)))
    yield _row(["---"] * (len(CallerKind) + 1))
    for route, rule in ROUTES.items():
        if rule.audience is not Audience.RUNNER:
            yield _row((f"`{route}`", *(_response(asker, rule.audience) for asker in CallerKind)))


def _response(asker: CallerKind, audience: Audience) -> str:
    if is_allowed(asker, audience):
        return "yes"
    return "401" if asker is CallerKind.ANONYMOUS else "403"


def _runner_routes() -> Iterator[str]:
    for route, rule in ROUTES.items():
        if rule.audience is Audience.RUNNER:
            yield _row((f"`{route}`", "refused", "yes"))


def _steps() -> Iterator[str]:
    for step, parties in REQUIRED_RIGHTS.items():
        needed = " and ".join(parties) if parties else "nobody"
        asked = step not in (Step.TICK, Step.LAUNCH)
        yield _row(
            (
                step.value,
                needed,
                "yes",
                _allowed(not parties),
                _allowed(Party.OWNER not in parties) if asked and step is not Step.CREATE else "-",
                _allowed(Party.CALLER not in parties) if asked and step is not Step.CREATE else "-",
            )
        )


def _allowed(yes: bool) -> str:  # noqa: FBT001 - a helper for table cells
    return "yes" if yes else "no"


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |\n"


if __name__ == "__main__":
    sys.stdout.write(document())
