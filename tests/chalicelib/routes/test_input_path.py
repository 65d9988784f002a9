"""The input path of a notebook: stored for clients with the job or definition, without further effect."""

from typing import Any

import pytest

from tests.support.definitions import Definitions
from tests.support.scheduler import LocalScheduler, notebook

_JOBS = "/scheduler/jobs"
_DEFINITIONS = "/scheduler/job_definitions"
_PATH = "Berichte 2026/Größe & mehr/report.ipynb"

BAD_PATHS: dict[str, Any] = {
    "empty": "",
    "long": "a/" * 512 + "b",
    "line": "a\nb.ipynb",
    "bell": "a\x07.ipynb",
    "delete": "a\x7f.ipynb",
    "root": "/report.ipynb",
    "up": "../report.ipynb",
    "up inside": "a/../report.ipynb",
    "here": "./report.ipynb",
    "double": "a//report.ipynb",
    "folder": "a/",
    "backslash": "a\\report.ipynb",
    "number": 7,
}


def test_a_job_contains_its_input_path(local: LocalScheduler) -> None:
    job_id = local.create(input_path=_PATH)
    assert local.job(job_id)["input_path"] == _PATH
    for sort in ("create_time", "name", "input_filename", "status"):
        (row,) = local.api.get(f"{_JOBS}?sort_by=desc({sort})").body["jobs"]
        assert row["input_path"] == _PATH


@pytest.mark.parametrize("path", ["a", "a.ipynb", "x" * 1024, "ü" * 1024])
def test_any_relative_path_is_kept(local: LocalScheduler, path: str) -> None:
    assert local.job(local.create(input_path=path))["input_path"] == path


@pytest.mark.parametrize("fields", [{}, {"input_path": None}])
def test_it_is_null_by_default(local: LocalScheduler, made: Definitions, fields: dict[str, Any]) -> None:
    job_id, definition_id = local.create(**fields), made.create(**fields)
    assert (local.job(job_id)["input_path"], made.described(definition_id)["input_path"]) == (None, None)
    for path, name in ((_JOBS, "jobs"), (_DEFINITIONS, "job_definitions")):
        (row,) = local.api.get(path).body[name]
        assert "input_path" not in row


@pytest.mark.parametrize("path", BAD_PATHS.values(), ids=list(BAD_PATHS))
def test_absolute_paths_are_rejected(local: LocalScheduler, made: Definitions, path: Any) -> None:
    definition_id = made.create()
    change = {"input_uri": local.upload(notebook("new")), "input_path": path}
    for response in (
        local.post_job(input_path=path),
        made.post(input_path=path),
        local.api.patch(f"{_DEFINITIONS}/{definition_id}", change),
    ):
        assert (response.status, response.body["reason"]) == (400, "input_path"), response.body
    assert local.items() == []


def test_another_input_path_has_the_same_fingerprint(local: LocalScheduler) -> None:
    """The same notebook from a copy of its folder, with the same token, is the same job."""
    first = local.create(notebook("a"), idempotency_token="t", input_path="a/report.ipynb")
    for path in (None, "b/report.ipynb"):
        assert local.create(notebook("a"), idempotency_token="t", input_path=path) == first
    assert local.job(first)["input_path"] == "a/report.ipynb"


def test_a_job_of_a_definition_has_its_path(local: LocalScheduler, made: Definitions) -> None:
    definition_id = made.create(input_path=_PATH)
    assert made.described(definition_id)["input_path"] == _PATH
    for sort in ("create_time", "name", "input_filename"):
        (row,) = local.api.get(f"{_DEFINITIONS}?sort_by={sort}").body["job_definitions"]
        assert row["input_path"] == _PATH
    assert local.job(made.run_now(definition_id))["input_path"] == _PATH


def test_another_change_leaves_it(made: Definitions) -> None:
    definition_id = made.create(input_path=_PATH)
    made.patch(definition_id, name="Other", tags=["x"], schedule="5 5 * * *", input_uri="report.ipynb")
    assert made.described(definition_id)["input_path"] == _PATH


@pytest.mark.parametrize("path", ["b/other.ipynb", None])
def test_a_new_snapshot_has_its_own_path_or_none(local: LocalScheduler, made: Definitions, path: str | None) -> None:
    definition_id = made.create(input_path=_PATH)
    earlier = made.run_now(definition_id)
    made.patch(definition_id, input_uri=local.upload(notebook("new")), input_path=path, tags=["x"])
    described = made.described(definition_id)
    assert (described["input_path"], described["tags"]) == (path, ["x"])
    assert local.job(made.run_now(definition_id))["input_path"] == path
    assert local.job(earlier)["input_path"] == _PATH


@pytest.mark.parametrize("with_filename", [False, True])
def test_it_changes_only_with_a_new_snapshot(made: Definitions, local: LocalScheduler, with_filename: bool) -> None:
    definition_id = made.create(input_path=_PATH)
    stored = {"input_uri": "report.ipynb"} if with_filename else {}
    response = local.api.patch(f"{_DEFINITIONS}/{definition_id}", {"input_path": "b/report.ipynb", **stored})
    assert (response.status, response.body["reason"]) == (400, "input_path")
    assert "new snapshot" in response.body["message"]
    assert made.described(definition_id)["input_path"] == _PATH
    made.patch(definition_id, input_path=_PATH, **stored)
