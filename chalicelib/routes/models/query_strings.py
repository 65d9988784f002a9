"""Query strings of lists. Unknown items and items without a value are ignored: the panel adds one to bypass caches."""

import re
from datetime import datetime
from typing import Final

from chalice.app import MultiDict

from chalicelib.domain.crontab.explanation import CrontabQuery
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
    "MAX_DELETED",
    "MAX_TAGS",
    "MAX_TAIL",
    "MAX_TEXT",
    "attempt_query",
    "batch_query",
    "crontab_query",
    "definition_query",
    "job_query",
    "page_query",
    "parse_status",
    "tail_query",
]

_WHOLE: Final = re.compile(r"^\d{1,14}$", re.ASCII)
MAX_TEXT: Final = 200
MAX_DELETED: Final = 100
"""Most items in one DynamoDB transaction."""
MAX_TAIL: Final = 1000
"""Most lines of the end of a log."""
MAX_TAGS: Final = 20
"""Most tags of a filter. They become part of one DynamoDB expression, which can have 4 KiB and 300 operators."""


def job_query(params: MultiDict | None) -> JobQuery:
    """Return the query of a list of jobs.

    Raises
    ------
    InvalidRequestError
        If a filter or a sort field is invalid.
    """
    if params is None:
        return JobQuery()
    start = _number(params, "start_time")
    max_items = _number(params, "max_items")
    return JobQuery(
        status=parse_status(params["status"]) if params.get("status") else None,
        name=_text(params, "name"),
        tags=_tags(params),
        start_time=None if start is None else from_millis(start),
        job_definition_id=_text(params, "job_definition_id"),
        sort=parse_sort(_values(params, "sort_by"), SORTABLE_JOBS),
        max_items=DEFAULT_MAX_ITEMS if max_items is None else min(max_items, DEFAULT_MAX_ITEMS),
        next_token=params.get("next_token") or None,
    )


def definition_query(params: MultiDict | None) -> DefinitionQuery:
    """Return the query of a list of definitions.

    Raises
    ------
    InvalidRequestError
        If a filter or a sort field is invalid.
    """
    if params is None:
        return DefinitionQuery()
    created = _number(params, "create_time")
    max_items = _number(params, "max_items")
    return DefinitionQuery(
        name=_text(params, "name"),
        tags=_tags(params),
        create_time=None if created is None else from_millis(created),
        sort=parse_sort(_values(params, "sort_by"), SORTABLE_DEFINITIONS),
        max_items=DEFAULT_MAX_ITEMS if max_items is None else min(max_items, DEFAULT_MAX_ITEMS),
        next_token=params.get("next_token") or None,
    )


def batch_query(params: MultiDict | None) -> list[str]:
    """Return the ids of the jobs in a batch request, without duplicates.

    Raises
    ------
    InvalidRequestError
        If there are no ids or too many, or one of them is not a valid id.
    """
    job_ids = list(dict.fromkeys(params.getlist("job_id"))) if params and "job_id" in params else []
    if not 1 <= len(job_ids) <= MAX_DELETED:
        raise InvalidRequestError.for_field("job_id", f"name 1 to {MAX_DELETED} jobs, as job_id=…&job_id=….")
    if wrong := [job_id for job_id in job_ids if not is_id(job_id)]:
        raise InvalidRequestError.for_field("job_id", f"{wrong[0]!r} is not the id of a job; nothing was deleted.")
    return job_ids


def tail_query(params: MultiDict | None) -> int | None:
    """Return how many of the last lines a request wants; None if it wants the first ones, or those after a token.

    Raises
    ------
    InvalidRequestError
        If it is not such a number, or there is a token too.
    """
    number = _number(params, "tail") if params else None
    if number is None:
        return None
    if not 1 <= number <= MAX_TAIL:
        raise InvalidRequestError.for_field("tail", f"from 1 to {MAX_TAIL:,} lines.")
    if params and params.get("next_token"):
        raise InvalidRequestError.for_field(
            "tail", "a token continues after an earlier page; leave one of the two out."
        )
    return number


def page_query(params: MultiDict | None) -> tuple[int, str | None]:
    """Return the length of the page and the token of a list without filters.

    Raises
    ------
    InvalidRequestError
        If `max_items` is not a number.
    """
    max_items = _number(params, "max_items") if params else None
    limit = DEFAULT_MAX_ITEMS if max_items is None else min(max(max_items, 1), DEFAULT_MAX_ITEMS)
    return limit, (params.get("next_token") or None) if params else None


def attempt_query(params: MultiDict | None) -> int | None:
    """Return the number of the attempt that a request names; None if it names none.

    Raises
    ------
    InvalidRequestError
        If it is not the number of an attempt.
    """
    number = _number(params, "attempt") if params else None
    if number == 0:
        raise InvalidRequestError.for_field("attempt", "attempts are numbered from 1.")
    return number


def crontab_query(params: MultiDict | None) -> CrontabQuery:
    """Return the crontab to explain, with its time zone and the period.

    Raises
    ------
    InvalidRequestError
        If there is no crontab, or a time is not a number.
    """
    schedule = params.get("schedule") if params else None
    if not params or not schedule:
        example = "?schedule=0 9 * * MON&timezone=Europe/Berlin"
        raise InvalidRequestError.for_field("schedule", f"add a crontab, for example {example}.")
    return CrontabQuery(
        schedule=schedule,
        timezone=params.get("timezone") or "UTC",
        start=_time(params, "from"),
        end=_time(params, "to"),
    )


def parse_status(text: str) -> JobStatus:
    """Return a status from its name, in upper or lower case.

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
    if len(tags) > MAX_TAGS or any(len(tag) > MAX_TEXT for tag in tags):
        raise InvalidRequestError.for_field("tags", f"at most {MAX_TAGS}, of at most {MAX_TEXT} characters each.")
    return tuple(tags)


def _values(params: MultiDict, name: str) -> list[str]:
    return [value for value in params.getlist(name) if value] if name in params else []


def _time(params: MultiDict, name: str) -> datetime | None:
    millis = _number(params, name)
    return None if millis is None else from_millis(millis)


def _number(params: MultiDict, name: str) -> int | None:
    text = params.get(name)
    if not text:
        return None
    if not _WHOLE.match(text):
        raise InvalidRequestError.for_field(name, f"{text!r} is not a whole number.")
    return int(text)
