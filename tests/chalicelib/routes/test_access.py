"""The table of docs/access.md, tested with requests as API Gateway sends them: callers, routes and owners.

Whose right to an environment it needs, `test_environment_access.py` shows."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from app.app import app
from chalicelib.domain.authorization.access import ROUTES, Audience, CallerKind, is_allowed
from chalicelib.errors import ConfigurationError
from chalicelib.routes.blueprint import ApiBlueprint
from infra.routes import read_routes
from tests.support.definitions import Definitions
from tests.support.http_api import Api, Response
from tests.support.principals import ADMINS, NO_OWNERS, USERS, settings_with_admins
from tests.support.scheduler import BOB, LocalScheduler, notebook, scheduler

WHO: dict[CallerKind, Mapping[str, str | None]] = {
    CallerKind.ANONYMOUS: {"nobody": None},
    CallerKind.NO_OWNER: NO_OWNERS,
    CallerKind.USER: USERS,
    CallerKind.ADMIN: ADMINS,
    CallerKind.USER_FOR_OTHER: USERS,
    CallerKind.ADMIN_FOR_OTHER: ADMINS,
}


def _request(local: LocalScheduler, api: Api) -> dict[str, Any]:
    signed = api.get("/scheduler/health").status == 200
    uri = local.upload(notebook(), api=api) if signed else "upload:none"
    return {"name": "n", "input_uri": uri, "input_filename": "x.ipynb", "runtime_environment_name": "python"}


BODIES: dict[str, Callable[[LocalScheduler, Api], Any]] = {
    "POST /scheduler/uploads": lambda _local, _api: {"filename": "x.ipynb", "size_bytes": 1},
    "POST /scheduler/jobs": _request,
    "POST /scheduler/job_definitions": _request,
    "PATCH /scheduler/jobs/{job_id}": lambda _local, _api: {"name": "Renamed"},
    "PATCH /scheduler/job_definitions/{definition_id}": lambda _local, _api: {"name": "Renamed"},
    "POST /scheduler/job_definitions/{definition_id}/jobs": lambda _local, _api: {},
    "PATCH /scheduler/owners/{owner_id}": lambda _local, _api: {"disabled": False},
}
QUERIES = {
    "GET /scheduler/crontab": "schedule=0 9 * * *",
    "DELETE /scheduler/batch/jobs": "job_id={job_id}",
}
"""What a route needs besides its path."""

FOR_USERS = [route for route, rule in ROUTES.items() if rule.audience is not Audience.RUNNER]
FOR_RUNNERS = [route for route, rule in ROUTES.items() if rule.audience is Audience.RUNNER]


@pytest.fixture(scope="module")
def local() -> Iterator[LocalScheduler]:
    with scheduler(settings_with_admins()) as made:
        yield made


class Target:
    """The resource of an owner that a route is about: a job or a definition, if its path or query names one."""

    def __init__(self, local: LocalScheduler, owner: Api, route: str) -> None:
        self.local, self.owner, self.owner_id = local, owner, local.owner_id(owner)
        named = f"{route} {QUERIES.get(route)}"
        self.ids: dict[str, str] = {}
        if "{owner_id}" in named:
            local.create(api=owner)
            self.ids["owner_id"] = self.owner_id
        if "{job_id}" in named:
            self.ids["job_id"] = local.create(api=owner)
        if "{definition_id}" in named:
            made = Definitions(local)
            self.ids["definition_id"] = made.create(api=owner, schedule=None)
            if route.endswith("/latest"):
                made.let_succeed(self.ids["definition_id"], owner)


NOTHING = {"job_id": "j-1", "definition_id": "d-1", "owner_id": "o-1"}


def _send(local: LocalScheduler, api: Api, route: str, ids: dict[str, str], owner_id: str | None) -> Response:
    """Send one request, after resetting the count of the service's AWS calls."""
    method, _, path = route.partition(" ")
    query = [QUERIES.get(route, "").format(**ids), f"owner_id={owner_id}" if owner_id else ""]
    body = BODIES[route](local, api) if route in BODIES else None
    local.calls.clear()
    return api.request(method, f"{path.format(**ids)}?{'&'.join(filter(None, query))}", body=body)


def test_every_route_of_the_service_has_a_row() -> None:
    assert {f"{method} {path}" for path, methods in app.routes.items() for method in methods} == set(ROUTES)


def test_the_gateway_checks_signatures_where_the_service_asks_for_them() -> None:
    """API Gateway passes unsigned requests on only for the routes of runners."""
    unsigned = {f"{each.method} {each.path}" for each in read_routes() if each.audience == "runners"}
    assert unsigned == set(FOR_RUNNERS)


def test_a_route_without_a_row_cannot_be_registered() -> None:
    with pytest.raises(ConfigurationError, match=r"has no row for POST /scheduler/new"):
        ApiBlueprint("x").route("/scheduler/new", methods=["POST"])


def _whose(local: LocalScheduler, asker: CallerKind, api: Api, route: str) -> tuple[dict[str, str], str | None]:
    """Return the resource of a request and the owner that it names: the caller or Bob."""
    if asker in (CallerKind.USER_FOR_OTHER, CallerKind.ADMIN_FOR_OTHER):
        target = Target(local, local.api.as_user(BOB), route)
        return target.ids, target.owner_id
    return (Target(local, api, route).ids if asker in (CallerKind.USER, CallerKind.ADMIN) else NOTHING), None


@pytest.mark.parametrize("asker", CallerKind, ids=lambda each: each.name)
@pytest.mark.parametrize("route", FOR_USERS)
def test_who_may_call_a_route(route: str, asker: CallerKind, local: LocalScheduler) -> None:
    for kind, arn in WHO[asker].items():
        api = local.api.as_user(arn)
        ids, owner_id = _whose(local, asker, api, route)
        response = _send(local, api, route, ids, owner_id)
        if is_allowed(asker, ROUTES[route].audience):
            assert response.status in (200, 204, 302), (kind, response.body)
        else:
            assert response.status == (401 if asker is CallerKind.ANONYMOUS else 403), (kind, response.body)
            assert local.calls == [], kind


FOR_OWNERS = [each for each in FOR_USERS if ROUTES[each].audience is Audience.OWNER]


@pytest.mark.parametrize("route", [each for each in FOR_OWNERS if "_id}" in f"{each} {QUERIES.get(each)}"])
def test_resources_of_another_owner_are_not_found(route: str, local: LocalScheduler) -> None:
    bob = local.api.as_user(BOB)
    target = Target(local, bob, route)
    before = _stored(target)
    for kind, arn in {**USERS, **ADMINS}.items():
        response = _send(local, local.api.as_user(arn), route, target.ids, None)
        assert (response.status, response.body["code"]) == (404, "not_found"), kind
    assert _stored(target) == before


def _stored(target: Target) -> tuple[Any, ...]:
    urls = {"job_id": "/scheduler/jobs/{}", "definition_id": "/scheduler/job_definitions/{}"}
    return tuple(target.owner.get(urls[name].format(each)).body for name, each in target.ids.items())
