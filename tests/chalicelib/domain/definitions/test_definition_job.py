"""The job that a definition creates."""

from dataclasses import replace
from datetime import timedelta

from chalicelib.domain.definitions.definition import Definition, ScheduleOptions
from chalicelib.domain.definitions.definition_job import job_of_definition
from chalicelib.domain.job import JobStatus
from tests.chalicelib.domain.builders import NOW, spec

_DEFINITION = Definition(
    owner_id="ann-1",
    definition_id="d-1",
    name="Nightly",
    input_filename="report.ipynb",
    spec=spec(tags=("a",), parameters={"n": "1", "m": "2"}, idempotency_token="t", owner_principals=("arn",)),
    snapshot_id="s",
    create_time=NOW,
    update_time=NOW,
    effective_from=NOW,
    input_size_bytes=17,
    options=ScheduleOptions(job_retention=timedelta(days=2)),
)


def test_a_job_is_what_its_definition_says() -> None:
    now = NOW + timedelta(days=1)
    made = job_of_definition(_DEFINITION, "j-1", now)
    assert (made.owner_id, made.job_id, made.job_definition_id) == ("ann-1", "j-1", "d-1")
    assert (made.name, made.input_filename, made.input_size_bytes) == ("Nightly", "report.ipynb", 17)
    assert (made.status, made.attempt) == (JobStatus.CREATED, 0)
    assert {made.create_time, made.update_time, made.not_before} == {now}
    assert made.waiting_since is None
    assert made.spec == replace(_DEFINITION.spec, retention=timedelta(days=2), idempotency_token=None)


def test_other_parameters_replace_all_parameters() -> None:
    assert job_of_definition(_DEFINITION, "j-1", NOW, parameters={"n": "7"}).spec.parameters == {"n": "7"}
    assert job_of_definition(_DEFINITION, "j-1", NOW, parameters={}).spec.parameters == {}
    assert job_of_definition(_DEFINITION, "j-1", NOW).spec.parameters == {"n": "1", "m": "2"}
    assert _DEFINITION.spec.parameters == {"n": "1", "m": "2"}
