"""Unusual requests that change or delete something, which no front end sends."""

from collections.abc import Iterator
from typing import Any, Final

from tests.contract.hostile_bodies import JOB
from tests.contract.sides import NOTHING, Request

__all__ = ["DEFINITION", "definition_changes", "job_changes", "repeated_token", "runs_of_definitions"]

DEFINITION: Final = {**JOB, "name": "to change", "schedule": "59 23 31 12 *", "timezone": "Europe/Berlin"}
"""Created again for each change."""

_UNKNOWN: Final = "0199aaaa-0000-7000-8000-000000000000"
_HUGE: Final = "x" * 200_000


def job_changes(ended: str) -> Iterator[Request]:
    """Change an ended job, and jobs that do not exist."""
    bodies: list[tuple[str, Any]] = [
        ("stop of an ended job", {"status": "STOPPED"}),
        ("status in small letters", {"status": "stopped"}),
        ("status is unknown", {"status": "PAUSED"}),
        ("status is another", {"status": "COMPLETED"}),
        ("status is a number", {"status": 5}),
        ("status is empty", {"status": ""}),
        ("all is null", {"status": None, "name": None, "compute_type": None}),
        ("body is an empty object", {}),
        ("body is a list", []),
        ("body is no JSON", b"{"),
        ("no body", NOTHING),
        ("fields are unknown", {"input_uri": "x", "downloaded": True}),
        ("name is a list", {"name": ["x"]}),
        ("name is empty", {"name": ""}),
        ("name is huge", {"name": _HUGE}),
        ("name has control characters", {"name": "a\0b"}),
        ("compute_type of an ended job", {"compute_type": "large"}),
        ("compute_type is unknown", {"compute_type": "enormous"}),
        ("name is another", {"name": "Renamed Änne"}),
    ]
    for case, body in bodies:
        yield Request(case, "PATCH", f"/jobs/<{ended}>", body)
    yield Request("after these", "GET", f"/jobs/<{ended}>")
    yield Request("stop of an unknown job", "PATCH", f"/jobs/{_UNKNOWN}", {"status": "STOPPED"})
    yield Request("name of an unknown job", "PATCH", f"/jobs/{_UNKNOWN}", {"name": "x"})
    yield Request("unknown job", "DELETE", f"/jobs/{_UNKNOWN}")
    yield Request("empty batch", "DELETE", "/batch/jobs")
    yield Request("empty batch with an empty id", "DELETE", "/batch/jobs?job_id=")
    yield Request("batch of an unknown job", "DELETE", f"/batch/jobs?job_id={_UNKNOWN}")
    yield Request("batch of no id at all", "DELETE", "/batch/jobs?job_id=..%2F..%2Fx")
    for case in ("true", "True", "false", "", "1", "perhaps", "false&redownload=true"):
        yield Request(f"redownload={case}", "GET", f"/jobs/<{ended}>/download_files?redownload={case}")
    yield Request("redownload is bare", "GET", f"/jobs/<{ended}>/download_files?redownload")
    yield Request("redownload is missing", "GET", f"/jobs/<{ended}>/download_files")
    yield Request("unknown job", "GET", f"/jobs/{_UNKNOWN}/download_files?redownload=false")


def repeated_token() -> Iterator[Request]:
    """Use a token, delete its job twice, and use it again."""
    body = {**JOB, "idempotency_token": "again"}
    yield Request("token is new", "POST", "/jobs", body, creates="job with a token")
    yield Request("token is used", "POST", "/jobs", {**body, "name": "another"})
    yield Request("job with a token", "DELETE", "/jobs/<job with a token>")
    yield Request("job with a token, twice", "DELETE", "/jobs/<job with a token>")
    yield Request("token of a deleted job", "POST", "/jobs", body, creates="job with its token")
    yield Request("after token of a deleted job", "GET", "/jobs/<job with its token>")
    yield Request("for a batch", "POST", "/jobs", JOB, creates="job of a batch")
    yield Request("duplicate ids", "DELETE", "/batch/jobs?job_id=<job of a batch>&job_id=<job of a batch>")
    yield Request("after duplicate ids", "GET", "/jobs/<job of a batch>")


def definition_changes() -> Iterator[tuple[str, Any]]:
    """Return changes of a definition, by case. Each one is applied to a new definition."""
    same = {"schedule": DEFINITION["schedule"], "timezone": DEFINITION["timezone"]}
    yield "all is null", dict.fromkeys(("name", "schedule", "timezone", "active", "input_uri", "tags", "parameters"))
    yield "body is an empty object", {}
    yield "body is a list", []
    yield "body is no JSON", b"{"
    yield "no body", NOTHING
    yield "fields are unknown", {"priority": 5}
    yield "only another name", {"name": "Another"}
    yield "another name and schedule", {"name": "Another", "schedule": "0 0 1 2 *"}
    yield "only another zone", {"timezone": "Asia/Tokyo"}
    yield "nothing new", {**same, "input_uri": "hello.ipynb"}
    yield "minute 61", {**same, "schedule": "61 * * * *"}
    yield "six fields", {**same, "schedule": "0 0 1 1 * 30"}
    yield "question mark", {**same, "schedule": "0 0 1 1 ?"}
    yield "macro", {**same, "schedule": "@yearly"}
    yield "schedule is empty", {**same, "schedule": ""}
    yield "unknown zone", {**same, "timezone": "Mars/Olympus"}
    yield "active is a text", {"active": "no"}
    yield "active is of a wrong type", {"active": "perhaps"}
    yield "pause twice", {"active": False}
    yield "name is of a wrong type", {"name": ["x"], **same}
    yield "name is huge", {"name": _HUGE, "active": False}
    yield "name has control characters", {"name": "a\0b", "active": False}
    yield "environment is unknown", {"runtime_environment_name": "no-such", "active": False}
    yield "output format is unknown", {"output_formats": ["docx"], "active": False}
    yield "another file", {**same, "input_uri": "sub/withdata.ipynb"}
    yield "file is missing in the folder", {**same, "input_uri": "gone.ipynb"}
    yield "file leads out", {**same, "input_uri": "../outside.ipynb"}
    yield "file is a directory", {**same, "input_uri": "sub"}


def runs_of_definitions(definition: str) -> Iterator[Request]:
    """Run the definition with a label, and definitions that do not exist."""
    path = f"/job_definitions/<{definition}>/jobs"
    bodies: list[tuple[str, Any]] = [
        ("body is a list", [1]),
        ("body is no JSON", b"{"),
        ("no body", NOTHING),
        ("parameters are a list", {"parameters": ["who"]}),
        ("parameters are of wrong types", {"parameters": {"who": {"a": 1}}}),
        ("parameters are null", {"parameters": None}),
        ("fields are unknown", {"parameters": {"n": 5}, "name": "x", "input_uri": "../x"}),
    ]
    for case, body in bodies:
        yield Request(case, "POST", path, body, creates=f"job run: {case}")
    yield Request("unknown definition", "POST", f"/job_definitions/{_UNKNOWN}/jobs", {"parameters": {}})
    yield Request("unknown definition", "PATCH", f"/job_definitions/{_UNKNOWN}", {"active": False})
    yield Request("unknown definition, nothing named", "PATCH", f"/job_definitions/{_UNKNOWN}", {})
    yield Request("unknown definition", "DELETE", f"/job_definitions/{_UNKNOWN}")
    yield Request("unknown definition", "GET", f"/job_definitions/{_UNKNOWN}")
