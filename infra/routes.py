"""The routes that the service declares; the API has a method for each."""

import importlib
from dataclasses import dataclass
from typing import Final, Literal

__all__ = ["RUNNER_PREFIX", "Route", "read_routes"]

RUNNER_PREFIX: Final = "/runs/"
"""Prefix of the paths for runners, which send a session token. All other paths are for users, who sign their requests."""


@dataclass(frozen=True, order=True)
class Route:
    """One path and method, in the format of Chalice and API Gateway: `/jobs/{job_id}`."""

    path: str
    method: str

    @property
    def audience(self) -> Literal["users", "runners"]:
        """Who may call the route."""
        return "runners" if self.path.startswith(RUNNER_PREFIX) else "users"


def read_routes() -> list[Route]:
    """Return the routes of the service in a fixed order.

    Importing the entry point reads no environment variable and calls nothing, so this works wherever the service can be imported.
    """
    service = importlib.import_module("app.app").app
    return sorted(Route(path, method) for path, methods in service.routes.items() for method in methods)
