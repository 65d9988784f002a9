import os
import socket
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.kill.cloud import Cloud, running_cloud
from tests.kill.driver import Result, healthy_neighbor, run_row
from tests.kill.rows import ROWS, Row

ROOT = Path(__file__).parents[2]
PARALLEL_ROWS = 2 * (os.cpu_count() or 1)
"""Rows mostly wait."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--jobs", type=int, default=30, help="How many jobs of two owners the test of many jobs submits.")


@pytest.fixture(scope="session")
def cloud() -> Iterator[Cloud]:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = int(os.environ.get("KILL_CLOUD_PORT") or probe.getsockname()[1])
    folder = ROOT / "build" / "kill-cloud"
    folder.mkdir(parents=True, exist_ok=True)
    with running_cloud(folder, port) as cloud:
        yield cloud


@pytest.fixture(scope="session")
def results(
    cloud: Cloud, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Future[Result]]]:
    """Run the selected rows at the same time, since each disturbs its own job only; a test waits for its row."""
    names = {item.callspec.id for item in request.session.items if hasattr(item, "callspec")}
    chosen = [row for row in ROWS if row.name in names and not row.disturbs_others]

    def run(row: Row) -> Result:
        return run_row(cloud, row, tmp_path_factory.mktemp("row"))

    folder = tmp_path_factory.mktemp("neighbor")
    with healthy_neighbor(cloud, folder), ThreadPoolExecutor(PARALLEL_ROWS) as pool:
        yield {row.name: pool.submit(run, row) for row in chosen}
