"""The number of AWS calls per request, which does not grow with the number of jobs; a list with several pages takes one more, for the total."""

import io
import zipfile
from typing import Any

import pytest
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.dynamodb.models import dynamodb_backends
from moto.dynamodb.models.dynamo_type import DynamoType, Item

from tests.support.aws import REGION
from tests.support.faults import Meanwhile
from tests.support.runs import Run
from tests.support.scheduler import LocalScheduler, notebook

_QUERY = ["dynamodb:Query"]
_GET = ["dynamodb:GetItem"]

_PANEL_LISTS = [
    "max_items=25",
    "job_definition_id=eb2fe0e7-b535-4e21-b3c8-ae9eff34d321&max_items=5",
    "sort_by=asc(name)&max_items=25",
    "sort_by=desc(name)&max_items=25",
    "sort_by=asc(input_filename)&sort_by=desc(name)&max_items=25",
    "sort_by=desc(input_filename)&sort_by=desc(name)&max_items=25",
    "sort_by=asc(create_time)&sort_by=desc(input_filename)&sort_by=desc(name)&max_items=25",
    "sort_by=desc(create_time)&sort_by=desc(input_filename)&sort_by=desc(name)&max_items=25",
    "sort_by=asc(status)&sort_by=desc(create_time)&sort_by=desc(input_filename)&sort_by=desc(name)&max_items=25",
    "sort_by=desc(status)&sort_by=desc(create_time)&sort_by=desc(input_filename)&sort_by=desc(name)&max_items=25",
]
"""Every list that the stock panel was recorded to request, except the one with `max_items=0`."""


def _rows() -> tuple[Any, dict[Any, Any]]:
    """Return moto's table of jobs, and the items of its only owner."""
    table: Any = dynamodb_backends[DEFAULT_ACCOUNT_ID][REGION].tables["jobs"]
    ((_, rows),) = table.items.items()
    return table, rows


def _multiply(job_id: str, count: int) -> None:
    """Add copies of an ended job directly to moto's table, each with its own id and keys."""
    table, rows = _rows()
    (job,) = rows.values()
    for i in range(count):
        copy: Any = Item.__new__(Item)
        copy_id = f"{job_id[:15]}{i:03d}-{i // 1000:04d}{job_id[23:]}"
        copy.hash_key, copy.range_key = job.hash_key, DynamoType({"S": copy_id})
        copy.attrs = type(job.attrs)(job.attrs)
        dict.update(copy.attrs, job_id=copy.range_key)
        for key in ("name_key", "input_filename_key", "status_key"):
            dict.update(copy.attrs, {key: DynamoType({"S": job.attrs[key].value.replace(job_id, copy_id)})})
        rows[copy.range_key] = copy
    everything = table.all_items()
    table.all_items = lambda: everything  # moto sorts them anew for each Query


def _calls(local: LocalScheduler, method: str, url: str, body: Any = None) -> list[str]:
    local.calls.clear()
    response = local.api.request(method, url, body=body)
    assert response.status in (200, 204), response.body
    return list(local.calls)


@pytest.mark.parametrize("count", [0, 20_000])
def test_the_calls_of_a_request_do_not_grow_with_the_number_of_jobs(local: LocalScheduler, count: int) -> None:
    run = local.start()
    run.report()
    local.clock.forward(hours=1)
    _multiply(run.path.split("/")[3], count)
    assert _calls(local, "GET", "/scheduler/health") == _QUERY  # who is disabled, remembered for a minute

    for query in _PANEL_LISTS:
        total = _QUERY if count and query == _PANEL_LISTS[0] else []  # too long, which is remembered
        assert _calls(local, "GET", f"/scheduler/jobs?{query}&1795413699291") == [*_QUERY, *total], query
    page = local.api.get("/scheduler/jobs?max_items=25").body
    assert len(page["jobs"]) == min(25, count + 1)
    if count:
        assert page["total_count"] == -1
        following = f"/scheduler/jobs?max_items=25&next_token={page['next_token']}"
        assert _calls(local, "GET", following) == _QUERY

    for path in ("jobs?max_items=0&1795413699291", "health", "config", "runtime_environments"):
        assert _calls(local, "GET", f"/scheduler/{path}") == [], path
    assert _calls(local, "POST", "/scheduler/uploads", {"filename": "x.ipynb"}) == []

    url = f"/scheduler/jobs/{page['jobs'][-1]['job_id']}"
    assert _calls(local, "GET", f"{url}?1795413699291") == _GET
    assert _calls(local, "GET", f"{url}/download_files?redownload=false") == [*_GET, "s3:ListObjectsV2"]

    for fields, write in (({}, "dynamodb:PutItem"), ({"idempotency_token": "t"}, "dynamodb:TransactWriteItems")):
        _create_and_delete(local, write, fields)


def _create_and_delete(local: LocalScheduler, write: str, fields: dict[str, str]) -> None:
    body = {
        "name": "x",
        "input_uri": local.upload(notebook()),
        "input_filename": "x.ipynb",
        "runtime_environment_name": "python",
        **fields,
    }
    calls = _calls(local, "POST", "/scheduler/jobs", body)
    assert calls == ["s3:GetObject", *_QUERY, "s3:CopyObject", write, "sqs:SendMessage"]
    newest = next(reversed(_rows()[1])).value
    assert _calls(local, "DELETE", f"/scheduler/jobs/{newest}") == ["dynamodb:DeleteItem"]


def test_a_large_notebook_costs_one_call_more(local: LocalScheduler) -> None:
    local.create()
    uri = local.upload(notebook("x" * 19 * 2**20))
    local.calls.clear()
    assert local.post_job(input_uri=uri).status == 200
    read = ["s3:GetObject", "s3:GetObject"]
    assert local.calls == [*read, *_QUERY, "s3:CopyObject", "dynamodb:PutItem", "sqs:SendMessage"]


def test_a_large_folder_costs_two_calls_more_for_its_directory(local: LocalScheduler) -> None:
    """One call for its end and one for the rest of the first chunk: a directory of 10,000 files has less than 1 MiB."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as package:
        package.writestr("report.ipynb", notebook())
        package.writestr("data.bin", bytes(3_000_000))
        for number in range(9_998):
            package.writestr(f"data/{number}.csv", b"1")
    local.create()
    uri = local.upload(file.getvalue(), "x.zip")
    local.calls.clear()
    assert local.post_job(input_uri=uri, package_input_folder=True).status == 200
    assert local.calls.count("s3:GetObject") == 3
    assert len(local.calls) == 7


@pytest.mark.parametrize(
    ("fields", "write"),
    [({}, "dynamodb:PutItem"), ({"idempotency_token": "t"}, "dynamodb:TransactWriteItems")],
    ids=["without token", "with token"],
)
def test_an_idempotency_token_adds_no_call(local: LocalScheduler, fields: dict[str, str], write: str) -> None:
    body = {
        "name": "x",
        "input_uri": local.upload(notebook()),
        "input_filename": "x.ipynb",
        "runtime_environment_name": "python",
        "schedule": "0 * * * *",
        **fields,
    }
    url, copied = "/scheduler/job_definitions", ["s3:GetObject", *_QUERY, "s3:CopyObject"]
    written = ["scheduler:CreateSchedule", "dynamodb:UpdateItem"]
    noted = ["dynamodb:UpdateItem"]  # the owner, once a day and process
    announced = ["sqs:SendMessage"]
    assert _calls(local, "POST", url, body) == [*copied[:2], *noted, *announced, copied[2], write, *written]
    [item] = local.items("definitions")
    run_url = f"{url}/{item['definition_id']['S']}/jobs"
    assert _calls(local, "POST", run_url, fields) == [*_GET, *_QUERY, "s3:CopyObject", write, "sqs:SendMessage"]
    if fields:
        found = [write, *_GET, "s3:DeleteObject", *_GET]
        assert _calls(local, "POST", url, body) == [*copied[:2], *announced, copied[2], *found, *_GET]
        assert _calls(local, "POST", run_url, fields) == [*_GET, *_QUERY, "s3:CopyObject", *found]


def test_the_calls_of_a_running_job(local: LocalScheduler) -> None:
    """Heartbeats are the most frequent requests: each one is a read and a write of small items."""
    run = local.start()
    job_url = f"/scheduler/jobs/{run.path.split('/')[3]}"
    assert _calls(local, "GET", job_url) == [*_GET, *_GET]
    local.calls.clear()
    run.heartbeat()
    assert local.calls == [*_GET, "dynamodb:PutItem"]
    local.calls.clear()
    run.work_order()
    assert local.calls == _GET
    _outputs_cost(local, run)
    assert _calls(local, "PATCH", job_url, {"status": "STOPPED"}) == [*_GET, "dynamodb:UpdateItem"]
    local.calls.clear()
    run.report("stopped")
    assert local.calls == [*_GET, "dynamodb:UpdateItem"]
    local.calls.clear()
    local.finish(run, exit_code=12)
    assert local.calls == [*_GET, "dynamodb:UpdateItem", "sqs:SendMessage"]


def _outputs_cost(local: LocalScheduler, run: Run) -> None:
    """Repeated uploads of the notebook need only the read of the run. Other outputs need two more calls per request, once."""
    notebook = {"format": "ipynb", "path": f"{run.work_order().body['output_stem']}.ipynb", "size_bytes": 9}
    others = [{"format": "files", "path": str(i), "size_bytes": 1} for i in range(100)]
    for files, calls in (
        ([notebook], _GET),
        (others, [*_GET, *_GET, "dynamodb:PutItem"]),
        (others[:1], [*_GET, *_GET]),
        ([notebook], _GET),
    ):
        local.calls.clear()
        assert run.output_urls(*files).status == 200
        assert local.calls == calls


def test_no_request_scans(local: LocalScheduler) -> None:
    local.hub.listeners.append(Meanwhile("dynamodb:Scan", lambda: pytest.fail("a scan")))
    local.start().report()
    for query in ("", "name=R", "tags=x&sort_by=asc(name)", "status=failed&start_time=5"):
        assert local.api.get(f"/scheduler/jobs?{query}").status == 200
    local.dispatch()
    local.factory.sweep.run()
