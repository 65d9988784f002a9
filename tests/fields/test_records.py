"""Every declared field of a record survives the table and the response, and no other field leaves the service."""

from dataclasses import is_dataclass, replace
from types import NoneType
from typing import Any, get_args, get_type_hints

import pytest
from hypothesis import Phase as Phases
from hypothesis import given, settings
from typing_extensions import is_typeddict

from chalicelib.config import SchedulerSettings
from chalicelib.domain.attempt_result import JobWarning
from chalicelib.domain.definitions.definition import Definition, LastRun, ScheduleOptions, TakenOver
from chalicelib.domain.definitions.definition_job import job_of_definition
from chalicelib.domain.definitions.definition_request import DefinitionChange, apply_change, request_of
from chalicelib.domain.definitions.health import EndedRun, Health
from chalicelib.domain.job import Job, JobSpec, Phase
from chalicelib.domain.job_request import JobRequest
from chalicelib.domain.outcome import Outcome
from chalicelib.domain.serialization import from_stored, from_wire, record_fields, to_stored, to_wire
from chalicelib.routes.models.definition_responses import DefinitionResponse, describe_definition
from chalicelib.routes.models.job_response_builders import describe_job
from chalicelib.routes.models.job_responses import JobResponse
from chalicelib.storage.definition_codec import definition_attributes, to_definition
from chalicelib.storage.items import DefinitionItem, JobItem
from chalicelib.storage.job_codec import job_attributes, to_job
from tests.chalicelib.domain.builders import NOW, caller
from tests.chalicelib.domain.builders import settings as scheduler_settings
from tests.fields.values import wire_records

_few = settings(phases=(Phases.generate,), max_examples=25, deadline=None, derandomize=True, database=None)

INTERNAL = {
    Job: {
        "spec",
        "input_size_bytes",
        "upload_id",
        "launch",
        "not_before",
        "waiting_since",
        "deadline",
        "launch_code",
        "past_attempts",
        "attempts_left_out",
        "task_arn",
        "instance_id",
        "notebook_retries",
        "infrastructure_retries",
        "expires_at",
    },
    Definition: {
        "spec",
        "options",
        "snapshot_id",
        "effective_from",
        "input_size_bytes",
        "upload_id",
        "revision",
        "synced_revision",
        "schedule_slots",
        "next_due",
        "schedule_problem",
        "missed_problem",
        "tick_problem",
        "pause_problem",
        "notification_problem",
        "counted_runs",
        "health",
        "reminded_at",
    },
}
"""Fields that no response contains. A new field is either here or in the response model."""

INTERNAL_OPTIONS = {"owner_principals", "retention_days"}
"""The same for the spec of a job; that of a definition has an idempotency token, too, which its response leaves out."""

COMPUTED = {
    JobResponse: {"status_message", "url", "packaged_files", "downloaded", "job_files", "cost"},
    DefinitionResponse: {"packaged_files", "next_run_time", "problems"},
}
"""Fields of a response that no record has."""


def _wire_names(*records: type) -> set[str]:
    return {field.wire_name for record in records for field in record_fields(record)}


def _fields(model: Any) -> set[str]:
    return set(get_type_hints(model))


def test_every_field_of_a_job_is_in_its_response_or_declared_internal() -> None:
    internal = INTERNAL[Job] | INTERNAL_OPTIONS
    assert internal <= _wire_names(Job, JobSpec)
    assert _fields(JobResponse) == _wire_names(Job, JobSpec) - internal | COMPUTED[JobResponse]


def test_every_field_of_a_definition_is_in_its_response_or_declared_internal() -> None:
    internal = INTERNAL[Definition] | INTERNAL_OPTIONS | {"idempotency_token"}
    records = _wire_names(Definition, JobSpec, ScheduleOptions, Health)
    assert internal <= records
    assert _fields(DefinitionResponse) == records - internal | COMPUTED[DefinitionResponse]


@pytest.mark.parametrize(("record", "model"), [(Job, JobResponse), (Definition, DefinitionResponse)])
def test_a_record_inside_a_response_has_the_fields_of_its_model(record: type, model: type) -> None:
    hints = get_type_hints(model)
    kinds = {field.wire_name: field.item_kind or field.kind for field in record_fields(record)}
    nested: dict[str, Any] = {name: kind for name, kind in kinds.items() if is_dataclass(kind)}
    for name in nested.keys() & hints.keys():
        (response,) = (each for each in get_args(hints[name]) or (hints[name],) if each is not NoneType)
        assert is_typeddict(response)
        assert _fields(response) == _wire_names(nested[name]), name


@pytest.mark.parametrize("record", [Phase, Outcome, JobWarning, TakenOver, LastRun, EndedRun])
def test_records_inside_of_records_are_written_for_the_wire_by_their_wire_names(record: type) -> None:
    @given(wire_records(record))
    @_few
    def check(made: Any) -> None:
        assert record(**from_wire(record, to_wire(made))) == made
        assert from_stored(record, to_stored(made)) == made

    check()


@given(wire_records(Job))
@_few
def test_every_field_of_a_job_comes_back_from_the_table(job: Job) -> None:
    item = JobItem(**{name: value for name, value in job_attributes(job).items() if value is not None})
    assert to_job(JobItem.from_raw_data(item.serialize())) == job


@given(wire_records(Definition))
@_few
def test_every_field_of_a_definition_comes_back_from_the_table(definition: Definition) -> None:
    attributes = definition_attributes(definition).items()
    item = DefinitionItem(**{name: value for name, value in attributes if value is not None})
    assert to_definition(DefinitionItem.from_raw_data(item.serialize())) == definition


def _as_shown(record: Any, names: set[str]) -> dict[str, Any]:
    """Return how a response shows the fields of a record; an empty list or mapping is null."""
    return {name: value or None for name, value in to_wire(record).items() if name in names}


@given(wire_records(Job))
@_few
def test_every_field_of_a_job_is_in_its_response(job: Job) -> None:
    response: Any = describe_job(job, scheduler_settings())
    assert response.keys() == _fields(JobResponse)
    expected = _as_shown(job, _fields(JobResponse)) | _as_shown(job.spec, _fields(JobResponse))
    template = expected.pop("output_filename_template")
    assert response["output_filename_template"] == (template or "{{input_filename}}-{{create_time}}")
    assert {name: response[name] or None for name in expected} == expected


@given(wire_records(Definition))
@_few
def test_every_field_of_a_definition_is_in_its_response(definition: Definition) -> None:
    response: Any = describe_definition(definition)
    names = _fields(DefinitionResponse) - {"output_filename_template"}
    assert response.keys() == _fields(DefinitionResponse)
    parts = (definition, definition.spec, definition.options, definition.health)
    expected = {name: value for part in parts for name, value in _as_shown(part, names).items()}
    assert {name: response[name] or None for name in expected} == expected


@given(wire_records(Definition))
@_few
def test_a_job_of_a_definition_gets_every_field_of_its_spec(definition: Definition) -> None:
    job = job_of_definition(definition, "id", NOW)
    own = {"retention": definition.options.job_retention, "idempotency_token": None}
    assert vars(job.spec) == vars(definition.spec) | own
    assert (job.name, job.input_filename) == (definition.name, definition.input_filename)
    changed = job_of_definition(definition, "id", NOW, parameters={"other": "1"})
    assert vars(changed.spec) == vars(job.spec) | {"parameters": {"other": "1"}}


def _allowed(definition: Definition) -> tuple[Definition, SchedulerSettings]:
    """Return the definition with a spec that these settings allow, and the settings."""
    chosen = scheduler_settings()
    spec = replace(
        definition.spec,
        runtime_environment_name="python",
        compute_type="small",
        output_formats=("html",),
        notify=(),
        max_retries=min(definition.spec.max_retries, chosen.limits.max_retries),
        owner_principals=caller().principal.names,
    )
    plain = ScheduleOptions(overlap_policy=definition.options.overlap_policy, catch_up=definition.options.catch_up)
    owner_id = caller().owner_id
    allowed = replace(definition, owner_id=owner_id, spec=spec, options=plain, schedule="@daily", timezone="UTC")
    return allowed, chosen


@given(wire_records(Definition))
@_few
def test_an_edit_of_one_field_keeps_every_other_field(definition: Definition) -> None:
    before, chosen = _allowed(definition)
    kept = vars(before.spec) | {"idempotency_token": None, "retention": None}
    for name, value in (("tags", ("new",)), ("max_retries", 1), ("parameters", {"a": "2"}), ("retry_on_timeout", True)):
        after = apply_change(before, DefinitionChange(job={name: value}), chosen, caller(), NOW)
        assert vars(after.spec) == kept | {name: value}
    after = apply_change(before, DefinitionChange(options={"max_runs": 3}), chosen, caller(), NOW)
    assert (after.spec, after.options) == (before.spec, replace(before.options, max_runs=3))


@given(wire_records(Definition))
@_few
def test_the_request_of_a_definition_has_every_field_of_its_spec(definition: Definition) -> None:
    request = vars(request_of(definition))
    shared = {field.name for field in record_fields(JobRequest)} & {field.name for field in record_fields(JobSpec)}
    compared = shared - {"idempotency_token"}
    assert {name: request[name] for name in compared} == {name: getattr(definition.spec, name) for name in compared}
    assert (request["name"], request["input_filename"]) == (definition.name, definition.input_filename)
