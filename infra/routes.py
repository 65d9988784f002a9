"""The routes that the service declares: the API has one method for each."""

import importlib
from dataclasses import dataclass
from typing import Final, Literal

__all__ = ["RUNNER_PREFIX", "Route", "read_routes"]

RUNNER_PREFIX: Final = "/runs/"
"""Paths below it are for runners, who prove themselves by a session token; everything else is for users, who sign."""


@dataclass(frozen=True, order=True)
class Route:
    """One path and method, written as Chalice and API Gateway both write it: `/jobs/{job_id}`."""

    path: str
    method: str

    @property
    def audience(self) -> Literal["users", "runners"]:
        """Whom the route is for."""
        return "runners" if self.path.startswith(RUNNER_PREFIX) else "users"


def read_routes() -> list[Route]:
    """Ask the service itself, in a fixed order.

    Importing the entry points reads no environment and calls nothing, so this works wherever the service can be imported.
    """
    service = importlib.import_module("app.app").app
    return sorted(Route(path, method) for path, methods in service.routes.items() for method in methods)
