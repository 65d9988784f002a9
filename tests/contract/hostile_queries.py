"""Unusual requests that only read, which no front end sends."""

from collections.abc import Iterator
from typing import Final
from urllib.parse import quote

from tests.contract.sides import Request

__all__ = ["queries"]

_UNKNOWN: Final = "0199aaaa-0000-7000-8000-000000000000"

_LISTS: Final = (
    ("max_items is 1", "max_items=1"),
    ("max_items is negative", "max_items=-1"),
    ("max_items is zero", "max_items=0"),
    ("max_items is 1001", "max_items=1001"),
    ("max_items is beyond 64 bits", "max_items=99999999999999999999"),
    ("max_items is text", "max_items=many"),
    ("max_items is empty", "max_items="),
    ("max_items is a fraction", "max_items=2.5"),
    ("max_items twice", "max_items=1&max_items=2"),
    ("sort_by is unknown", "sort_by=desc(colour)"),
    ("sort_by is private", "sort_by=asc(__class__)"),
    ("sort_by is empty", "sort_by="),
    ("sort_by is empty parentheses", "sort_by=asc()"),
    ("sort_by has no direction", "sort_by=name"),
    ("sort_by is in capitals", "sort_by=DESC(name)"),
    ("sort_by has another direction", "sort_by=up(name)"),
    ("sort_by looks like SQL", f"sort_by={quote('asc(name);DROP TABLE jobs')}"),
    ("next_token is text", "next_token=abc"),
    ("next_token is null", "next_token=null"),
    ("next_token is negative", "next_token=-5"),
    ("next_token is far behind", "next_token=1000"),
    ("next_token is empty", "next_token="),
    ("name is a prefix", "name=f"),
    ("name is of another case", "name=F"),
    ("name has a wildcard", "name=%25"),
    ("name looks like SQL", f"name={quote(chr(39) + ' OR 1=1 --')}"),
    ("name has control characters", "name=a%00b%0A"),
    ("name is huge", f"name={'x' * 20_000}"),
    ("name is no UTF-8", "name=%ff%fe"),
    ("tags are part of a tag", "tags=em"),
    ("tags are a tag", "tags=demo"),
    ("tags are several", "tags=demo&tags=other"),
    ("tags are empty", "tags="),
    ("items are bare or unknown", "1795413699291&priority=high&=&&owner_id"),
)
_JOB_LISTS: Final = (
    ("status in small letters", "status=completed"),
    ("status is unknown", "status=PAUSED"),
    ("status is empty", "status="),
    ("start_time is text", "start_time=yesterday"),
    ("start_time is negative", "start_time=-1"),
    ("start_time is in the future", "start_time=99999999999999"),
    ("job_definition_id is unknown", f"job_definition_id={_UNKNOWN}"),
    ("job_definition_id is odd", "job_definition_id=..%2Fx%27"),
    ("job_definition_id is empty", "job_definition_id="),
)
_DEFINITION_LISTS: Final = (
    ("create_time is text", "create_time=yesterday"),
    ("create_time is in the future", "create_time=99999999999999"),
    ("sort_by status", "sort_by=asc(status)"),
)
_COUNTS: Final = (
    ("status is missing", ""),
    ("status in small letters", "status=completed"),
    ("status is unknown", "status=PAUSED"),
    ("status is empty", "status="),
    ("status is failed", "status=FAILED"),
)
_OTHERS: Final = (
    ("GET", f"/jobs/{_UNKNOWN}", "unknown job"),
    ("GET", "/jobs/noHyphen", "id without a hyphen"),
    ("GET", "/jobs/a-b%2F..%2Fc", "id with a slash"),
    ("GET", f"/jobs/{quote(chr(39))}-or-1", "id looks like SQL"),
    ("GET", f"/jobs/{'a-' * 300}b", "id is long"),
    ("GET", "/jobs/ä-ö", "id is unicode"),
    ("GET", "/jobs/", "id is missing"),
    ("PUT", f"/jobs/{_UNKNOWN}", "no such method"),
    ("POST", "/batch/jobs", "no such method"),
    ("GET", "/features", "no such route"),
    ("GET", "/config", "as it is"),
    ("GET", "/runtime_environments?a=b&1795413699291", "items are unknown"),
)


def queries() -> Iterator[Request]:
    """Return every request that only reads."""
    for route, lists in (("/jobs", (*_LISTS, *_JOB_LISTS)), ("/job_definitions", (*_LISTS, *_DEFINITION_LISTS))):
        for case, query in lists:
            yield Request(case, "GET", f"{route}?{query}")
    for case, query in _COUNTS:
        yield Request(case, "GET", f"/jobs/count?{query}")
    for method, path, case in _OTHERS:
        yield Request(case, method, path)
