"""The blueprint of all routes: authorization, error responses and audit lines around each view."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from chalice.app import Blueprint, Response

from chalicelib.domain.authorization.access import ROUTES
from chalicelib.domain.identifiers import is_id
from chalicelib.errors import ConfigurationError, NotFoundError, RequestError
from chalicelib.factory import factory
from chalicelib.routes.audit import record_request
from chalicelib.routes.authorization import authorize
from chalicelib.routes.error_responses import error_response
from chalicelib.routes.models.responses import Redirect
from chalicelib.routes.request_body import check_text

__all__ = ["ApiBlueprint", "View"]

View = Callable[..., Any]


def _invalid_id() -> RequestError:
    return NotFoundError("Nothing has this id: an id has 1 to 200 letters, digits and hyphens.")


def _respond(body: Any) -> Response:
    if isinstance(body, Redirect):
        return Response(body="", status_code=302, headers={"Location": body.url})
    return Response(body=body if body is not None else "", status_code=204 if body is None else 200)


class ApiBlueprint(Blueprint):
    """A blueprint whose views may raise the errors of `errors.py`.

    A view that returns None responds with 204, one that returns a `Redirect` with 302.

    Each request that changes something or makes a URL leaves one audit line, whatever its status.

    Parameters
    ----------
    invalid_id
        Makes the error for a path that contains an invalid id.
    """

    def __init__(self, import_name: str, *, invalid_id: Callable[[], RequestError] = _invalid_id) -> None:
        super().__init__(import_name)
        self._invalid_id = invalid_id
        self.views: dict[tuple[str, str], View] = {}
        """Each view, by path and method."""

    def route(self, path: str, *, audited: bool | None = None, **options: Any) -> Callable[[View], View]:
        """Register a view, with authorization, error responses and audit lines.

        Parameters
        ----------
        path
            The path of the route.
        audited
            Whether a request leaves an audit line. By default, every request below `/scheduler` except GET does.
        **options
            Options of Chalice.

        Raises
        ------
        ConfigurationError
            If `ROUTES` of `domain/authorization/access.py` does not contain the route.
        """
        if missing := [method for method in options["methods"] if f"{method} {path}" not in ROUTES]:
            raise ConfigurationError(
                f"domain/authorization/access.py has no row for {', '.join(missing)} {path}. Add one that says who may call it."
            )
        register = super().route(path, **options)
        if audited is None:
            audited = path.startswith("/scheduler/") and options["methods"] != ["GET"]

        def decorate(view: View) -> View:
            register(self._wrap(view, path, audited=audited))
            self.views.update({(path, method): view for method in options["methods"]})
            return view

        return decorate

    def _check_ids(self, *ids: str) -> None:
        if not all(map(is_id, ids)):
            raise self._invalid_id()

    def _wrap(self, view: View, path: str, *, audited: bool) -> View:
        @wraps(view)
        def respond(*args: Any, **kwargs: Any) -> Response:
            try:
                request = self.current_request
                authorize(request, ROUTES[f"{request.method} {path}"].audience, factory().settings.ownership)
                self._check_ids(*args, *kwargs.values())
                check_text(request.to_original_event())
                response = _respond(view(*args, **kwargs))
            except Exception as error:  # noqa: BLE001 - the boundary, where every error becomes a response
                response = error_response(error, self.current_request.context.get("requestId"))
            if audited:
                record_request(view.__name__, self.current_request, kwargs, response)
            return response

        return respond
