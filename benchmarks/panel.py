"""Times what a person waits for in the Jobs panel, against the stock scheduler in the same run: a job, and list pages."""

import statistics
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from jupyter_scheduler.orm import Job, create_session

from benchmarks.servers import NOTEBOOK, Servers, running_servers
from tests.support.jupyter_server import JupyterServer

__all__ = ["Comparison", "main"]

_POLL_SECONDS: Final = 0.05
_LONGEST_SECONDS: Final = 120
_ENDED: Final = ("COMPLETED", "FAILED", "STOPPED")

_LISTS: Final = {
    "first page of 25": "/jobs?max_items=25",
    "by name": "/jobs?sort_by=asc(name)&max_items=25",
    "by input file": "/jobs?sort_by=asc(input_filename)&sort_by=asc(name)&max_items=25",
    "by status": "/jobs?sort_by=desc(status)&sort_by=desc(create_time)&max_items=25",
    "none (JupyterLab starts)": "/jobs?max_items=0",
    "1,000 rows": "/jobs?max_items=1000",
}

Comparison = dict[str, tuple[float | None, float]]
"""What was done: seconds of the stock scheduler (None: it has no such thing), and ours; medians."""


def main(*, jobs: int, runs: int, rounds: int) -> Comparison:
    """Measure, in turns.

    Parameters
    ----------
    jobs
        Number of jobs that lists are made beside.
    runs
        How often a job is run on each.
    rounds
        How often a list is asked for on each.
    """
    with tempfile.TemporaryDirectory() as folder, running_servers(Path(folder)) as servers:
        both = (servers.stock, servers.ours)
        environments = [server.get("/runtime_environments")[0]["name"] for server in both]
        steps = [_runner(server, name) for server, name in zip(both, environments, strict=True)]
        found: Comparison = {"Create to COMPLETED, 3 trivial cells": _in_turns(steps, runs)}
        _seed(servers, jobs)
        for what, path in _LISTS.items():
            found[f"list at {jobs:,} jobs: {what}"] = _in_turns([_getter(server, path) for server in both], rounds)
        last = [_getter(server, _later_page(server)) for server in both]
        found[f"list at {jobs:,} jobs: page 5"] = _in_turns(last, rounds)
        alone, _ = _in_turns([_querier(servers.dynamodb), lambda: None], rounds)
        found["of which the emulated DynamoDB's one Query"] = (None, alone)
        return found


def _in_turns(steps: list[Callable[[], None]], rounds: int) -> tuple[float, float]:
    seconds: list[list[float]] = [[] for _ in steps]
    for number in range(rounds + 1):
        for step, times in zip(steps, seconds, strict=True):
            begun = time.perf_counter()
            step()
            if number:  # the first is a warm-up
                times.append(time.perf_counter() - begun)
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
        end = time.monotonic() + _LONGEST_SECONDS
        # A new job of the stock scheduler says STOPPED until its process has started.
        while (job := server.get(f"/jobs/{job_id}"))["status"] not in _ENDED or not job["start_time"]:
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


def _querier(dynamodb: Any) -> Callable[[], None]:
    """Ask the table as a list's first page does: the newest 26 of an owner."""
    table = _table(dynamodb)
    [job] = dynamodb.scan(TableName=table, Limit=1)["Items"]

    def query() -> None:
        dynamodb.query(
            TableName=table,
            KeyConditionExpression="owner_id = :owner",
            ExpressionAttributeValues={":owner": job["owner_id"]},
            ScanIndexForward=False,
            Limit=26,
        )

    return query


def _table(dynamodb: Any) -> str:
    name: str = next(name for name in dynamodb.list_tables()["TableNames"] if "Jobs" in name)
    return name


def _later_page(server: JupyterServer) -> str:
    path = "/jobs?max_items=25"
    token = server.get(path)["next_token"]
    for _ in range(3):
        token = server.get(f"{path}&next_token={token}")["next_token"]
    return f"{path}&next_token={token}"


def _seed(servers: Servers, count: int) -> None:
    """Put ended jobs beside those that ran, right into both tables."""
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
    """Multiply a job that has run, each copy with its own keys."""
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
