"""The service enforces limits on outputs: it signs URLs only within the operator's limits, whatever a runner requests."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.faults import Always, Lost, Meanwhile, Resent
from tests.support.runs import Run
from tests.support.scheduler import LocalScheduler, scheduler, settings

MIB = 1024 * 1024


@pytest.fixture
def small() -> Iterator[LocalScheduler]:
    """A scheduler whose runs may upload 10 files and 1 MiB."""
    with scheduler(settings(limits={"max_output_mib": 1, "max_output_files": 10})) as made:
        yield made


def file(path: str, size_bytes: int = 1, **fields: Any) -> dict[str, Any]:
    return {"format": "files", "path": path, "size_bytes": size_bytes, **fields}


def notebook_of(run: Run, size_bytes: int = 100) -> dict[str, Any]:
    return file(f"{run.work_order().body['output_stem']}.ipynb", size_bytes, format="ipynb")


@pytest.mark.parametrize("size_bytes", [10 * 10**12, 2**63, 10**300], ids=["10 TB", "2^63", "absurd"])
def test_no_urls_are_signed_for_terabytes(local: LocalScheduler, size_bytes: int) -> None:
    run = local.start()
    for requested in (file("dump", size_bytes), {**notebook_of(run), "size_bytes": size_bytes}):
        response = run.output_urls(requested)
        assert (response.status, response.body["code"]) in ((413, "too_large"), (400, "invalid_request")), response.body
    assert run.output_urls(*(file(str(i), 20 * MIB) for i in range(100))).status == 200
    assert run.output_urls(*(file(f"more{i}", 20 * MIB) for i in range(100))).status == 413


def test_no_urls_are_signed_for_100_000_files(local: LocalScheduler) -> None:
    run = local.start()
    given = [run.output_urls(*(file(f"{batch}/{i}") for i in range(100))).status for batch in range(13)]
    assert given == [200] * 10 + [413] * 3
    assert run.output_urls(file("0/0")).status == 200
    assert run.output_urls(notebook_of(run)).status == 200


def test_a_rejected_request_gets_no_url_and_uses_no_budget(small: LocalScheduler) -> None:
    run = small.start()
    assert run.output_urls(file("a", MIB), file("b")).status == 413
    assert run.output_urls(file("a", MIB)).status == 200


def test_repeated_outputs_use_no_budget(small: LocalScheduler) -> None:
    run = small.start()
    for size in (MIB, MIB, 5, MIB):
        assert run.output_urls(file("a", size)).status == 200
        assert run.output_urls(notebook_of(run, size)).status == 200
    assert run.output_urls(file("b")).status == 413


def test_each_run_has_a_budget_of_its_own(small: LocalScheduler) -> None:
    first, other = small.start(), small.start()
    assert first.output_urls(file("a", MIB)).status == 200
    assert other.output_urls(file("a", MIB)).status == 200
    small.finish(first, stop_code="SpotInterruption")
    small.clock.forward(minutes=1)
    second = small.start(first.path.split("/")[3])
    assert second.attempt == 2
    assert second.output_urls(file("b", MIB)).status == 200


@pytest.mark.parametrize("others", [1, 3])
def test_requests_at_the_same_time_cannot_exceed(small: LocalScheduler, others: int) -> None:
    """Each request runs between the other's read and write."""
    run = small.start()
    statuses: list[int] = []

    def ask_meanwhile(left: int) -> None:
        if left:
            small.hub.listeners.append(Meanwhile("dynamodb:PutItem", lambda: ask_meanwhile(left - 1)))
        statuses.append(run.output_urls(file(f"other{left}", MIB // 2)).status)

    small.hub.listeners.append(Meanwhile("dynamodb:PutItem", lambda: ask_meanwhile(others - 1)))
    statuses.append(run.output_urls(file("a", MIB // 2)).status)
    assert sorted(statuses) == [200] * min(2, others + 1) + [413] * (others - 1)
    assert run.output_urls(file("z")).status == 413


def test_a_concurrently_changed_output_budget_makes_the_request_retry(small: LocalScheduler) -> None:
    run = small.start()
    refusal = Always("ConditionalCheckFailedException", "dynamodb:PutItem")
    small.hub.listeners.append(refusal)
    response = run.output_urls(file("a"))
    assert (response.status, response.headers["Retry-After"]) == (429, "2")
    small.hub.listeners.remove(refusal)
    assert run.output_urls(file("a")).status == 200


@pytest.mark.parametrize("fault", [Lost, Resent])
def test_a_write_with_a_lost_response_counts_once(small: LocalScheduler, fault: Any) -> None:
    run = small.start()
    small.hub.listeners.append(fault("dynamodb:PutItem"))
    run.output_urls(file("a", MIB))
    assert run.output_urls(file("a", MIB)).status == 200
    assert run.output_urls(file("b")).status == 413


def test_an_output_budget_outlives_its_run_and_expires(local: LocalScheduler) -> None:
    run = local.start(timeout_seconds=7 * 86_400)
    run.output_urls(file("a"))
    (mark,) = [each for each in local.items("marks") if each["mark_id"]["S"].startswith("outputs#")]
    assert mark["mark_id"]["S"] == f"outputs#{run.run_id}"
    assert int(mark["expires_at"]["N"]) == int(local.clock.now.timestamp()) + 8 * 86_400


def test_the_largest_budget_fits_into_an_item() -> None:
    """An item of DynamoDB has at most 400 KiB. The settings allow 10,000 files of up to 5 GiB each."""
    with scheduler(settings(limits={"max_output_mib": 10 * MIB, "max_output_files": 10_000})) as large:
        run = large.start()
        for batch in range(5):
            files = (file(f"{batch}/{i}/{'x' * 600}", 5 * 1024**3) for i in range(100))
            assert run.output_urls(*files).status == 200
        (mark,) = [each for each in large.items("marks") if each["mark_id"]["S"].startswith("outputs#")]
        sizes = json.loads(mark["value"]["S"])
        assert len(mark["value"]["S"]) / len(sizes) * 10_000 < 400_000
