"""The API's endpoints for definitions and crontabs: one method each."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import quote

from jupyter_scheduler_aws.api.definition_models import Definition, DefinitionPage, Explanation
from jupyter_scheduler_aws.api.documents import read_response
from jupyter_scheduler_aws.api.job_endpoints import Api
from jupyter_scheduler_aws.api.pagination import page_query
from jupyter_scheduler_aws.api.request_fields import encode_time, random_token
from jupyter_scheduler_aws.api.transport import Query

__all__ = ["DefinitionApi"]


class DefinitionApi(Api):
    """Endpoints for definitions."""

    def create_definition(self, request: Mapping[str, Any]) -> str:
        """Create a definition from the API's request (`CreateJobDefinition`), and return its id.

        A request without an `idempotency_token` gets a random one, so that it is safe to retry.
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
        """List a page of your definitions, newest first unless `sort_by` sets another order.

        Parameters
        ----------
        query
            Filters and order, as query parameters of the API: `name` (a prefix), `tags`, `create_time`, `sort_by`.
        max_items
            Maximum length of the page.
        next_token
            From the previous page.
        """
        document = self.transport.call("GET", "/job_definitions", query=[*query, *page_query(max_items, next_token)])
        return read_response(DefinitionPage.from_document, document)

    def change_definition(self, definition_id: str, changes: Mapping[str, Any]) -> None:
        """Change only the fields in the API's request (`UpdateJobDefinition`)."""
        self.transport.call("PATCH", _definition(definition_id), body=changes)

    def pause_definition(self, definition_id: str) -> None:
        """Pause a definition's schedule. Jobs that it has already created keep running."""
        self.change_definition(definition_id, {"active": False})

    def resume_definition(self, definition_id: str) -> None:
        """Resume a definition's schedule from now on. Due times during the pause are not caught up."""
        self.change_definition(definition_id, {"active": True})

    def delete_definition(self, definition_id: str) -> None:
        """Delete a definition with its jobs and their files, and stop the jobs that are running."""
        self.transport.call("DELETE", _definition(definition_id))

    def take_over_definition(self, definition_id: str) -> str:
        """Copy a definition of the client's owner into one of your own, and return its id; for admins.

        The old definition is paused with a note, and keeps its jobs. Repeating the request returns the same definition.
        """
        response = self.transport.call("POST", f"{_definition(definition_id)}/take_over")
        return read_response(lambda response: str(response["job_definition_id"]), response)

    def create_job_of_definition(self, definition_id: str, request: Mapping[str, Any]) -> str:
        """Create a job from a definition and the API's request (`CreateJobFromDefinition`), and return the job's id.

        A request without an `idempotency_token` gets a random one, so that it is safe to retry.
        """
        body = {"idempotency_token": random_token(), **request}
        response = self.transport.call("POST", f"{_definition(definition_id)}/jobs", body=body)
        return read_response(lambda response: str(response["job_id"]), response)

    def explain_crontab(
        self, crontab: str, *, timezone: str | None = None, start: datetime | None = None, end: datetime | None = None
    ) -> Explanation:
        """Explain a crontab: its EventBridge expressions, and the next five due times, or with `end` those from `start` to `end`.

        Parameters
        ----------
        crontab
            Five fields, or a macro such as `@daily`.
        timezone
            Name of its time zone; the default is UTC.
        start, end
            The period, with time zones. At most 1,000 due times are returned; for the next ones, ask again from a minute after the last.

        Raises
        ------
        ValueError
            If a time has no time zone.
        """
        query = [("schedule", crontab)] + ([("timezone", timezone)] if timezone else [])
        query += [(name, str(encode_time(name, time))) for name, time in (("from", start), ("to", end)) if time]
        return read_response(Explanation.from_document, self.transport.call("GET", "/crontab", query=query))


def _definition(definition_id: str) -> str:
    return f"/job_definitions/{quote(definition_id, safe='')}"
