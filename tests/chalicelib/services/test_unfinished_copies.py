"""Copies of snapshots whose function is killed before it stores what they are for: they are announced first, and deleted later."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from tests.support.definitions import Definitions
from tests.support.faults import Killed, KilledAfter
from tests.support.http_api import BOB
from tests.support.scheduler import LocalScheduler, notebook, scheduler, settings


def _killed_after_its_copy(local: LocalScheduler, act: Callable[[], Any]) -> None:
    local.hub.listeners.append(fault := KilledAfter("s3:CopyObject"))
    with suppress(Killed):
        act()
    local.hub.listeners.remove(fault)
    assert fault.has_happened


def test_the_snapshot_of_a_killed_create_is_deleted(local: LocalScheduler, made: Definitions) -> None:
    kept = made.create()
    _killed_after_its_copy(local, made.post)
    assert len(local.objects("definitions/")) == 2
    made.clean_up_again()
    assert local.objects("definitions/") == [made.stored(kept).snapshot_key]


def test_the_new_snapshot_of_a_killed_edit_is_deleted(local: LocalScheduler, made: Definitions) -> None:
    definition_id = made.create()
    body = {"input_uri": local.upload(notebook("new"))}
    url = f"/scheduler/job_definitions/{definition_id}"
    _killed_after_its_copy(local, lambda: local.api.patch(url, body))
    assert len(local.objects("definitions/")) == 2
    made.clean_up_again()
    assert local.objects("definitions/") == [made.stored(definition_id).snapshot_key]


def test_the_snapshot_of_a_finished_edit_is_kept(local: LocalScheduler, made: Definitions) -> None:
    made.follow_streams()
    definition_id = made.create()
    made.patch(definition_id, input_uri=local.upload(notebook("new")))
    assert made.clean_up() == []
    made.clean_up_again()
    assert local.objects("definitions/") == [made.stored(definition_id).snapshot_key]


def test_the_snapshot_of_a_killed_take_over_is_deleted() -> None:
    with scheduler(settings(ownership={"admins": (BOB,)})) as local:
        made = Definitions(local)
        definition_id = made.create()
        url = f"/scheduler/job_definitions/{definition_id}/take_over?owner_id={local.owner_id()}"
        _killed_after_its_copy(local, lambda: local.api.as_user(BOB).post(url))
        made.clean_up_again()
        assert local.objects("definitions/") == [made.stored(definition_id).snapshot_key]


@pytest.mark.parametrize("days", [0, 30])
def test_the_input_of_a_killed_job_is_deleted_where_no_lifecycle_rule_does_it(days: int) -> None:
    with scheduler(settings(retention={"jobs_days": days})) as local:
        made = Definitions(local)
        definition_id = made.create()
        kept = {local.create(), made.run_now(definition_id)}
        _killed_after_its_copy(local, local.create)
        url = f"/scheduler/job_definitions/{definition_id}/jobs"
        _killed_after_its_copy(local, lambda: local.api.post(url, {}))
        made.clean_up_again()
        stored = {key.split("/")[2] for key in local.objects("jobs/")}
        assert stored == kept if days == 0 else stored > kept
