"""One method for each thing that the service can be asked about definitions and crontabs."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from jupyter_scheduler_aws.api.definition_models import Definition, DefinitionPage, Explanation
from jupyter_scheduler_aws.api.job_endpoints import Api
from jupyter_scheduler_aws.api.request_fields import random_token
from jupyter_scheduler_aws.api.response_models import read_response
from jupyter_scheduler_aws.api.transport import Query

__all__ = ["DefinitionApi"]


class DefinitionApi(Api):
    """The requests about definitions."""

    def create_definition(self, request: Mapping[str, Any]) -> str:
        """Create a definition from the API's own form (`CreateJobDefinition`), and give its id.

        A request without an `idempotency_token` gets a random one, so that it may be repeated.
        """
        body = {"idempotency_token": random_token(), **request}
        response = self.transport.call("POST", "/job_definitions", body=body)
        return read_response(lambda response: str(response["job_definition_id"]), response)

    def get_definition(self, definition_id: str) -> Definition:
        """Describe a definition."""
        return read_response(Definition.from_document, self.transport.call("GET", _definition(definition_id)))

    def list_definition_page(
        self, *, query: Query = (), max_items: int = 100, next_token: str | None = None
    ) -> DefinitionPage:
        """List a part of your definitions, newest first unless `sort_by` says otherwise.

        Parameters
        ----------
        query
            Filters and order, as the API has them: `name` (a prefix), `tags`, `create_time`, `sort_by`.
        max_items
            Length of the part.
        next_token
            Where to go on, from the part before.
        """
        items = [*query, ("max_items", str(max_items))]
        items += [("next_token", next_token)] if next_token else []
        return read_response(DefinitionPage.from_document, self.transport.call("GET", "/job_definitions", query=items))

    def change_definition(self, definition_id: str, changes: Mapping[str, Any]) -> None:
        """Change what the API's own form (`UpdateJobDefinition`) names, and only that."""
        self.transport.call("PATCH", _definition(definition_id), body=changes)

    def pause_definition(self, definition_id: str) -> None:
        """Stop following a definition's schedule; jobs that it has made go on."""
        self.change_definition(definition_id, {"active": False})

    def resume_definition(self, definition_id: str) -> None:
        """Follow a definition's schedule again, from now on: what was due meanwhile is not made up for."""
        self.change_definition(definition_id, {"active": True})

    def delete_definition(self, definition_id: str) -> None:
        """Delete a definition with its jobs and their files, stopping those that run."""
        self.transport.call("DELETE", _definition(definition_id))

    def take_over_definition(self, definition_id: str) -> str:
        """Make a definition of your own of the one that the client's owner has, and give its id; for admins.

        The old one is paused with a note, and keeps its jobs. The same request again gives the same definition.
        """
        response = self.transport.call("POST", f"{_definition(definition_id)}/take_over")
        return read_response(lambda response: str(response["job_definition_id"]), response)

    def create_job_of_definition(self, definition_id: str, request: Mapping[str, Any]) -> str:
        """Create a job from a definition and the API's own form (`CreateJobFromDefinition`), and give the job's id.

        A request without an `idempotency_token` gets a random one, so that it may be repeated.
        """
        body = {"idempotency_token": random_token(), **request}
        response = self.transport.call("POST", f"{_definition(definition_id)}/jobs", body=body)
        return read_response(lambda response: str(response["job_id"]), response)

    def explain_crontab(self, crontab: str, *, timezone: str | None = None) -> Explanation:
        """Ask what becomes of a crontab: EventBridge expressions, and the next five due minutes.

        Parameters
        ----------
        crontab
            Five fields, or a macro such as `@daily`.
        timezone
            Name of its zone; without it, UTC.
        """
        query = [("schedule", crontab)] + ([("timezone", timezone)] if timezone else [])
        return read_response(Explanation.from_document, self.transport.call("GET", "/crontab", query=query))


def _definition(definition_id: str) -> str:
    return f"/job_definitions/{quote(definition_id, safe='')}"
