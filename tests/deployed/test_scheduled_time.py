"""Scheduled times on the deployed stack: a backfill, whose notebooks know the days that they are for."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from jupyter_scheduler_aws.backfill import plan_backfill, run_due_time
from jupyter_scheduler_aws.client import Client
from tests.deployed.conftest import NotebookMaker

pytestmark = pytest.mark.local_cloud

_SOURCE = """
import os
name = "JUPYTER_SCHEDULER_SCHEDULED_TIME"
open("day.txt", "w").write(f"{day} {os.environ[name]} {os.environ['JUPYTER_SCHEDULER_DEFINITION_ID']}")
"""


def test_a_backfill_runs_each_due_time_once_and_for_its_own_day(
    client: Client, notebook: NotebookMaker, tmp_path: Path
) -> None:
    definition_id = client.schedule(
        notebook(_SOURCE),
        cron="30 0 1 * *",
        timezone="Europe/Berlin",
        parameters={"day": "{{ scheduled_time:%Y-%m-%d }}"},
        output_formats=["ipynb"],
    )
    period = datetime(2026, 2, 1, tzinfo=UTC), datetime(2026, 4, 2, tzinfo=UTC)
    plan = plan_backfill(client, definition_id, *period)
    assert [f"{due:%m-%dT%H:%M}" for due in plan.to_run] == ["02-28T23:30", "03-31T22:30"]
    job_ids = [run_due_time(client, definition_id, due) for due in plan.to_run]
    assert all(client.wait(job_id).is_completed for job_id in job_ids)
    days = []
    for job_id in job_ids:
        (path,) = (path for path in client.download(job_id, tmp_path / job_id) if path.name == "day.txt")
        days.append(path.read_text(encoding="utf-8"))
    assert days == [
        f"2026-03-01 2026-03-01T00:30:00+01:00 {definition_id}",
        f"2026-04-01 2026-04-01T00:30:00+02:00 {definition_id}",
    ]
    again = plan_backfill(client, definition_id, *period)
    assert (again.to_run, list(again.done.values())) == ((), job_ids)
    assert client.latest_job(definition_id).job_id == job_ids[-1]
