"""Updates of definitions: only the fields in the request change."""

from typing import Any, Final

import pytest

from tests.support.definitions import Definitions
from tests.support.faults import Meanwhile
from tests.support.scheduler import ANNA, BOB, LocalScheduler, notebook, scheduler, settings

_PATH = "/scheduler/job_definitions"
_DAY = 86_400_000
_START: dict[str, Any] = {
    "name": "Nightly",
    "schedule": "0 9 * * MON-FRI",
    "timezone": "Europe/Berlin",
    "parameters": {"n": "1"},
    "runtime_environment_parameters": {"a": 1},
    "tags": ["old"],
    "output_formats": ["ipynb"],
    "compute_type": "small",
    "output_filename_template": "{{input_filename}}",
    "timeout_seconds": 60,
    "max_retries": 1,
    "retry_on_timeout": False,
    "min_retry_interval_millis": 1000,
    "overlap_policy": "allow",
    "catch_up_seconds": 60,
    "schedule_start": 1_000 * _DAY,
    "schedule_end": 30_000 * _DAY,
    "max_runs": 9,
    "job_retention_days": 3,
}
_OTHER: dict[str, Any] = {
    "name": "Weekly",
    "schedule": "15 3 1 * *",
    "timezone": "America/New_York",
    "active": False,
    "parameters": {"m": "2"},
    "runtime_environment_parameters": {"b": 2.5, "c": "x"},
    "tags": ["new", "newer"],
    "output_formats": ["html", "ipynb"],
    "compute_type": "large",
    "output_filename_template": "x",
    "timeout_seconds": 120,
    "max_retries": 2,
    "retry_on_timeout": True,
    "min_retry_interval_millis": 2000,
    "overlap_policy": "skip",
    "catch_up_seconds": 0,
    "schedule_start": 2_000 * _DAY,
    "schedule_end": 40_000 * _DAY,
    "max_runs": 10,
    "job_retention_days": 4,
}

_STOCK: Final = {
    "name", "schedule", "timezone", "active", "parameters", "runtime_environment_parameters", "tags", "output_formats", "compute_type",
    "output_filename_template",
}  # fmt: skip
"""Fields of the stock scheduler, whose null means absent. An empty value removes the old one."""


def _without(described: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in described.items() if name not in (*names, "update_time", "next_run_time")}


def test_a_created_definition_is_described_completely(made: Definitions) -> None:
    described = made.described(made.create(**_START))
    assert {name: described[name] for name in _START} == _START


@pytest.mark.parametrize("field", _OTHER)
def test_one_field_changes_and_no_other(local: LocalScheduler, made: Definitions, field: str) -> None:
    definition_id = made.create(**_START)
    before = made.described(definition_id)
    local.clock.forward(seconds=5)
    made.patch(definition_id, **{field: _OTHER[field]})
    after = made.described(definition_id)
    assert after[field] == _OTHER[field]
    assert _without(after, field) == _without(before, field)
    assert after["update_time"] == before["update_time"] + 5000
    for sort in ("create_time", "name", "input_filename"):
        (row,) = local.api.get(f"{_PATH}?sort_by={sort}").body["job_definitions"]
        assert row == {name: value for name, value in after.items() if value is not None}


def test_all_fields_change_at_once(made: Definitions) -> None:
    definition_id = made.create(**_START)
    made.patch(definition_id, **_OTHER)
    described = made.described(definition_id)
    assert {name: described[name] for name in _OTHER} == _OTHER


@pytest.mark.parametrize("field", sorted(_STOCK))
def test_null_does_not_change_a_field_of_the_stock_scheduler(made: Definitions, field: str) -> None:
    definition_id = made.create(**_START)
    before = made.described(definition_id)
    made.patch(definition_id, **{field: None})
    assert made.described(definition_id) == before


@pytest.mark.parametrize("field", sorted(_OTHER.keys() - _STOCK))
def test_null_gives_another_field_its_default_again(made: Definitions, field: str) -> None:
    default = made.described(made.create(**{name: _START[name] for name in _STOCK if name != "active"}))[field]
    definition_id = made.create(**_OTHER)
    before = made.described(definition_id)
    made.patch(definition_id, **{field: None})
    after = made.described(definition_id)
    assert after[field] == default != before[field]
    assert _without(after, field) == _without(before, field)


def test_null_takes_the_end_and_the_maximum_off_the_schedule(local: LocalScheduler, made: Definitions) -> None:
    definition_id = made.create(**{**_START, "schedule_end": 1_001 * _DAY, "schedule_start": None})
    assert made.described(definition_id)["next_run_time"] is None
    made.patch(definition_id, schedule_end=None, max_runs=None)
    described = made.described(definition_id)
    assert (described["schedule_end"], described["max_runs"]) == (None, None)
    assert described["next_run_time"] is not None


@pytest.mark.parametrize("field", ["parameters", "runtime_environment_parameters", "tags"])
def test_the_error_names_an_empty_field(made: Definitions, field: str) -> None:
    definition_id = made.create(**_START)
    made.patch(definition_id, **{field: type(_START[field])()})
    assert made.described(definition_id)[field] is None


def test_another_environment() -> None:
    python = settings().model_dump()["environments"]["python"]
    with scheduler(settings(environments={"r": python, "finance": {**python, "users": (BOB,)}})) as local:
        made = Definitions(local)
        definition_id = made.create()
        made.patch(definition_id, runtime_environment_name="r")
        assert made.described(definition_id)["runtime_environment_name"] == "r"
        for name, status in (("finance", 403), ("gone", 400)):
            response = local.api.patch(f"{_PATH}/{definition_id}", {"runtime_environment_name": name})
            assert response.status == status, ANNA
        assert made.described(definition_id)["runtime_environment_name"] == "r"


@pytest.mark.parametrize("change", [{"schedule": "5 5 * * *"}, {"timezone": "UTC"}, {"name": "n"}, {"input_uri": "x"}])
def test_an_edit_of_a_paused_definition_leaves_it_paused(
    local: LocalScheduler, made: Definitions, change: dict[str, Any]
) -> None:
    definition_id = made.create(**_START)
    made.patch(definition_id, active=False)
    if "input_uri" in change:
        change = {"input_uri": local.upload(notebook("new"))}
    made.patch(definition_id, **change)
    assert made.described(definition_id)["active"] is False
    assert [each["State"] for each in made.schedules().values()] == ["DISABLED"]


def test_the_stored_filename_keeps_the_snapshot(local: LocalScheduler, made: Definitions) -> None:
    """What the panel sends when its edit form is saved."""
    definition_id = made.create()
    before = local.objects()
    made.patch(definition_id, schedule="15 3 1 * *", timezone="America/New_York", input_uri="report.ipynb")
    assert local.objects() == before
    described = made.described(definition_id)
    assert (described["schedule"], described["input_filename"]) == ("15 3 1 * *", "report.ipynb")


def test_a_new_snapshot_may_have_another_name(local: LocalScheduler, made: Definitions) -> None:
    definition_id, content = made.create(notebook("old")), notebook("new")
    made.patch(definition_id, input_uri=local.upload(content), input_filename="other.ipynb")
    assert made.described(definition_id)["input_filename"] == "other.ipynb"
    job_id = made.run_now(definition_id)
    (key,) = local.objects(f"jobs/{local.owner_id()}/{job_id}/")
    assert local.client("s3").get_object(Bucket=local.bucket, Key=key)["Body"].read() == content
    assert local.job(job_id)["input_filename"] == "other.ipynb"
    (row,) = local.api.get(f"{_PATH}?sort_by=input_filename").body["job_definitions"]
    assert row["input_filename"] == "other.ipynb"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"input_uri": "another.ipynb"}, "input_uri"),
        ({"input_uri": "upload:nothing"}, None),
        ({"input_filename": "other.ipynb"}, "input_filename"),
        ({"input_filename": "other.ipynb", "input_uri": "report.ipynb"}, "input_filename"),
        ({"input_filename": "other.txt"}, "input_filename"),
        ({"input_uri": "UPLOAD OF TEXT"}, None),
        ({"schedule": ""}, "schedule"),
        ({"schedule": "0 9 * *"}, "schedule"),
        ({"schedule": "0 9 31 2 *"}, None),
        ({"timezone": "Mars/Olympus"}, "timezone"),
        ({"compute_type": "huge"}, "compute_type"),
        ({"output_formats": ["docx"]}, "output_formats"),
        ({"max_runs": 0}, "max_runs"),
        ({"max_runs": "3"}, "max_runs"),
        ({"overlap_policy": "queue"}, "overlap_policy"),
        ({"catch_up_seconds": -1}, "catch_up_seconds"),
        ({"schedule_end": 5}, "schedule_end"),
        ({"active": "yes"}, "active"),
        ({"name": ""}, "name"),
        ({"runtime_environment_parameters": {"max_runs": "many"}}, "runtime_environment_parameters"),
    ],
    ids=str,
)
def test_a_rejected_change_changes_nothing(
    local: LocalScheduler, made: Definitions, change: dict[str, Any], reason: str | None
) -> None:
    definition_id = made.create(schedule_start=1000)
    if change.get("input_uri") == "UPLOAD OF TEXT":
        change = {"input_uri": local.upload(b"no notebook")}
    before = local.items("definitions"), local.objects(), made.schedules()
    response = local.api.patch(f"{_PATH}/{definition_id}", {"name": "changed", **change})
    assert response.status in (400, 404, 422), response.body
    if reason:
        assert response.body["reason"] == reason
    assert (local.items("definitions"), local.objects(), made.schedules()) == before


def test_two_people_who_change_different_things_at_once(local: LocalScheduler, made: Definitions) -> None:
    definition_id = made.create()
    local.clock.forward(seconds=1)
    local.hub.listeners.append(Meanwhile("dynamodb:UpdateItem", lambda: made.patch(definition_id, tags=["a"])))
    made.patch(definition_id, parameters={"n": "1"})
    described = made.described(definition_id)
    assert (described["tags"], described["parameters"]) == (["a"], {"n": "1"})


def test_continuous_concurrent_changes_end_in_a_conflict(local: LocalScheduler, made: Definitions) -> None:
    definition_id = made.create()

    def change(name: str) -> None:
        local.clock.forward(seconds=1)
        made.patch(definition_id, name=name)

    for turn, name in ((0, "a"), (2, "b"), (4, "c")):
        local.hub.listeners.append(Meanwhile("dynamodb:UpdateItem", lambda name=name: change(name), turn))  # type: ignore[misc]
    response = local.api.patch(f"{_PATH}/{definition_id}", {"name": "mine"})
    assert (response.status, response.body["code"]) == (409, "conflict")
    assert made.described(definition_id)["name"] == "c"
