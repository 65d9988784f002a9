"""Asks for lists: jupyter-scheduler's queries in the API's words, and pages as full as the panel counts on."""

from collections.abc import Mapping
from typing import Any, Final

from jupyter_scheduler.models import ListJobDefinitionsQuery, ListJobsQuery

from jupyter_scheduler_aws.api.documents import read_response
from jupyter_scheduler_aws.api.transport import Query
from jupyter_scheduler_aws.client import Client

__all__ = ["Page", "definition_page", "job_page"]

_MOST_REQUESTS: Final = 5
"""For one page: the service gives short ones where a filter, or rows of hundreds of kilobytes, leave it no more."""

Page = tuple[list[Mapping[str, Any]], str | None, int]
"""Rows, where to go on (None: nowhere), and how many there are in all (-1: unknown)."""


def job_page(client: Client, query: ListJobsQuery) -> Page:
    """Ask for a page of jobs."""
    items = [
        *_named("status", query.status and query.status.value),
        *_named("name", query.name),
        *_named("start_time", query.start_time),
        *_named("job_definition_id", query.job_definition_id),
        *_common(query),
    ]
    return _page(client, "/jobs", "jobs", items, query)


def definition_page(client: Client, query: ListJobDefinitionsQuery) -> Page:
    """Ask for a page of definitions."""
    items = [*_named("name", query.name), *_named("create_time", query.create_time), *_common(query)]
    return _page(client, "/job_definitions", "job_definitions", items, query)


def _page(client: Client, path: str, rows: str, items: Query, query: ListJobsQuery | ListJobDefinitionsQuery) -> Page:
    found: list[Mapping[str, Any]] = []
    token, total, wanted = query.next_token, -1, query.max_items
    for _ in range(_MOST_REQUESTS):
        asked = [*items, *_named("max_items", wanted and wanted - len(found)), *_named("next_token", token)]
        response = client.transport.call("GET", path, query=asked)
        more, token, total = read_response(lambda response: _parts(response, rows), response)
        found += more
        if token is None or (wanted is not None and len(found) >= wanted):
            break
    return found, token, total


def _parts(response: Mapping[str, Any], rows: str) -> Page:
    return list(response[rows]), response.get("next_token"), int(response.get("total_count", -1))


def _common(query: ListJobsQuery | ListJobDefinitionsQuery) -> Query:
    tags = [("tags", tag) for tag in query.tags or ()]
    return tags + [("sort_by", f"{field.direction.value}({field.name})") for field in query.sort_by or ()]


def _named(name: str, value: object) -> Query:
    return [] if value is None or value == "" else [(name, str(value))]
