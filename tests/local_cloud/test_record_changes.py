import json
from typing import Any

import pytest

from local_cloud.record_changes import RecordChanges


class AccountScopedDict:
    """A store as MiniStack has them."""

    def __init__(self, **records: Any) -> None:
        self._data = {("000000000000", name): value for name, value in records.items()}


def place(name: str) -> list[str]:
    return ["iam", "record", "users", "AccountScopedDict", f"('000000000000', '{name}')"]


def test_new_changed_and_deleted_records_are_found_once() -> None:
    changes = RecordChanges(json.dumps)
    assert changes.find("iam", {"users": AccountScopedDict(a=1, b=2)}) == [[*place("a"), "1"], [*place("b"), "2"]]
    assert changes.find("iam", {"users": AccountScopedDict(a=1, b=2)}) == []
    assert changes.find("iam", {"users": AccountScopedDict(a=3)}) == [[*place("a"), "3"], [*place("b"), None]]
    assert changes.find("iam", {"users": AccountScopedDict(a=3)}) == []


def test_other_stores_of_a_service_are_left_alone() -> None:
    changes = RecordChanges(json.dumps)
    changes.find("iam", {"users": AccountScopedDict(a=1), "alias": "x"})
    assert changes.find("iam", {"alias": "y"}) == [["iam", "record", "alias", None, "", '"y"']]


def test_a_record_of_the_saved_state_that_is_gone_is_found() -> None:
    changes = RecordChanges(json.dumps)
    changes.load("iam", {"users": AccountScopedDict(a=1)})
    assert changes.find("iam", {"users": AccountScopedDict()}) == [[*place("a"), None]]


def test_a_look_that_fails_half_way_finds_the_same_again() -> None:
    calls = iter(range(9))

    def encode(value: Any) -> str:
        if next(calls) == 1:
            raise RuntimeError("dictionary changed size during iteration")
        return json.dumps(value)

    changes = RecordChanges(encode)
    state = {"users": AccountScopedDict(a=1, b=2)}
    with pytest.raises(RuntimeError):
        changes.find("iam", state)
    assert changes.find("iam", state) == [[*place("a"), "1"], [*place("b"), "2"]]
