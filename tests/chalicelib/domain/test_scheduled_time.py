"""The time that a job is for, in templates and variables."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from chalicelib.domain.parameters import parse_parameter
from chalicelib.domain.scheduled_time import describe_template_problem, resolve_templates, run_variables
from tests.chalicelib.domain.builders import job

# 23:30 UTC on the last day of the year is next year in Berlin.
TIME = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "timezone", "resolved"),
    [
        ("{{ scheduled_time:%Y-%m-%d }}", None, "2026-12-31"),
        ("{{ scheduled_time:%Y-%m-%d }}", "Europe/Berlin", "2027-01-01"),
        ("{{scheduled_time:%H:%M}}", "Asia/Kolkata", "05:00"),
        ("{{ scheduled_time }}", "America/New_York", "2026-12-31T18:30:00-05:00"),
        ("s3://data/{{ scheduled_time:%Y/%m }}/{{ scheduled_time:%d }}.csv", None, "s3://data/2026/12/31.csv"),
        ("{{ scheduled_time:%G-W%V }}", None, "2026-W53"),
        ("{{ scheduled_time:%-m }}%", None, "12%"),
        ("[1, '{{ scheduled_time:%Y }}']", None, "[1, '2026']"),
        ("{{ other:%Y }}", None, "{{ other:%Y }}"),
        ("{{}} %Y {{ scheduled_times }}", None, "{{}} %Y {{ scheduled_times }}"),
    ],
)
def test_templates_become_the_time_in_the_zone(text: str, timezone: str | None, resolved: str) -> None:
    assert describe_template_problem(text) is None
    assert resolve_templates({"a": text, "b": "1"}, TIME, timezone) == {"a": resolved, "b": "1"}


@pytest.mark.parametrize("month", range(1, 13))
@pytest.mark.parametrize("text", ["{{ scheduled_time:%m }}", "{{ scheduled_time:%Y%m }}", "{{ scheduled_time:%-m }}"])
def test_text_with_a_template_is_text_in_every_month(text: str, month: int) -> None:
    """Read as literals, `08` is text and `11` is a number."""
    resolved = resolve_templates({"a": text}, TIME.replace(day=1, month=month), None)["a"]
    assert isinstance(parse_parameter(resolved), str)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("{{ scheduled_time:%Q }}", "%Q in {{ scheduled_time:%Q }} is not a directive of a time format; use %Y"),
        ("{{ scheduled_time:%Y-% }}", "is not a directive"),
        ("{{ scheduled_time:%n }}", "is not a directive"),
        ("{{ scheduled_time:" + 41 * "x" + " }}", "more than 40 characters"),
    ],
)
def test_a_wrong_format_is_explained(text: str, part: str) -> None:
    assert part in str(describe_template_problem(f"a {text}"))


def test_a_notebook_learns_which_run_it_is() -> None:
    one = replace(job(), job_id="j-1", attempt=2, job_definition_id=None, scheduled_time=TIME, timezone=None)
    assert run_variables(one) == {
        "JUPYTER_SCHEDULER_JOB_ID": "j-1",
        "JUPYTER_SCHEDULER_ATTEMPT": "2",
        "JUPYTER_SCHEDULER_SCHEDULED_TIME": "2026-12-31T23:30:00+00:00",
        "JUPYTER_SCHEDULER_TIMEZONE": "UTC",
    }
    scheduled = run_variables(replace(one, job_definition_id="d-1", timezone="Europe/Berlin"))
    assert scheduled["JUPYTER_SCHEDULER_DEFINITION_ID"] == "d-1"
    assert scheduled["JUPYTER_SCHEDULER_SCHEDULED_TIME"] == "2027-01-01T00:30:00+01:00"
    assert scheduled["JUPYTER_SCHEDULER_TIMEZONE"] == "Europe/Berlin"


def test_a_job_of_an_earlier_release_has_no_scheduled_time() -> None:
    assert "JUPYTER_SCHEDULER_SCHEDULED_TIME" not in run_variables(replace(job(), scheduled_time=None))
