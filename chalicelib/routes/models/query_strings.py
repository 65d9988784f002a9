"""Query strings of lists. Unknown and valueless items are ignored: the panel adds one against caches."""

import re
from typing import Final

from chalice.app import MultiDict

from chalicelib.domain.identifiers import is_id
from chalicelib.domain.job import JobStatus
from chalicelib.domain.list_query import (
    DEFAULT_MAX_ITEMS,
    SORTABLE_DEFINITIONS,
    SORTABLE_JOBS,
    DefinitionQuery,
    JobQuery,
    parse_sort,
)
from chalicelib.domain.timestamps import from_millis
from chalicelib.errors import InvalidRequestError

__all__ = [
    "MAX_TAGS",
    "MAX_TEXT",
    "MOST_DELETED",
    "batch_query",
    "crontab_query",
    "definition_query",
    "job_query",
    "page_query",
    "parse_status",
]

_WHOLE: Final = re.compile(r"^\d{1,14}$", re.ASCII)
MAX_TEXT: Final = 200
MOST_DELETED: Final = 100
"""What one DynamoDB transaction takes."""
MAX_TAGS: Final = 20
"""A filter's values become parts of one DynamoDB expression, which takes 4 KB and 300 operators."""


def job_query(params: MultiDict | None) -> JobQuery:
    """Read the query string of a list of jobs.

    Raises
    ------
    InvalidRequestError
        If a filter or a sort field is not what it must be.
    """
    if params is None:
        return JobQuery()
    start = _number(params, "start_time")
    asked = _number(params, "max_items")
    return JobQuery(
        status=parse_status(params["status"]) if params.get("status") else None,
        name=_text(params, "name"),
        tags=_tags(params),
        start_time=None if start is None else from_millis(start),
        job_definition_id=_text(params, "job_definition_id"),
        sort=parse_sort(_values(params, "sort_by"), SORTABLE_JOBS),
        max_items=DEFAULT_MAX_ITEMS if asked is None else min(asked, DEFAULT_MAX_ITEMS),
        next_token=params.get("next_token") or None,
    )


def definition_query(params: MultiDict | None) -> DefinitionQuery:
    """Read the query string of a list of definitions.

    Raises
    ------
    InvalidRequestError
        If a filter or a sort field is not what it must be.
    """
    if params is None:
        return DefinitionQuery()
    created = _number(params, "create_time")
    asked = _number(params, "max_items")
    return DefinitionQuery(
        name=_text(params, "name"),
        tags=_tags(params),
        create_time=None if created is None else from_millis(created),
        sort=parse_sort(_values(params, "sort_by"), SORTABLE_DEFINITIONS),
        max_items=DEFAULT_MAX_ITEMS if asked is None else min(asked, DEFAULT_MAX_ITEMS),
        next_token=params.get("next_token") or None,
    )


def batch_query(params: MultiDict | None) -> list[str]:
    """Read which jobs are meant, each once.

    Raises
    ------
    InvalidRequestError
        If none is named, or too many, or one of them cannot be a job.
    """
    job_ids = list(dict.fromkeys(params.getlist("job_id"))) if params and "job_id" in params else []
    if not 1 <= len(job_ids) <= MOST_DELETED:
        raise InvalidRequestError.for_field("job_id", f"name 1 to {MOST_DELETED} jobs, as job_id=…&job_id=….")
    if wrong := [each for each in job_ids if not is_id(each)]:
        raise InvalidRequestError.for_field("job_id", f"{wrong[0]!r} is not the id of a job; nothing was deleted.")
    return job_ids


def page_query(params: MultiDict | None) -> tuple[int, str | None]:
    """Read the query string of a list without filters: how many, and where to go on.

    Raises
    ------
    InvalidRequestError
        If the number is none.
    """
    asked = _number(params, "max_items") if params else None
    most = DEFAULT_MAX_ITEMS if asked is None else min(max(asked, 1), DEFAULT_MAX_ITEMS)
    return most, (params.get("next_token") or None) if params else None


def crontab_query(params: MultiDict | None) -> tuple[str, str]:
    """Read which crontab, and in which zone, is to be explained.

    Raises
    ------
    InvalidRequestError
        If none is given.
    """
    schedule = params.get("schedule") if params else None
    if not params or not schedule:
        example = "?schedule=0 9 * * MON&timezone=Europe/Berlin"
        raise InvalidRequestError.for_field("schedule", f"give a crontab, as in {example}.")
    return schedule, params.get("timezone") or "UTC"


def parse_status(text: str) -> JobStatus:
    """Read a status, in upper or lower case.

    Raises
    ------
    InvalidRequestError
        If there is no such status.
    """
    try:
        return JobStatus(text.upper())
    except ValueError:
        raise InvalidRequestError.for_field("status", f"{text!r} is none of {', '.join(JobStatus)}.") from None


def _text(params: MultiDict, name: str) -> str | None:
    text = params.get(name) or ""
    if len(text) > MAX_TEXT:
        raise InvalidRequestError.for_field(name, f"it has at most {MAX_TEXT} characters.")
    return str(text) or None


def _tags(params: MultiDict) -> tuple[str, ...]:
    tags = _values(params, "tags")
    if len(tags) > MAX_TAGS or any(len(each) > MAX_TEXT for each in tags):
        raise InvalidRequestError.for_field("tags", f"at most {MAX_TAGS}, of at most {MAX_TEXT} characters each.")
    return tuple(tags)


def _values(params: MultiDict, name: str) -> list[str]:
    return [each for each in params.getlist(name) if each] if name in params else []


def _number(params: MultiDict, name: str) -> int | None:
    text = params.get(name)
    if not text:
        return None
    if not _WHOLE.match(text):
        raise InvalidRequestError.for_field(name, f"{text!r} is not a whole number.")
    return int(text)
