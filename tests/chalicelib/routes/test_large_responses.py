"""The largest possible responses: pages become shorter, and nothing is lost. The test harness enforces Lambda's limit."""

from typing import Any

import pytest

from tests.support.definitions import Definitions
from tests.support.scheduler import LocalScheduler, notebook

_WIDE = {"quotation marks": '"', "control characters": "\x01", "letters": "é", "emojis": "\U0001f4a5"}
"""Characters that take more bytes in a response than in the table."""


def _pages(local: LocalScheduler, url: str, name: str) -> list[Any]:
    """Read a list to its end. Check that no page is empty."""
    found: list[Any] = []
    token: str | None = ""
    while token is not None:
        response = local.api.get(f"{url}next_token={token}" if token else url)
        assert response.status == 200, response.body
        assert response.body[name]
        found += response.body[name]
        token = response.body.get("next_token")
    return found


@pytest.mark.parametrize("kind", _WIDE)
def test_jobs_with_as_many_parameters_as_are_taken(local: LocalScheduler, kind: str) -> None:
    wide = _WIDE[kind] * (60_000 // len(_WIDE[kind].encode()))
    job_id = local.create(parameters={"wide": wide[:40_000]}, tags=["t"])
    job_ids = {job_id, *local.copies(job_id, 60)}
    for query in ("?", "?sort_by=asc(name)&", "?tags=t&", "?max_items=7&"):
        rows = _pages(local, f"/scheduler/jobs{query}", "jobs")
        assert len(rows) == len(job_ids)
        assert {each["job_id"] for each in rows} == job_ids


@pytest.mark.parametrize("kind", _WIDE)
def test_jobs_with_as_many_warnings_and_attempts_as_are_kept(local: LocalScheduler, kind: str) -> None:
    job_id = local.create(parameters={"wide": _WIDE[kind] * 100}, tags=["t"], max_retries=5)
    letter = "x" if kind == "control characters" else _WIDE[kind]  # control characters are removed
    warning = {"code": "outputs_skipped", "message": letter * 500, "names": [letter * 200] * 20, "count": 20}
    body = {"outcome": {"code": "kernel_died", "message": letter * 2000}, "warnings": [warning] * 20}
    for _ in range(6):
        run = local.start(job_id)
        run.send_report(body)
        local.finish(run, exit_code=14)
    assert local.status(job_id) == "FAILED"
    assert len(str(local.item(job_id)).encode()) < 100_000
    ended = local.factory._job_table.get(local.owner_id(), job_id, local.clock())
    assert ended is not None
    kept = {each: getattr(ended, each) for each in ("status", "outcome", "warnings", "past_attempts", "attempt")}
    job_ids = {job_id, *local.copies(job_id, 150, lambda _: kept)}
    for query in ("?", "?sort_by=asc(name)&", "?tags=t&"):
        rows = _pages(local, f"/scheduler/jobs{query}", "jobs")
        assert {each["job_id"] for each in rows} == job_ids
        assert len(rows) == len(job_ids)
    attempts = local.api.get(f"/scheduler/jobs/{job_id}/attempts")
    assert (attempts.status, len(attempts.body["attempts"])) == (200, 6)


def test_definitions_with_as_many_parameters_as_are_taken(local: LocalScheduler, made: Definitions) -> None:
    uri = local.upload(notebook())
    ids = {made.create(input_uri=uri, parameters={"wide": "é" * 40_000}, schedule=...) for _ in range(30)}
    found = _pages(local, "/scheduler/job_definitions?", "job_definitions")
    assert len(found) == len(ids)
    assert {each["job_definition_id"] for each in found} == ids


def test_many_files_with_long_names(local: LocalScheduler) -> None:
    run = local.start()
    prefix = f"jobs/{'/'.join(run.path.split('/')[2:4])}/outputs/1/files/"
    names = {f"{number:04d}{'é' * 340}" for number in range(900)}
    for name in names:
        local.client("s3").put_object(Bucket=local.bucket, Key=prefix + name, Body=b"x")
    found = _pages(local, f"/scheduler/jobs/{run.path.split('/')[3]}/download_files?", "files")
    assert {each["path"] for each in found if each["path"] != "report.ipynb"} == names


@pytest.mark.parametrize("kind", _WIDE)
def test_a_log_of_what_takes_most(local: LocalScheduler, kind: str) -> None:
    run = local.start()
    logs, stream = local.client("logs"), f"runner/runner/{run.task_arn.rpartition('/')[2]}"
    logs.create_log_stream(logGroupName="runners", logStreamName=stream)
    now, line = int(local.clock.now.timestamp() * 1000), _WIDE[kind] * (100_000 // len(_WIDE[kind].encode()))
    for number in range(20):
        event = {"timestamp": now + number, "message": f"{number} {line}"}
        logs.put_log_events(logGroupName="runners", logStreamName=stream, logEvents=[event])
    url = f"/scheduler/jobs/{run.path.split('/')[3]}/logs?"
    seen: list[str] = []
    token = ""
    while len(seen) < 20:
        body = local.api.get(f"{url}next_token={token}" if token else url).body
        assert body["events"]
        seen, token = seen + [each["message"].split()[0] for each in body["events"]], body["next_token"]
    assert seen == [str(number) for number in range(20)]
