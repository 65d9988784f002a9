"""Every option of the client reaches the service, and comes back in the client's own terms."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Unpack

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from jupyter_scheduler_aws import Client
from jupyter_scheduler_aws.api.request_fields import DefinitionChanges, DefinitionOptions, JobOptions
from jupyter_scheduler_aws.definition_client import DefinitionClient
from jupyter_scheduler_aws.parameters.values import encode_parameters
from tests.fields.values import OPTIONS
from tests.support.http_server import serve
from tests.support.scheduler import LocalScheduler, notebook

_few = settings(
    phases=(Phase.explicit, Phase.generate),
    max_examples=8,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)

JOB: Mapping[str, Any] = {
    "name": "Größe",
    "environment": "second",
    "compute_type": "large",
    "parameters": {"a": 1, "b": "text"},
    "output_formats": ("script", "ipynb"),
    "tags": ("t", "u"),
    "notify": ("a", "end:b"),
    "timeout": timedelta(seconds=77),
    "max_retries": 2,
    "retry_on_timeout": True,
    "min_retry_interval": timedelta(milliseconds=1500),
}
"""A value for each option of a job, none of which is the default."""

SCHEDULE: Mapping[str, Any] = {
    "timezone": "Europe/Berlin",
    "active": False,
    "overlap_policy": "skip",
    "catch_up": timedelta(0),
    "start": datetime(2027, 3, 1, tzinfo=UTC),
    "end": datetime(2028, 3, 1, tzinfo=UTC),
    "max_runs": 7,
    "job_retention": timedelta(days=9),
    "keep_last": 3,
    "pause_after_failures": 4,
    "success_within": timedelta(hours=2),
}
"""The same for the options of a schedule."""

CHANGES: Mapping[str, Any] = {
    "name": "Other",
    "environment": "python",
    "compute_type": "medium",
    "parameters": {"a": 1, "b": "text", "c": 3},
    "output_formats": ("html",),
    "tags": ("v",),
    "notify": ("always:b",),
    "timeout": timedelta(seconds=99),
    "max_retries": 1,
    "retry_on_timeout": False,
    "min_retry_interval": timedelta(minutes=5),
    "timezone": "Asia/Kolkata",
    "active": True,
    "overlap_policy": "allow",
    "catch_up": timedelta(seconds=60),
    "start": datetime(2027, 4, 1, tzinfo=UTC),
    "end": datetime(2028, 4, 1, tzinfo=UTC),
    "max_runs": 8,
    "job_retention": timedelta(days=10),
    "keep_last": 7,
    "pause_after_failures": 5,
    "success_within": timedelta(hours=3),
}

_DEFAULTS: Mapping[str, Any] = {"output_formats": ("ipynb",), "timezone": "UTC"}
"""What an option is after it was taken off, where a new definition of this client has something else."""

_jobs = st.fixed_dictionaries(
    {"name": OPTIONS["name"]},
    optional={
        "environment": OPTIONS["runtime_environment_name"],
        "compute_type": OPTIONS["compute_type"],
        "parameters": OPTIONS["parameters"],
        "output_formats": OPTIONS["output_formats"].map(tuple),
        "tags": OPTIONS["tags"].map(tuple),
        "notify": OPTIONS["notify"].map(tuple),
        "timeout": OPTIONS["timeout_seconds"].map(lambda number: timedelta(seconds=number)),
        "max_retries": OPTIONS["max_retries"],
        "retry_on_timeout": OPTIONS["retry_on_timeout"],
        "min_retry_interval": OPTIONS["min_retry_interval_millis"].map(lambda number: timedelta(milliseconds=number)),
    },
)


@pytest.fixture(scope="module")
def client(local: LocalScheduler) -> Iterator[Client]:
    with serve(local) as url, Client(url, region="us-east-1") as client:
        yield client


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("notebooks") / "report.ipynb"
    path.write_bytes(notebook())
    return path


def _shown(record: Any, options: Mapping[str, Any]) -> dict[str, Any]:
    return {name: getattr(record, name) for name in options}


def _expected(options: Mapping[str, Any]) -> dict[str, Any]:
    encoded = {"parameters": encode_parameters(options["parameters"])} if "parameters" in options else {}
    return {**options, **encoded}


def test_every_option_is_sent_here() -> None:
    assert Client.submit.__annotations__["options"] == Unpack[JobOptions]
    assert DefinitionClient.schedule.__annotations__["options"] == Unpack[DefinitionOptions]
    assert JOB.keys() == JobOptions.__annotations__.keys()
    assert DefinitionClient.update_definition.__annotations__["changes"] == Unpack[DefinitionChanges]
    assert DefinitionChanges.__annotations__.keys() == DefinitionOptions.__annotations__.keys() | {"cron"}
    assert DefinitionOptions.__annotations__.keys() == JOB.keys() | SCHEDULE.keys() == CHANGES.keys()


@example(JOB)
@given(_jobs)
@_few
def test_a_job_has_every_option_that_was_submitted(client: Client, report: Path, options: Mapping[str, Any]) -> None:
    job_id = client.submit(report, **options)
    job = client.get_job(job_id)
    assert _shown(job, options) == _expected(options)
    (row,) = (each for each in client.list_jobs(name=options["name"]) if each.job_id == job_id)
    assert row == job


def test_a_definition_has_every_option_that_was_scheduled(client: Client, report: Path) -> None:
    options = {**JOB, **SCHEDULE}
    definition_id = client.schedule(report, cron="0 9 * * *", **options)
    definition = client.get_definition(definition_id)
    assert _shown(definition, options) == _expected(options)
    assert (definition.schedule, definition.input_filename) == ("0 9 * * *", "report.ipynb")
    (row,) = (each for each in client.list_definition_page().definitions if each.definition_id == definition_id)
    assert row == definition

    job = client.get_job(client.run_definition(definition_id))
    assert _shown(job, JOB) == _expected(JOB)


def test_an_edit_of_one_option_keeps_every_other_option(client: Client, report: Path) -> None:
    expected = {**JOB, **SCHEDULE}
    definition_id = client.schedule(report, cron="0 9 * * *", **expected)
    for name, value in CHANGES.items():
        client.update_definition(definition_id, **{name: value})
        expected[name] = value
        assert _shown(client.get_definition(definition_id), expected) == _expected(expected)


def test_none_takes_every_option_off_again_and_keeps_what_a_definition_always_has(client: Client, report: Path) -> None:
    definition_id = client.schedule(report, cron=None, name="Plain", environment="second")
    plain = _shown(client.get_definition(definition_id), {**JOB, **SCHEDULE})
    for name, value in {**JOB, **SCHEDULE}.items():
        client.update_definition(definition_id, **{name: value})
        changed = client.get_definition(definition_id)
        assert _shown(changed, {name: value}) == _expected({name: value})
        nothing: dict[str, Any] = {name: None}
        client.update_definition(definition_id, **nothing)
        expected = _shown(changed, {name: value}) if name in ("name", "environment", "active") else {}
        if name in _DEFAULTS:
            expected = {name: _DEFAULTS[name]}
        plain |= expected
        assert _shown(client.get_definition(definition_id), plain) == plain
