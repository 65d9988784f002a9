"""Unusual bodies of requests that create something, which no front end sends."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from tests.contract.sides import NOTHING

__all__ = ["JOB", "bodies_that_create", "bodies_that_create_nothing", "paths", "schedules"]

JOB: Final[Mapping[str, Any]] = {
    "name": "hostile",
    "input_uri": "hello.ipynb",
    "runtime_environment_name": "python",
    "output_formats": ["ipynb"],
}
HUGE: Final = 200_000
"""Characters."""

_SQL: Final = '\'; DROP TABLE jobs; -- %s {"a": [1]}'
_NULLS: Final = dict.fromkeys(("compute_type", "idempotency_token", "output_filename_template", "package_input_folder"))


def _without(name: str) -> dict[str, Any]:
    return {key: value for key, value in JOB.items() if key != name}


def bodies_that_create_nothing() -> Iterator[tuple[str, Any]]:
    """Return bodies that the stock scheduler rejects, by case."""
    yield "no body", NOTHING
    yield "body is empty", b""
    yield "body is no JSON", b"{name: hostile"
    yield "body is no UTF-8", b'{"name": "\xff\xfe"}'
    yield "body is a list", [JOB]
    yield "body is a text", "hostile"
    yield "body is null", None
    yield "body is an empty object", {}
    for name in ("name", "input_uri", "runtime_environment_name"):
        yield f"{name} is missing", _without(name)
        yield f"{name} is null", {**JOB, name: None}
        yield f"{name} is a list", {**JOB, name: ["x"]}
    for name, value in (
        ("output_formats", "ipynb"),
        ("tags", "demo"),
        ("parameters", ["who"]),
        ("parameters", {"who": {"first": "Anna"}}),
        ("runtime_environment_parameters", {"deep": {"a": 1}}),
        ("package_input_folder", "perhaps"),
        ("compute_type", {"size": 1}),
    ):
        yield f"{name} is of a wrong type", {**JOB, name: value}


def bodies_that_create() -> Iterator[tuple[str, Any]]:
    """Return bodies that the stock scheduler accepts, by case."""
    yield "fields are unknown", {**JOB, "output_prefix": "x", "priority": 5, "job_id": "a-b", "status": "COMPLETED"}
    yield "all that may be null is", {**JOB, **_NULLS, "tags": None, "parameters": None, "output_formats": None}
    yield "output_formats is missing", _without("output_formats")
    yield "output_formats is empty", {**JOB, "output_formats": []}
    yield "an output format twice", {**JOB, "output_formats": ["ipynb", "ipynb"]}
    yield "name is empty", {**JOB, "name": ""}
    yield "name is a number", {**JOB, "name": 5}
    yield "name is huge", {**JOB, "name": "x" * HUGE}
    yield "name has control characters", {**JOB, "name": "a\0b\x1b[31m\nc"}
    yield "name is unicode", {**JOB, "name": "Bericht für Änne 📈 \u202e"}
    yield "name has a lone surrogate", {**JOB, "name": "a\ud800b"}
    yield "name looks like SQL", {**JOB, "name": _SQL}
    yield "environment is unknown", {**JOB, "runtime_environment_name": "no-such-environment"}
    yield "environment is empty", {**JOB, "runtime_environment_name": ""}
    yield "compute_type is unknown", {**JOB, "compute_type": "enormous"}
    yield "compute_type is empty", {**JOB, "compute_type": ""}
    yield "tags are odd", {**JOB, "tags": ["", "a b", _SQL, "demo", "demo"]}
    yield "parameters are numbers", {**JOB, "parameters": {"n": 5, "x": 2.5, "yes": True}}
    yield "a parameter has no variable name", {**JOB, "parameters": {"1 + 1": "2", "class": "3"}}
    yield "a parameter is huge", {**JOB, "parameters": {"who": "x" * HUGE}}
    yield "a parameter is null", {**JOB, "parameters": {"who": None}}
    yield (
        "environment parameters of several types",
        {
            **JOB,
            "runtime_environment_parameters": {"y": 2.5, "z": True, "s": "t", "n": 7},
        },
    )
    yield (
        "environment parameters are not finite",
        (
            b'{"name": "n", "input_uri": "hello.ipynb", "runtime_environment_name": "x", '
            b'"runtime_environment_parameters": {"x": NaN, "y": Infinity}}'
        ),
    )
    yield "output_filename_template is another", {**JOB, "output_filename_template": "{{name}}"}
    yield "package_input_folder is a text", {**JOB, "input_uri": "sub/withdata.ipynb", "package_input_folder": "yes"}


def paths() -> Iterator[tuple[str, Any]]:
    """Return creations with an unusual `input_uri`, by case."""
    for case, uri in (
        ("leads out", "../outside.ipynb"),
        ("leads out and in again", "sub/../hello.ipynb"),
        ("is absolute", "/etc/hostname"),
        ("begins with a slash", "/hello.ipynb"),
        ("has encoded dots", "%2e%2e/outside.ipynb"),
        ("has encoded dots that are decoded twice", "%252e%252e/outside.ipynb"),
        ("has a drive", "RTC:hello.ipynb"),
        ("has backslashes", "sub\\withdata.ipynb"),
        ("has a NUL", "hello\0.ipynb"),
        ("is empty", ""),
        ("is a URL", "file:///etc/hostname"),
        ("is huge", "x" * HUGE),
        ("is a directory", "sub"),
        ("is a directory with a slash", "sub/"),
        ("is missing in the folder", "gone.ipynb"),
        ("is no notebook", "text.txt"),
        ("has content that is no JSON", "notjson.ipynb"),
        ("has content that is a list", "list.ipynb"),
        ("has no content", "empty.ipynb"),
        ("has no cells", "nocells.ipynb"),
        ("has no kernel", "nokernel.ipynb"),
        ("is unicode", "Bericht für Änne & Co.ipynb"),
        ("has a percent sign", "100%25.ipynb"),
    ):
        yield f"input_uri {case}", {**JOB, "input_uri": uri}


def schedules() -> Iterator[tuple[str, Any]]:
    """Return definitions with an unusual schedule or time zone, by case."""
    for case, schedule, zone in (
        ("has a minute 61", "61 * * * *", "UTC"),
        ("has six fields", "0 0 1 1 * 30", "UTC"),
        ("has four fields", "0 0 1 1", "UTC"),
        ("has a question mark", "0 0 1 1 ?", "UTC"),
        ("is a macro", "@yearly", "UTC"),
        ("is a macro in capitals", "@YEARLY", "UTC"),
        ("is an unknown macro", "@sometimes", "UTC"),
        ("is empty", "", "UTC"),
        ("is text", "every day", "UTC"),
        ("is huge", "0 0 1 1 " + ",".join(["1"] * 1000), "UTC"),
        ("has spaces around", "  0 0 1 1 *  ", "UTC"),
        ("has names and a last day", "0 0 L JAN mon-FRI", "UTC"),
        ("has a weekday of a week", "0 0 * 1 MON#1", "UTC"),
        ("has a wrapped range", "0 22-2 1 1 *", "UTC"),
        ("never fires", "0 0 30 2 *", "UTC"),
        ("is an EventBridge expression", "cron(0 0 1 1 ? *)", "UTC"),
    ):
        yield f"schedule {case}", {**JOB, "schedule": schedule, "timezone": zone}
    zones: list[tuple[str, str | None]] = [
        ("is unknown", "Mars/Olympus"),
        ("is empty", ""),
        ("is null", None),
        ("is old", "US/Pacific"),
    ]
    for case, zone_or_null in zones:
        yield f"timezone {case}", {**JOB, "schedule": "0 0 1 1 *", "timezone": zone_or_null}
    yield "schedule is a number", {**JOB, "schedule": 5, "timezone": "UTC"}
    yield "timezone without a schedule", {**JOB, "timezone": "Europe/Berlin"}
