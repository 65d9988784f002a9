"""An unreadable row never breaks a list, and the panel never gets a value that it fails on."""

import json
import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from jupyter_scheduler.models import DescribeJob, ListJobDefinitionsResponse, ListJobsResponse, Status

from chalicelib.domain.crontab.expression import Crontab
from jupyter_scheduler_aws.connector.own_options import JOB_OPTIONS
from jupyter_scheduler_aws.connector.panel_models import read_definition, read_definitions, read_job, read_jobs
from tests.jupyter_scheduler_aws.fake_definitions import REFUSED

Document = dict[str, Any]

ODD_CHANGES: list[Mapping[str, Any]] = [
    {"status": "PAUSED"},
    {"status": None},
    {"status": ["COMPLETED"]},
    {"name": None},
    {"name": {"first": "Report"}},
    {"input_filename": 5.5},
    {"create_time": "yesterday"},
    {"create_time": None},
    {"update_time": [1]},
    {"output_formats": "ipynb"},
    {"output_formats": None},
    {"output_formats": [None]},
    {"job_files": None},
    {"job_files": [{"file_format": "ipynb"}]},
    {"job_files": {"ipynb": 1}},
    {"tags": {"a": 1}},
    {"parameters": ["who"]},
    {"runtime_environment_parameters": [{"deep": [1, None]}]},
    {"runtime_environment_name": ["python"]},
    {"schedule": 5},
    {"schedule": None},
    {"active": None},
    {"active": "perhaps"},
    {"packaged_files": [1, {}]},
    {"downloaded": "maybe"},
    {"problems": None},
    {"problems": "many"},
    {"problems": [1, {}]},
    {"another_field": {"of": "a newer service"}},
]


def without_nulls(rows: list[Any], response: Any) -> list[Document]:
    """Serialize a list as the handlers of jupyter-scheduler do."""
    name = next(iter(response.__fields__))
    found: list[Document] = json.loads(response(**{name: rows}).json(exclude_none=True))[name]
    return found


@pytest.mark.parametrize("change", ODD_CHANGES, ids=str)
def test_a_job_with_an_odd_value_stays_in_the_list(job_document: Document, change: Mapping[str, Any]) -> None:
    rows = without_nulls(read_jobs([job_document, {**job_document, **change}, job_document]), ListJobsResponse)

    assert [row["job_id"] for row in rows] == ["0199-a"] * 3
    assert all(row["status"] in set(Status) for row in rows)
    assert all(isinstance(row[name], list) for row in rows for name in ("job_files", "output_formats"))


@pytest.mark.parametrize("change", ODD_CHANGES, ids=str)
def test_a_definition_with_an_odd_value_stays_in_the_list(definition_document: Document, change: Document) -> None:
    odd = {**definition_document, **change}
    rows = without_nulls(read_definitions([definition_document, odd]), ListJobDefinitionsResponse)

    assert [row["job_definition_id"] for row in rows] == ["0198-a"] * 2
    assert all(isinstance(row["active"], bool) and isinstance(row["output_formats"], list) for row in rows)
    assert all(isinstance(row.get("schedule", ""), str) for row in rows)


@pytest.mark.parametrize("missing", ["name", "url", "status", "create_time", "update_time", "runtime_environment_name"])
def test_a_job_with_a_missing_field_stays_in_the_list(job_document: Document, missing: str) -> None:
    del job_document[missing]

    [row] = read_jobs([job_document])

    assert (row.job_id, row.url) == ("0199-a", "/jobs/0199-a")


def test_an_unreadable_job_explains_itself_in_its_status_message(job_document: Document) -> None:
    job = read_job({**job_document, "parameters": ["who"]})

    assert (job.job_id, job.name, job.status) == ("0199-a", "Report", Status.COMPLETED)
    assert "Upgrade the older of the two" in job.status_message
    assert read_job(job_document).status_message is None


@pytest.mark.parametrize(
    "odd", [None, 5, "job", [], {}, {"name": "Report"}, {"job_id": None}, {"job_id": ["a"]}], ids=str
)
def test_a_row_without_a_job_id_is_skipped_and_logged(
    job_document: Document, odd: Any, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        assert len(read_jobs([job_document, odd, job_document])) == 2
        assert read_definitions([odd]) == []
    assert "Skipped a row" in caplog.text


@pytest.mark.parametrize("parameters", [{"y": 2.5, "z": True, "s": "t", "n": 1}, {}, None])
def test_parameters_of_environments_keep_their_types(job_document: Document, parameters: object) -> None:
    """The model alone converts 2.5 to 2, and true and "t" to 1."""
    document = {**job_document, "runtime_environment_parameters": parameters}
    shown: Any = json.loads(read_job(document).json())["runtime_environment_parameters"]
    assert json.dumps(shown) == json.dumps(parameters)


def test_details_contain_nulls_and_list_rows_do_not(job_document: Document) -> None:
    job = read_job(job_document)
    assert {name for name, value in json.loads(job.json()).items() if value is None} >= {"parameters", "end_time"}
    assert None not in without_nulls([job], ListJobsResponse)[0].values()
    assert set(json.loads(job.json())) == {*DescribeJob.__fields__, *JOB_OPTIONS}


def test_a_failing_definition_is_marked_in_its_name(definition_document: Document) -> None:
    """The panel has no other place for problems, and never sends the name back."""
    failing = {**definition_document, "problems": [REFUSED, {**REFUSED, "title": "Due jobs not created"}]}
    [fine, row] = read_definitions([{**definition_document, "problems": []}, failing])
    assert (fine.name, row.name) == ("Report", "Report (\N{WARNING SIGN} Schedule not written; Due jobs not created)")
    whole = read_definition({**definition_document, "problems": [REFUSED]}, whole=True)
    assert whole.name == f"Report (\N{WARNING SIGN} Schedule not written. {REFUSED['message']})"


MACROS = ["@annually", "@daily", "@hourly", "@midnight", "@monthly", "@weekly", "@yearly"]


@pytest.mark.parametrize("typed", [*MACROS, *(macro.upper() for macro in MACROS), " @daily ", "\t@Weekly\n"])
def test_macros_become_equivalent_five_fields(definition_document: Document, typed: str) -> None:
    """cronstrue fails on a macro, which breaks the whole panel."""
    shown = read_definition({**definition_document, "schedule": typed}).schedule
    assert len(shown.split()) == 5
    assert replace(Crontab.parse(shown), text=typed) == Crontab.parse(typed)


@pytest.mark.parametrize("typed", ["* * * * *", "0 0 13 * 5", "*/5 22-2 L * MON#1", "0 9 * * MON-FRI", "  0 9 * * 1 "])
def test_other_schedules_do_not_change(definition_document: Document, typed: str) -> None:
    assert read_definition({**definition_document, "schedule": typed}).schedule == typed


def test_a_definition_without_a_schedule_has_none_in_lists(definition_document: Document) -> None:
    rows = read_definitions([{**definition_document, "schedule": None}])
    assert "schedule" not in without_nulls(rows, ListJobDefinitionsResponse)[0]
