"""An installed stack can be upgraded: its tables differ from the last release's by what one update can change.

At a release, after this test has passed, write down the tables anew: `.venv/bin/python -m tests.infra.released_tables`.
"""

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.infra.synthesized import Synthesized
from tests.infra.table_changes import RECORDED, refused_changes, tables_of

Tables = dict[str, Any]


@pytest.fixture(scope="module")
def released() -> Tables:
    return dict(json.loads(RECORDED.read_text(encoding="utf-8")))


def test_the_last_release_can_be_upgraded(released: Tables, stack: Synthesized) -> None:
    assert refused_changes(released, tables_of(stack.template)) == []


def _jobs(tables: Tables) -> Any:
    (name,) = [each for each in tables if each.startswith("TablesJobs")]
    return tables[name]


def _index(tables: Tables, **changes: Any) -> None:
    _jobs(tables)["indexes"]["by_name"].update(changes)


def _add(tables: Tables, *names: str) -> None:
    _jobs(tables)["indexes"].update(
        {name: {"keys": ["a", "b"], "projection": "ALL", "attributes": []} for name in names}
    )


def _replace(tables: Tables) -> None:
    _add(tables, "by_start")
    _jobs(tables)["indexes"].pop("by_status")


def _rename(tables: Tables) -> None:
    tables["Other"] = tables.pop(next(iter(tables)))


_REFUSED: dict[str, Callable[[Tables], Any]] = {
    "the table is gone": lambda tables: tables.popitem(),
    "another logical id": _rename,
    "keys changed": lambda tables: _jobs(tables).update(keys=["job_id"]),
    "name changed": lambda tables: _jobs(tables).update(name="jobs"),
    "stream changed": lambda tables: _jobs(tables).update(stream="KEYS_ONLY"),
    "time_to_live changed": lambda tables: _jobs(tables).update(time_to_live="expires"),
    "owner_id changed its type": lambda tables: _jobs(tables)["attributes"].update(owner_id="N"),
    "index by_name changed": lambda tables: _index(tables, projection="KEYS_ONLY"),
    "changed its keys or projection": lambda tables: _index(tables, keys=["owner_id", "status_key"]),
    "by_status": _replace,
    "by_end, by_start": lambda tables: _add(tables, "by_start", "by_end"),
}


@pytest.mark.parametrize("why", _REFUSED)
def test_impossible_table_changes_are_detected(why: str, released: Tables) -> None:
    planned = copy.deepcopy(released)
    _REFUSED[why](planned)
    assert any(why in each for each in refused_changes(released, planned))


_ALLOWED: dict[str, Callable[[Tables], Any]] = {
    "one new index": lambda tables: _add(tables, "by_start"),
    "one index less": lambda tables: _jobs(tables)["indexes"].pop("by_status"),
    "a new table": lambda tables: tables.update(TablesNew=copy.deepcopy(_jobs(tables))),
}


@pytest.mark.parametrize("what", _ALLOWED)
def test_possible_table_changes_are_accepted(what: str, released: Tables) -> None:
    planned = copy.deepcopy(released)
    _ALLOWED[what](planned)
    assert refused_changes(released, planned) == []
