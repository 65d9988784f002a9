"""Each fault at each moment, with real processes: the job ends, truly, once, and what exists can be downloaded."""

from concurrent.futures import Future
from pathlib import Path

import pytest

from tests.kill.cloud import Cloud
from tests.kill.driver import Result, problems, run_row
from tests.kill.results import add_result, known_failures
from tests.kill.rows import ROWS, Row

pytestmark = [pytest.mark.kill, pytest.mark.timeout(1800)]

KNOWN = known_failures()


def parameter(row: Row) -> object:
    reason = KNOWN.get(row.name)
    return pytest.param(row, id=row.name, marks=[pytest.mark.xfail(strict=True, reason=reason)] if reason else [])


@pytest.mark.parametrize("row", [parameter(row) for row in ROWS if not row.disturbs_others])
def test_the_promise_is_kept(row: Row, results: dict[str, Future[Result]]) -> None:
    assert_kept(row, results[row.name].result())


@pytest.mark.parametrize("row", [parameter(row) for row in ROWS if row.disturbs_others])
def test_the_promise_is_kept_when_the_cloud_itself_fails(row: Row, cloud: Cloud, tmp_path: Path) -> None:
    assert_kept(row, run_row(cloud, row, tmp_path))


def assert_kept(row: Row, result: Result) -> None:
    broken = problems(row, result)
    add_result(result, broken)
    assert not broken
