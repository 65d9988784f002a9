"""Ticks during edits, deletes, other ticks, lost responses and killed functions."""

from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from chalicelib.storage.clients import S3_CONFIG
from chalicelib.storage.s3_copy import Copier
from tests.support.definitions import Definitions
from tests.support.faults import Killed, KilledAfter, KilledBefore, Lost, Meanwhile, Refused, Resent
from tests.support.scheduler import LocalScheduler, notebook


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"active": False}, []),
        ({"schedule": "0 15 * * *"}, []),
        ({"timezone": "Asia/Kathmandu"}, []),
        ({"name": "Renamed"}, ["Renamed"]),
        ({"overlap_policy": "skip"}, ["Nightly"]),
        ({"job_retention_days": 1}, ["Nightly"]),
    ],
    ids=lambda each: next(iter(each)) if isinstance(each, dict) else "",
)
def test_an_edit_during_a_tick_counts(
    local: LocalScheduler, made: Definitions, change: dict[str, Any], expected: list[str]
) -> None:
    definition_id = made.create()
    made.set_clock("13:00", seconds=1)
    local.hub.listeners.append(Meanwhile("dynamodb:TransactWriteItems", lambda: made.patch(definition_id, **change)))
    assert made.tick(definition_id, made.at("13:00")) == []
    assert [job["name"] for job in made.jobs()] == expected
    assert len(local.objects("jobs/")) == len(expected)


def test_a_tick_whose_copy_times_out_is_delivered_again_and_leaves_nothing(
    local: LocalScheduler, made: Definitions
) -> None:
    definition_id = made.create(notebook("#" * 6 * 2**20))
    copier = Copier(
        local.factory.session.client("s3", config=S3_CONFIG),
        local.bucket,
        part_bytes=5 * 2**20,
        time_limit=timedelta(0),
    )
    local.factory._files._copier = copier
    made.set_clock("13:00", seconds=1)
    assert made.tick(definition_id, made.at("13:00")) == ["m0"]
    assert (made.jobs(), local.objects("jobs/"), made.verdicts()) == ([], [], {})
    copier._time_limit = timedelta(minutes=1)
    assert made.tick(definition_id, made.at("13:00")) == []
    assert (len(made.jobs()), made.verdicts()) == (1, {"13:00": "run"})


def test_a_delete_during_a_tick_leaves_nothing(local: LocalScheduler, made: Definitions) -> None:
    definition_id = made.create()
    made.follow_streams()
    made.set_clock("13:00", seconds=1)
    local.hub.listeners.append(Meanwhile("dynamodb:TransactWriteItems", lambda: made.delete(definition_id)))
    assert made.tick(definition_id, made.at("13:00")) == []
    assert made.clean_up() == []
    assert made.leftovers() == {}


def test_a_snapshot_that_is_replaced_before_the_copy_is_the_one_that_runs(
    local: LocalScheduler, made: Definitions
) -> None:
    definition_id, new = made.create(notebook("old")), notebook("new")
    made.follow_streams()
    made.set_clock("13:00", seconds=1)

    def replace() -> None:
        made.patch(definition_id, input_uri=local.upload(new))
        assert made.clean_up() == []

    local.hub.listeners.append(Meanwhile("s3:CopyObject", replace))
    assert made.tick(definition_id, made.at("13:00")) == []
    (key,) = local.objects("jobs/")
    assert local.client("s3").get_object(Bucket=local.bucket, Key=key)["Body"].read() == new


def test_the_tick_of_a_definition_that_keeps_changing_is_delivered_again(
    local: LocalScheduler, made: Definitions
) -> None:
    definition_id = made.create()
    made.set_clock("13:00", seconds=1)

    def rename(name: str) -> None:
        local.clock.forward(milliseconds=1)
        made.patch(definition_id, name=name)

    for turn in range(5):
        change = Meanwhile(
            "dynamodb:TransactWriteItems",
            partial(rename, f"N{turn}"),
            turn,
        )
        local.hub.listeners.append(change)
    assert made.tick(definition_id, made.at("13:00")) == ["m0"]
    assert made.jobs() == []
    assert made.tick(definition_id, made.at("13:00")) == []
    assert [job["name"] for job in made.jobs()] == ["N4"]


@pytest.mark.parametrize("fault", [Resent, Lost])
def test_a_transaction_whose_response_is_lost_makes_one_job(
    local: LocalScheduler, made: Definitions, fault: type[Any]
) -> None:
    definition_id = made.create()
    made.set_clock("13:00", seconds=1)
    lost = fault("dynamodb:TransactWriteItems")
    local.hub.listeners.append(lost)
    again = made.tick(definition_id, made.at("13:00"))
    assert lost.has_happened
    if again:
        assert made.tick(definition_id, made.at("13:00")) == []
    assert (len(made.jobs()), len(local.objects("jobs/"))) == (1, 1)
    assert made.stored(definition_id).run_count == 1


def test_a_transaction_conflict_is_retried(local: LocalScheduler, made: Definitions) -> None:
    definition_id = made.create()
    made.set_clock("13:00", seconds=1)
    conflict = [{"Code": "None"}, {"Code": "TransactionConflict"}, {"Code": "None"}]
    fault = Refused("TransactionCanceledException", "dynamodb:TransactWriteItems", CancellationReasons=conflict)
    local.hub.listeners.append(fault)
    assert made.tick(definition_id, made.at("13:00")) == []
    assert fault.has_happened
    assert len(made.jobs()) == 1


@pytest.mark.parametrize("then", ["again", "pause", "edit", "delete", "too late", "skip"])
@pytest.mark.parametrize("kill", [KilledBefore, KilledAfter])
def test_a_tick_killed_between_copy_and_transaction_leaves_nothing(
    local: LocalScheduler, made: Definitions, kill: type[Any], then: str
) -> None:
    definition_id = made.create(overlap_policy="skip")
    made.follow_streams()
    made.set_clock("13:00", seconds=1)
    if then == "skip":
        made.tick(definition_id, made.at("13:00"))
        made.set_clock("14:00", seconds=1)
        local.api.patch(f"/scheduler/jobs/{made.jobs()[0]['job_id']}", {"status": "STOPPED"})
    due = made.at(f"{local.clock.now:%H}:00")
    before = len(made.jobs())
    fault = kill("s3:CopyObject") if kill is KilledAfter else kill("dynamodb:TransactWriteItems")
    local.hub.listeners.append(fault)
    with pytest.raises(Killed):
        made.tick(definition_id, due)
    assert len(local.objects("jobs/")) == before + 1
    match then:
        case "pause":
            made.patch(definition_id, active=False)
        case "edit":
            made.patch(definition_id, schedule="30 * * * *")
        case "delete":
            made.delete(definition_id)
            assert made.clean_up() == []
        case "too late":
            local.clock.forward(hours=2)
        case "skip":
            made.tick(definition_id, due)
    assert made.tick(definition_id, due) == []
    expected = {"again": 1, "skip": 2}.get(then, 0)
    assert (len(made.jobs()), len(local.objects("jobs/"))) == (expected, expected)


@pytest.mark.parametrize("call", ["s3:CopyObject", "dynamodb:TransactWriteItems", "sqs:SendMessage"])
def test_a_tick_delivered_twice_at_once_makes_one_job(local: LocalScheduler, made: Definitions, call: str) -> None:
    definition_id = made.create()
    made.set_clock("13:00", seconds=1)
    twin = Meanwhile(call, lambda: made.tick(definition_id, made.at("13:00")))
    local.hub.listeners.append(twin)
    assert made.tick(definition_id, made.at("13:00")) == []
    assert twin.has_happened
    assert (len(made.jobs()), len(local.objects("jobs/"))) == (1, 1)
    assert made.stored(definition_id).run_count == 1
