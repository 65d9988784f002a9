"""Measures what a person waits for in the Jobs panel against the stock scheduler: a job, and pages of a list."""

import statistics
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from jupyter_scheduler.orm import Job, create_session

from benchmarks.servers import NOTEBOOK, Servers, running_servers
from benchmarks.table import Row
from tests.support.jupyter_server import JupyterServer

__all__ = ["measure"]

_JOBS: Final = 20_000
"""Jobs in each list."""

_RUNS: Final = 5
"""Times that a job runs on each server."""

_REQUESTS: Final = 11
"""Times that each server gets the same request."""

_POLL_SECONDS: Final = 0.05
_TIMEOUT_SECONDS: Final = 120
_FINAL_STATUSES: Final = ("COMPLETED", "FAILED", "STOPPED")

_ORDERS: Final = {
    "newest first": "",
    "by name": "sort_by=asc(name)&",
    "by input file": "sort_by=asc(input_filename)&sort_by=asc(name)&",
    "by status": "sort_by=desc(status)&sort_by=desc(create_time)&",
}
"""What the panel asks for when a column's heading is clicked."""

_PAGE: Final = 25
"""A page of the panel [rows]."""

_LARGE_PAGE: Final = 1000
"""The largest page of the API [rows]."""


def measure() -> list[Row]:
    """Compare both servers, in turns."""
    with tempfile.TemporaryDirectory() as folder, running_servers(Path(folder)) as servers:
        both = (servers.stock, servers.ours)
        environments = [server.get("/runtime_environments")[0]["name"] for server in both]
        steps = [_runner(server, name) for server, name in zip(both, environments, strict=True)]
        rows = [_row("*Create* to *Completed*, three trivial cells", *_in_turns(steps, _RUNS))]
        _seed(servers, _JOBS)
        rows += [_list_row(servers, f"{_PAGE} of {_JOBS:,} jobs, {name}", order) for name, order in _ORDERS.items()]
        rows += [
            _list_row(servers, f"{_PAGE} of {_JOBS:,} jobs, {name}, from the middle", order, middle=True)
            for name, order in _ORDERS.items()
        ]
        rows.append(_list_row(servers, f"{_LARGE_PAGE:,} rows at once", "", size=_LARGE_PAGE))
        rows.append(_list_row(servers, "what JupyterLab requests when it starts", "", size=0))
        return rows


def _row(what: str, stock: float, ours: float, goal: str = "") -> Row:
    return Row(what=what, ours=ours * 1000, baseline=stock * 1000, against="stock scheduler", goal=goal)


def _list_row(servers: Servers, what: str, order: str, *, size: int = _PAGE, middle: bool = False) -> Row:
    paths = [
        f"/jobs?{order}max_items={size}{_middle_token(server, order) if middle else ''}"
        for server in (servers.stock, servers.ours)
    ]
    steps = [_getter(server, path) for server, path in zip((servers.stock, servers.ours), paths, strict=True)]
    return _row(what, *_in_turns(steps, _REQUESTS), goal="3 x" if size == _PAGE else "")


def _in_turns(steps: list[Callable[[], None]], rounds: int) -> tuple[float, float]:
    """Run the steps alternately; return the median of each [s]."""
    seconds: list[list[float]] = [[] for _ in steps]
    for number in range(rounds + 1):
        for step, times in zip(steps, seconds, strict=True):
            start = time.perf_counter()
            step()
            if number:  # the first is a warm-up
                times.append(time.perf_counter() - start)
    stock, ours = (statistics.median(times) for times in seconds)
    return stock, ours


def _runner(server: JupyterServer, environment: str) -> Callable[[], None]:
    body = {
        "name": "bench",
        "input_uri": NOTEBOOK,
        "runtime_environment_name": environment,
        "output_formats": ["ipynb"],
    }

    def run() -> None:
        job_id = server.post("/jobs", body)["job_id"]
        end = time.monotonic() + _TIMEOUT_SECONDS
        # A new job of the stock scheduler is STOPPED until its process has started.
        while (job := server.get(f"/jobs/{job_id}"))["status"] not in _FINAL_STATUSES or not job["start_time"]:
            if time.monotonic() > end:
                raise RuntimeError(f"{server.url}: the job {job_id} is still {job['status']}")
            time.sleep(_POLL_SECONDS)
        if job["status"] != "COMPLETED":
            raise RuntimeError(f"{server.url}: the job {job_id} is {job['status']}: {job['status_message']}")

    return run


def _getter(server: JupyterServer, path: str) -> Callable[[], None]:
    def get() -> None:
        server.get(path)

    return get


def _table(dynamodb: Any) -> str:
    name: str = next(name for name in dynamodb.list_tables()["TableNames"] if "Jobs" in name)
    return name


def _middle_token(server: JupyterServer, order: str) -> str:
    """Return the parameter that continues a list in its middle."""
    token = ""
    for _ in range(_JOBS // _LARGE_PAGE // 2):
        page = server.get(f"/jobs?{order}max_items={_LARGE_PAGE}{token}")
        token = f"&next_token={quote(str(page['next_token']))}"
    return token


def _seed(servers: Servers, count: int) -> None:
    """Add completed and failed jobs, directly to both tables."""
    _seed_stock(servers, count)
    _seed_ours(servers.dynamodb, count)


def _seed_stock(servers: Servers, count: int) -> None:
    now = int(datetime.now(UTC).timestamp() * 1000)
    rows = [
        {
            "job_id": str(uuid.uuid4()),
            "name": f"seeded {i:06}",
            "input_filename": f"report-{i % 97}.ipynb",
            "runtime_environment_name": "x",
            "output_formats": ["ipynb"],
            "status": "COMPLETED" if i % 5 else "FAILED",
            "create_time": now - i * 60_000,
            "update_time": now - i * 60_000,
        }
        for i in range(count)
    ]
    with create_session(servers.stock_db_url)() as session:
        session.bulk_insert_mappings(Job, rows)
        session.commit()


def _seed_ours(dynamodb: Any, count: int) -> None:
    """Write copies of a job that has run, each with its own keys."""
    table = _table(dynamodb)
    [job] = dynamodb.scan(TableName=table, Limit=1)["Items"]
    for batch in _batches(_copies(job, count)):
        left = {table: [{"PutRequest": {"Item": item}} for item in batch]}
        while left:
            left = dynamodb.batch_write_item(RequestItems=left).get("UnprocessedItems")


def _copies(job: dict[str, Any], count: int) -> Iterator[dict[str, Any]]:
    old_id = job["job_id"]["S"]
    for i in range(count):
        new_id = f"{old_id[:14]}7{i % 4096:03x}-{0x8000 + i // 4096:04x}-{i:012x}"
        values = {"name": f"seeded {i:06}", "input_filename": f"report-{i % 97}.ipynb"}
        status = "COMPLETED" if i % 5 else "FAILED"
        keys = {f"{name}_key": {"S": f"{value}\x1f{new_id}"} for name, value in values.items()}
        fields = {name: {"S": value} for name, value in values.items()}
        status_key = job["status_key"]["S"].replace(old_id, new_id).replace(job["status"]["S"], status)
        yield {
            **job,
            **fields,
            **keys,
            "job_id": {"S": new_id},
            "status": {"S": status},
            "status_key": {"S": status_key},
        }


def _batches(items: Iterator[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    batch: list[dict[str, Any]] = []
    for item in items:
        batch.append(item)
        if len(batch) == 25:  # noqa: PLR2004 - what one BatchWriteItem takes
            yield batch
            batch = []
    if batch:
        yield batch
