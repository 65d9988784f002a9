"""Every field of a request comes back: from a job and its definition, in their lists, after an edit, and in a job of a definition."""

import io
import zipfile
from collections.abc import Mapping
from typing import Any

from hypothesis import HealthCheck, Phase, example, given, settings

from chalicelib.routes.models.definition_requests import CreateDefinitionBody, UpdateDefinitionBody
from chalicelib.routes.models.job_requests import CreateJobBody
from tests.fields.values import EXAMPLE, INPUT, OF_JOB, OPTIONS, SCHEDULE, requests
from tests.support.definitions import Definitions
from tests.support.scheduler import LocalScheduler, notebook

_few = settings(
    phases=(Phase.explicit, Phase.generate),
    max_examples=10,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
_REQUIRED = ("name", "runtime_environment_name", "input_filename")
_DEFINITIONS = "/scheduler/job_definitions"

JOB_EXAMPLE = {name: EXAMPLE[name] for name in (*OPTIONS, *INPUT)} | {"scheduled_time": 1_800_000_000_003}

CHANGES: Mapping[str, Any] = {
    "name": "Other",
    "runtime_environment_name": "python",
    "runtime_environment_parameters": {"r": "s"},
    "compute_type": "medium",
    "output_formats": ["html"],
    "parameters": {"c": "3"},
    "tags": ["v"],
    "notify": ["recovery:b"],
    "output_filename_template": "y",
    "timeout_seconds": 99,
    "max_retries": 1,
    "retry_on_timeout": False,
    "min_retry_interval_millis": 2,
    "schedule": "0 10 * * *",
    "timezone": "Asia/Kolkata",
    "active": True,
    "overlap_policy": "allow",
    "catch_up_seconds": 60,
    "schedule_start": 1_800_000_000_003,
    "schedule_end": 1_900_000_000_004,
    "max_runs": 8,
    "job_retention_days": 10,
    "keep_last": 7,
    "pause_after_failures": 5,
    "success_within_seconds": 10_800,
}
"""Another value for each field that an edit can name."""

_ALWAYS = {"name", "runtime_environment_name", "active", "schedule", "timezone"}
"""Fields that cannot be removed: a schedule is paused, and no time zone is UTC."""

_STOCK = {
    "runtime_environment_parameters",
    "compute_type",
    "output_formats",
    "parameters",
    "tags",
    "output_filename_template",
}
"""Fields of the stock scheduler, whose null means absent."""

_DERIVED = {"update_time", "next_run_time"}
"""Fields that change with others."""


def _snapshot(local: LocalScheduler, body: Mapping[str, Any]) -> str:
    if not body.get("package_input_folder"):
        return local.upload(notebook(), "x.ipynb")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(body["input_filename"], notebook())
    return local.upload(packed.getvalue(), "x.zip")


def _create_job(local: LocalScheduler, body: Mapping[str, Any]) -> str:
    return local.create(**{"output_formats": ..., **body, "input_uri": _snapshot(local, body)})


def _create_definition(definitions: Definitions, body: Mapping[str, Any]) -> str:
    return definitions.create(**{"schedule": ..., **body, "input_uri": _snapshot(definitions.local, body)})


def _shown(response: Mapping[str, Any], body: Mapping[str, Any]) -> dict[str, Any]:
    return {name: response[name] for name in body if name in response}


def test_every_field_of_a_request_is_sent_here() -> None:
    shared = OPTIONS.keys() | INPUT.keys() | {"input_uri"}
    assert CreateJobBody.model_fields.keys() == shared | OF_JOB.keys()
    assert CreateDefinitionBody.model_fields.keys() == shared | SCHEDULE.keys() == EXAMPLE.keys() | {"input_uri"}
    assert UpdateDefinitionBody.model_fields.keys() == CHANGES.keys() | {"input_uri", "input_filename", "input_path"}
    assert CHANGES.keys() == OPTIONS.keys() | SCHEDULE.keys()
    assert {name for name, value in CHANGES.items() if value == EXAMPLE[name]} == set()


@example(JOB_EXAMPLE)
@given(requests(OPTIONS, INPUT, OF_JOB, required=_REQUIRED))
@_few
def test_a_job_and_its_row_return_every_field_of_its_request(local: LocalScheduler, body: Mapping[str, Any]) -> None:
    local.clock.forward(days=8)  # a token may come again
    job = local.job(_create_job(local, body))
    assert _shown(job, body) == body
    for order in ("create_time", "name", "input_filename", "status"):
        rows = local.api.get(f"/scheduler/jobs?sort_by={order}").body["jobs"]
        (row,) = (each for each in rows if each["job_id"] == job["job_id"])
        assert row == {name: value for name, value in job.items() if value is not None}


@example(EXAMPLE)
@given(requests(OPTIONS, INPUT, SCHEDULE, required=_REQUIRED))
@_few
def test_a_definition_and_its_row_return_every_field_of_its_request(
    local: LocalScheduler, definitions: Definitions, body: Mapping[str, Any]
) -> None:
    local.clock.forward(days=8)
    definition_id = _create_definition(definitions, body)
    definition = definitions.described(definition_id)
    assert _shown(definition, body) == {name: value for name, value in body.items() if name != "idempotency_token"}
    for order in ("create_time", "name", "input_filename"):
        rows = local.api.get(f"{_DEFINITIONS}?sort_by={order}").body["job_definitions"]
        (row,) = (each for each in rows if each["job_definition_id"] == definition_id)
        assert row == {name: value for name, value in definition.items() if value is not None}


def test_an_edit_of_one_field_changes_that_field_and_no_other(local: LocalScheduler, definitions: Definitions) -> None:
    definition_id = _create_definition(definitions, {**EXAMPLE, "idempotency_token": "edits"})
    for name, value in CHANGES.items():
        before = definitions.described(definition_id)
        definitions.patch(definition_id, **{name: value})
        after = definitions.described(definition_id)
        changed = {field for field in after if after[field] != before[field]}
        assert (changed - _DERIVED, after[name]) == ({name}, value)


def test_what_an_edit_sets_another_edit_takes_off(local: LocalScheduler, definitions: Definitions) -> None:
    """Null does it, and, in fields of the stock scheduler, an empty value."""
    plain = {name: EXAMPLE[name] for name in ("runtime_environment_name", "input_filename", "package_input_folder")}
    definition_id = _create_definition(definitions, {**plain, "name": "Plain", "idempotency_token": "resets"})
    before = definitions.described(definition_id)
    for name, value in CHANGES.items():
        if name in _ALWAYS:
            continue
        definitions.patch(definition_id, **{name: EXAMPLE[name]})
        assert definitions.described(definition_id)[name] == EXAMPLE[name]
        definitions.patch(definition_id, **{name: type(value)() if name in _STOCK else None})
        after = definitions.described(definition_id)
        assert {field for field in after if after[field] != before[field]} <= _DERIVED, name


def test_an_edit_of_the_snapshot_changes_nothing_else(local: LocalScheduler, definitions: Definitions) -> None:
    definition_id = _create_definition(definitions, {**EXAMPLE, "idempotency_token": "snapshots"})
    before = definitions.described(definition_id)
    new = {"input_filename": "third.ipynb", "package_input_folder": True}
    definitions.patch(
        definition_id, input_uri=_snapshot(local, new), input_filename="third.ipynb", input_path="x/third.ipynb"
    )
    after = definitions.described(definition_id)
    changed = {field: after[field] for field in after if after[field] != before[field]}
    assert changed.keys() - _DERIVED == {"input_filename", "input_path"}
    assert (changed["input_filename"], changed["input_path"]) == ("third.ipynb", "x/third.ipynb")


def test_a_job_of_a_definition_returns_every_field_of_the_definition(
    local: LocalScheduler, definitions: Definitions
) -> None:
    definition_id = _create_definition(definitions, {**EXAMPLE, "idempotency_token": "runs"})
    job = local.job(definitions.run_now(definition_id))
    definition = definitions.described(definition_id)
    own = {"idempotency_token", *SCHEDULE}
    expected = {name: value for name, value in EXAMPLE.items() if name not in own}
    assert _shown(job, expected) == _shown(definition, expected) == expected
    assert job["job_definition_id"] == definition_id
    assert "retention_days" in str(local.item(job["job_id"])["spec"])

    other = local.job(definitions.run_now(definition_id, parameters={"other": "1"}, idempotency_token="own"))
    assert _shown(other, expected) == expected | {"parameters": {"other": "1"}}
