"""Changes of definitions: their effect on the record, and when `effective_from` is reset."""

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chalicelib.domain.definitions.definition import Definition, OverlapPolicy, ScheduleOptions
from chalicelib.domain.definitions.definition_request import (
    DefinitionChange,
    DefinitionRequest,
    RunRequest,
    apply_change,
    check_schedule,
    count_slots,
    definition_fingerprint,
    request_of,
    run_fingerprint,
)
from chalicelib.domain.job_request import resolve_spec
from chalicelib.errors import CrontabError, InvalidRequestError
from tests.chalicelib.domain.builders import NOW, caller, settings, spec

_LATER = NOW + timedelta(hours=1)
_DEFINITION = Definition(
    owner_id="ann-1",
    definition_id="d-1",
    name="Nightly",
    input_filename="report.ipynb",
    spec=spec(tags=("a",), parameters={"n": "1"}, owner_principals=caller().principal.names),
    snapshot_id="s",
    create_time=NOW,
    update_time=NOW,
    effective_from=NOW,
    schedule="0 9 * * *",
    timezone="UTC",
    revision=3,
    synced_revision=3,
    schedule_slots=1,
)


def _changed(**parts: Any) -> Definition:
    return apply_change(_DEFINITION, DefinitionChange(**parts), settings(), caller(), _LATER)


@pytest.mark.parametrize(
    "parts",
    [
        {"definition": {"schedule": "0 8 * * *"}},
        {"definition": {"timezone": "Europe/Berlin"}},
        {"definition": {"active": False}},
        {"options": {"start": _LATER}},
        {"options": {"end": _LATER}},
        {"options": {"max_runs": 1}},
    ],
    ids=str,
)
def test_a_change_of_the_schedule_resets_effective_from(parts: dict[str, Any]) -> None:
    after = _changed(**parts)
    assert (after.revision, after.effective_from, after.update_time) == (4, _LATER, _LATER)
    assert not after.is_synced


@pytest.mark.parametrize(
    "parts",
    [
        {},
        {"definition": {"name": "x"}},
        {"definition": {"schedule": "0 9 * * *", "timezone": "UTC", "active": True}},
        {"job": {"tags": ("b",)}},
        {"options": {"overlap_policy": OverlapPolicy.SKIP}},
        {"options": {"catch_up": timedelta(0)}},
        {"options": {"job_retention": timedelta(days=1)}},
    ],
    ids=str,
)
def test_another_change_goes_on(parts: dict[str, Any]) -> None:
    after = _changed(**parts)
    assert (after.revision, after.effective_from, after.update_time) == (3, NOW, _LATER)
    assert after.is_synced


@pytest.mark.parametrize(("schedule", "slots"), [("0 9 13 * 5", 2), ("0 9 * * 5", 1)])
def test_slots_only_increase(schedule: str, slots: int) -> None:
    assert count_slots(schedule) == slots
    wide = replace(_DEFINITION, schedule="0 9 14 * 5", schedule_slots=2)
    change = DefinitionChange(definition={"schedule": schedule})
    assert apply_change(wide, change, settings(), caller(), _LATER).schedule_slots == 2
    assert _changed(definition={"schedule": schedule}).schedule_slots == slots


def test_no_schedule_needs_no_slot() -> None:
    assert count_slots(None) == 0


def test_a_change_of_the_job_keeps_the_rest_of_it() -> None:
    after = _changed(job={"parameters": {"m": "2"}})
    assert after.spec.parameters == {"m": "2"}
    assert replace(after.spec, parameters=_DEFINITION.spec.parameters) == _DEFINITION.spec


def test_the_request_of_a_definition_makes_its_spec_again() -> None:
    assert resolve_spec(request_of(_DEFINITION), settings(), caller()) == _DEFINITION.spec


def test_a_change_is_checked_against_the_settings() -> None:
    for parts in ({"job": {"compute_type": "large"}}, {"options": {"start": _LATER, "end": _LATER}}):
        with pytest.raises(InvalidRequestError):
            _changed(**parts)
    for wrong in ({"schedule": "0 9 30 2 *"}, {"timezone": "Nowhere"}):
        with pytest.raises(CrontabError):
            _changed(definition=wrong)


def test_a_time_zone_without_a_schedule_is_checked() -> None:
    with pytest.raises(CrontabError, match="Nowhere"):
        check_schedule(None, "Nowhere", ScheduleOptions(), settings())
    check_schedule(None, None, ScheduleOptions(end=datetime(1970, 1, 1, tzinfo=UTC)), settings())


def test_an_environment_that_is_gone_does_not_keep_one_from_pausing() -> None:
    orphan = replace(_DEFINITION, spec=spec(runtime_environment_name="gone"))
    change = DefinitionChange(definition={"active": False})
    assert apply_change(orphan, change, settings(), caller(), _LATER).active is False


_REQUEST = DefinitionRequest(request_of(_DEFINITION), schedule="0 9 * * *", timezone="UTC")
_OTHERS: dict[str, Any] = {
    "job": replace(_REQUEST.job, name="Other"),
    "schedule": "0 8 * * *",
    "timezone": None,
    "active": False,
    "options": ScheduleOptions(start=_LATER),
}
_OPTIONS: dict[str, Any] = {
    "overlap_policy": OverlapPolicy.SKIP,
    "catch_up": timedelta(0),
    "start": NOW,
    "end": NOW,
    "max_runs": 1,
    "job_retention": timedelta(days=1),
    "keep_last": 5,
    "pause_after_failures": 3,
    "success_within": timedelta(hours=1),
}


def test_every_field_is_accounted_for() -> None:
    assert _OTHERS.keys() == {field.name for field in fields(DefinitionRequest)}
    assert _OPTIONS.keys() == {field.name for field in fields(ScheduleOptions)}


@pytest.mark.parametrize(
    "other",
    [
        *(replace(_REQUEST, **{name: value}) for name, value in _OTHERS.items()),
        *(replace(_REQUEST, options=ScheduleOptions(**{name: value})) for name, value in _OPTIONS.items()),
    ],
    ids=[*_OTHERS, *(f"options: {name}" for name in _OPTIONS)],
)
def test_a_request_for_another_definition_has_another_fingerprint(other: DefinitionRequest) -> None:
    assert definition_fingerprint(other, "etag") != definition_fingerprint(_REQUEST, "etag")


def test_the_content_of_an_upload_counts_and_not_its_id() -> None:
    again = replace(_REQUEST, job=replace(_REQUEST.job, input_uri="upload:def456", idempotency_token="t"))
    assert definition_fingerprint(again, "etag") == definition_fingerprint(_REQUEST, "etag")
    assert definition_fingerprint(_REQUEST, "other") != definition_fingerprint(_REQUEST, "etag")


def test_a_run_is_known_by_its_definition_and_its_parameters() -> None:
    first, second = ({"a": "1", "b": "2"}, {"b": "2", "a": "1"})
    assert run_fingerprint("d-1", RunRequest(parameters=first)) == run_fingerprint("d-1", RunRequest(parameters=second))
    others = [("d-2", None), ("d-1", None), ("d-1", {}), ("d-1", {"a": "1"}), ("d-1", {"a": "2"})]
    requests = [(definition_id, RunRequest(parameters=parameters)) for definition_id, parameters in others]
    requests += [
        ("d-1", RunRequest(scheduled_time=NOW)),
        ("d-1", RunRequest(scheduled_time=NOW + timedelta(minutes=1))),
    ]
    assert len({run_fingerprint(*each) for each in requests}) == len(requests)
