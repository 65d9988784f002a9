"""Fetches list pages: converts queries of jupyter-scheduler for the API, and fills pages as the panel expects."""

from collections.abc import Mapping
from typing import Any, Final

from jupyter_scheduler.models import ListJobDefinitionsQuery, ListJobsQuery

from jupyter_scheduler_aws.api.documents import read_response
from jupyter_scheduler_aws.api.transport import Query
from jupyter_scheduler_aws.client import Client

__all__ = ["Page", "fetch_definitions", "fetch_job_rows", "fetch_jobs"]

_MAX_REQUESTS: Final = 5
"""Requests for one page. The service returns short pages if a filter applies or the rows have hundreds of KiB."""

Page = tuple[list[Mapping[str, Any]], str | None, int]
"""Rows, the token of the next page (None: there is none), and the total count (-1: unknown)."""


def fetch_jobs(client: Client, query: ListJobsQuery) -> Page:
    """Fetch a page of jobs."""
    items = [
        *_item("status", query.status and query.status.value),
        *_item("name", query.name),
        *_item("start_time", query.start_time),
        *_item("job_definition_id", query.job_definition_id),
        *_common(query),
    ]
    return _fetch(client, "/jobs", "jobs", items, query)


def fetch_job_rows(client: Client, query: Query, *, max_items: int, next_token: str | None = None) -> Page:
    """Fetch some jobs with one request, as the service sends them."""
    items = [*query, *_item("max_items", max_items), *_item("next_token", next_token)]
    response = client.transport.call("GET", "/jobs", query=items)
    return read_response(lambda response: _parts(response, "jobs"), response)


def fetch_definitions(client: Client, query: ListJobDefinitionsQuery) -> Page:
    """Fetch a page of definitions."""
    items = [*_item("name", query.name), *_item("create_time", query.create_time), *_common(query)]
    return _fetch(client, "/job_definitions", "job_definitions", items, query)


def _fetch(client: Client, path: str, rows: str, items: Query, query: ListJobsQuery | ListJobDefinitionsQuery) -> Page:
    found: list[Mapping[str, Any]] = []
    token, total, wanted = query.next_token, -1, query.max_items
    for _ in range(_MAX_REQUESTS):
        page_query = [*items, *_item("max_items", wanted and wanted - len(found)), *_item("next_token", token)]
        response = client.transport.call("GET", path, query=page_query)
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


def _item(name: str, value: object) -> Query:
    return [] if value is None or value == "" else [(name, str(value))]
