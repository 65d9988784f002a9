"""The recorded requests of JupyterLab's panel about definitions, in their order, with uploads in place of paths."""

from typing import Any

from tests.support.definitions import Definitions
from tests.support.scheduler import LocalScheduler

_PATH = "/scheduler/job_definitions"
_BUSTER = "1795413880484"

_ROW = {
    "input_filename",
    "runtime_environment_name",
    "output_formats",
    "name",
    "output_filename_template",
    "schedule",
    "timezone",
    "job_definition_id",
    "create_time",
    "update_time",
    "active",
    "packaged_files",
}
"""The fields of the stock scheduler's rows."""

_DETAIL = {*_ROW, "runtime_environment_parameters", "parameters", "tags", "compute_type", "package_input_folder"}


def _created(local: LocalScheduler, made: Definitions, **fields: Any) -> str:
    local.clock.forward(seconds=2)
    response = made.post(
        runtime_environment_name="python", output_formats=["ipynb", "html"], input_filename="hello.ipynb", **fields
    )
    assert response.status == 200
    assert set(response.body) == {"job_definition_id"}
    return str(response.body["job_definition_id"])


def _names(local: LocalScheduler, query: str) -> list[str]:
    response = local.api.get(f"{_PATH}?{query}&{_BUSTER}")
    assert response.status == 200
    assert response.body["total_count"] == len(response.body["job_definitions"])
    assert "next_token" not in response.body
    for row in response.body["job_definitions"]:
        assert row.keys() >= _ROW
        assert None not in row.values()
    return [each["name"] for each in response.body["job_definitions"]]


def test_the_recorded_requests(local: LocalScheduler, made: Definitions) -> None:
    hello = _created(local, made, name="Nightly hello", schedule="30 2 * * 0", timezone="America/New_York")
    assert _names(local, "max_items=25") == ["Nightly hello"]
    minute = _created(local, made, name="Every minute", schedule="* * * * *", timezone="Europe/Paris")
    by_name, by_age = ["Every minute", "Nightly hello"], ["Nightly hello", "Every minute"]
    for query, expected in (
        ("max_items=25", by_age[::-1]),
        ("sort_by=asc(name)&max_items=25", by_name),
        ("sort_by=desc(name)&max_items=25", by_name[::-1]),
        ("sort_by=asc(input_filename)&sort_by=desc(name)&max_items=25", by_age),
        ("sort_by=desc(input_filename)&sort_by=desc(name)&max_items=25", by_age[::-1]),
        ("sort_by=asc(create_time)&sort_by=desc(input_filename)&sort_by=desc(name)&max_items=25", by_age),
        ("sort_by=desc(create_time)&sort_by=desc(input_filename)&sort_by=desc(name)&max_items=25", by_age[::-1]),
    ):
        assert _names(local, query) == expected, query

    for definition_id in (minute, hello):
        for active in (False, True):
            response = local.api.patch(f"{_PATH}/{definition_id}?{_BUSTER}", {"active": active})
            assert (response.status, response.body) == (204, None)
            described = local.api.get(f"{_PATH}/{definition_id}?{_BUSTER}").body
            assert described.keys() >= _DETAIL
            assert described["active"] is active
            assert _names(local, "max_items=25") == by_age[::-1]
    jobs = local.api.get(f"/scheduler/jobs?job_definition_id={hello}&max_items=5&{_BUSTER}")
    assert jobs.body == {"jobs": [], "total_count": 0}

    edit = {"schedule": "15 3 1 * *", "timezone": "America/New_York", "input_uri": "hello.ipynb"}
    assert local.api.patch(f"{_PATH}/{hello}?{_BUSTER}", edit).status == 204
    described = made.described(hello)
    assert (described["schedule"], described["input_filename"]) == ("15 3 1 * *", "hello.ipynb")
    run = local.api.post(f"{_PATH}/{hello}/jobs?{_BUSTER}", {"parameters": {"n": "42"}})
    assert (run.status, set(run.body)) == (200, {"job_id"})
    jobs = local.api.get(f"/scheduler/jobs?job_definition_id={hello}&max_items=5&{_BUSTER}")
    assert [each["job_id"] for each in jobs.body["jobs"]] == [run.body["job_id"]]

    assert local.api.delete(f"{_PATH}/{minute}?{_BUSTER}").status == 204
    assert _names(local, "max_items=25") == ["Nightly hello"]
    assert local.api.delete(f"{_PATH}/{hello}?{_BUSTER}").status == 204
    assert _names(local, "max_items=25") == []
