"""Changes of definitions that are interrupted before or after any of their AWS calls, then repeated or swept."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from tests.faults.schedules import hold_schedules
from tests.support.definitions import Definitions
from tests.support.faults import Killed, KilledAfter, Lost, NeverSent, Refused, Resent
from tests.support.scheduler import LocalScheduler, notebook

_ONE, _TWO = "30 2 * * 0", "0 13 1 * 1"
_PATH = "/scheduler/job_definitions"

_CHANGES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "edit to one": ({"schedule": _TWO}, {"schedule": _ONE}),
    "edit to two": ({"schedule": _ONE}, {"schedule": _TWO, "timezone": "Asia/Kathmandu"}),
    "pause": ({"schedule": _TWO}, {"active": False}),
    "replace": ({"schedule": _ONE}, {"input_uri": "upload"}),
}
_FAULTS: dict[str, Callable[[int], Any]] = {
    "killed after": lambda turn: KilledAfter(None, turn),
    "never sent": lambda turn: NeverSent(None, turn),
    "lost": lambda turn: Lost(None, turn),
    "resent": lambda turn: Resent(None, turn),
    "throttled": lambda turn: Refused("ThrottlingException", None, turn),
}


def _interrupt(local: LocalScheduler, fault: Any, act: Callable[[], Any]) -> Any:
    local.hub.listeners.append(fault)
    response = None
    with suppress(Killed):
        response = act()
    local.hub.listeners.clear()
    return response


def _sweep_twice(made: Definitions) -> None:
    for _ in range(2):
        made.local.clock.forward(seconds=90)
        made.sweep()
        assert made.clean_up() == []


@pytest.mark.parametrize("change", _CHANGES)
@pytest.mark.parametrize(
    ("kind", "then"), [*((kind, "swept") for kind in _FAULTS), ("killed after", "repeated"), ("lost", "repeated")]
)
def test_an_interrupted_change(local: LocalScheduler, made: Definitions, change: str, kind: str, then: str) -> None:
    before, wanted = _CHANGES[change]
    turn = 0
    while True:
        definition_id = made.create(**before)
        made.follow_streams()
        body = {**wanted, **({"input_uri": local.upload(notebook("new"))} if "input_uri" in wanted else {})}
        url = f"{_PATH}/{definition_id}"
        local.clock.forward(seconds=1)
        fault = _FAULTS[kind](turn)
        response = _interrupt(local, fault, lambda: local.api.patch(url, body))  # noqa: B023 - called at once
        if response is not None and response.status == 204:
            stored = made.stored(definition_id)
            assert all(getattr(stored, name) == value for name, value in wanted.items() if name != "input_uri")
        if then == "repeated":
            local.clock.forward(seconds=1)
            assert local.api.patch(url, body).status == 204
            stored = made.stored(definition_id)
            assert all(getattr(stored, name) == value for name, value in wanted.items() if name != "input_uri")
        _sweep_twice(made)
        hold_schedules(made)
        made.delete(definition_id)
        assert made.clean_up() == []
        assert made.leftovers() == {}
        if not fault.has_happened:
            break
        turn += 1
    assert turn >= 3


@pytest.mark.parametrize("kind", _FAULTS)
def test_an_interrupted_create(local: LocalScheduler, made: Definitions, kind: str) -> None:
    turn = 0
    while True:
        uri, known = local.upload(notebook()), len(local.items("definitions"))
        fault = _FAULTS[kind](turn)
        response = _interrupt(local, fault, lambda: made.post(schedule=_TWO, input_uri=uri))  # noqa: B023 - called at once
        stored = len(local.items("definitions")) - known
        assert stored in (0, 1)
        if response is not None and response.status == 200:
            assert stored == 1
        for _ in range(2):
            local.clock.forward(seconds=90)
            made.sweep()
        hold_schedules(made)
        if not fault.has_happened:
            break
        turn += 1
    assert turn >= 5


@pytest.mark.parametrize("kind", _FAULTS)
def test_an_interrupted_delete(local: LocalScheduler, made: Definitions, kind: str) -> None:
    turn = 0
    made.follow_streams()
    while True:
        definition_id = made.create(schedule=_TWO)
        fault = _FAULTS[kind](turn)
        response = _interrupt(local, fault, lambda: local.api.delete(f"{_PATH}/{definition_id}"))  # noqa: B023
        if response is None or response.status != 204:
            assert local.api.delete(f"{_PATH}/{definition_id}").status in (204, 404)
        assert made.clean_up() == []
        assert made.leftovers() == {}
        if not fault.has_happened:
            break
        turn += 1
    assert turn >= 1


@pytest.mark.parametrize("kind", [kind for kind in _FAULTS if kind != "resent"])
def test_an_interrupted_cleanup_is_delivered_again(local: LocalScheduler, made: Definitions, kind: str) -> None:
    turn = 0
    made.follow_streams()
    while True:
        definition_id = made.create(schedule=_TWO)
        for _ in range(2):
            made.run_now(definition_id)
        made.delete(definition_id)
        records = made.told()
        fault = _FAULTS[kind](turn)
        _interrupt(local, fault, lambda: made.deliver_records(*records))  # noqa: B023 - called at once
        assert made.deliver_records(*records) == []
        assert made.clean_up() == []
        assert made.leftovers() == {}
        if not fault.has_happened:
            break
        turn += 1
    assert turn >= 5
