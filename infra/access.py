"""Who may do what, as a page for an operator's reviewer: `python -m infra.access` prints docs/access.md.

The page is made of the tables that the service itself decides by: `chalicelib.domain.authorization.access` and `chalicelib.domain.authorization.environment_access`.
"""

import sys
from collections.abc import Iterable, Iterator
from typing import Final

from chalicelib.domain.authorization.access import ROUTES, Audience, CallerKind, is_allowed
from chalicelib.domain.authorization.environment_access import REQUIRED_RIGHTS, Party, Step

__all__ = ["document"]

_HEADING: Final = """# Who may do what

`make access` writes this page from the tables that the service decides by. The tests `test_access.py`, `test_environment_access.py` and
`test_run_access.py` in `tests/chalicelib/routes` send its requests to the service, as API Gateway would, and compare the answers. Who counts as a user, an owner or an admin:
[operation](operation.md#who-may-do-what).

## Routes

The numbers are HTTP statuses. *Yes* means that the request is carried out, on the caller's own things or, with `owner_id`, on those of
the owner that it names. Another's thing without `owner_id` is 404, for admins too: without it they act for themselves.
A principal that cannot own jobs is one of a kind that [operation](operation.md#who-may-do-what) does not list: a federated user, the root user, anything unknown.

"""

_RUNS: Final = """
## Runners

| route | anybody without a proof of the run | the run's own runner |
| --- | --- | --- |
"""

_ENVIRONMENTS: Final = """
## Environments with users

Reading needs no right, so whoever is removed from `users` still sees what their jobs made. In an environment without `users`
everything is *yes*. With `users`, a step needs the right of those in the second column, held against the settings of the moment:
the owner's identity is kept with every job and definition, an admin's never replaces it.
What is refused is 403; a due minute makes no job and says so in the definition's `problems`; a launch ends the job as `not_allowed`.

| step | whose right it needs | owner is a user | owner is none | admin who is a user, for an owner who is none | admin who is none, for an owner who is a user |
| --- | --- | --- | --- | --- | --- |
"""


def document() -> str:
    """Write the page."""
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
        needed = " and ".join(parties) if parties else "nobody's"
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


def _allowed(yes: bool) -> str:  # noqa: FBT001 - one word for one fact
    return "yes" if yes else "no"


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |\n"


if __name__ == "__main__":
    sys.stdout.write(document())
