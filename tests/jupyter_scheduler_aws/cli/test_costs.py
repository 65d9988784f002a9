"""What jobs cost: `nbjobs show` and `nbjobs costs`."""

import json
import time
from typing import Any

from tests.jupyter_scheduler_aws.cli.conftest import Nbjobs
from tests.jupyter_scheduler_aws.fake_api import FakeApi

DAY = 86_400_000


def cost(estimate: float, currency: str = "USD") -> dict[str, Any]:
    return {
        "vcpu_seconds": 3600,
        "gib_seconds": 14_400,
        "estimate": estimate,
        "currency": currency,
        "prices_as_of": "2026-11",
    }


def days_ago(days: float) -> int:
    return round(time.time() * 1000 - days * DAY)


def test_a_job_shows_its_cost(api: FakeApi, nbjobs: Nbjobs) -> None:
    job_id = api.add_job(cost=cost(0.0012))
    shown = " ".join(nbjobs("show", job_id).stdout.split())
    assert "about 0.0012 USD (1 vCPU-hours, 4 GiB-hours; prices of 2026-11, without the start)" in shown
    assert "cost" not in nbjobs("show", api.add_job(cost=None)).stdout


def test_costs_are_added_up_by_definition_and_the_largest_comes_first(api: FakeApi, nbjobs: Nbjobs) -> None:
    definition_id = api.add_definition("Nightly")
    api.add_job("Old", create_time=days_ago(31), cost=cost(1000))
    api.add_job("Single", create_time=days_ago(3), cost=cost(0.25))
    for day in (2, 1):
        api.add_job("Nightly", create_time=days_ago(day), cost=cost(2), job_definition_id=definition_id)
    api.add_job("Running", create_time=days_ago(0), cost=None)
    done = nbjobs("costs")
    lines = [line.split() for line in done.stdout.splitlines()]
    assert [line[0] for line in lines] == ["NAME", "Nightly", "Single", "all"]
    assert lines[1][1:] == [definition_id, "2", "2.00", "8.00", "4.00", "USD"]
    assert lines[3][1:] == ["3", "3.00", "12.00", "4.25", "USD"]
    assert "jobs of the last 30 days; estimates, not a bill" in done.stderr


def test_costs_as_json_and_of_one_definition(api: FakeApi, nbjobs: Nbjobs) -> None:
    definition_id = api.add_definition("Nightly")
    api.add_job("Nightly", create_time=days_ago(1), cost=cost(2, "EUR"), job_definition_id=definition_id)
    api.add_job("Other", create_time=days_ago(0), cost=cost(1))
    (found,) = json.loads(nbjobs("costs", "--definition", definition_id, "--json").stdout)["costs"]
    assert (found["jobs"], found["estimates"], found["vcpu_seconds"]) == (1, {"EUR": 2}, 3600)


def test_without_jobs_there_is_nothing_to_add_up(api: FakeApi, nbjobs: Nbjobs) -> None:
    api.add_job("Old", create_time=days_ago(8), cost=cost(1))
    done = nbjobs("costs", "--days", "7")
    assert (done.code, done.stdout) == (0, "")
    assert "No job has ended in this time." in done.stderr
