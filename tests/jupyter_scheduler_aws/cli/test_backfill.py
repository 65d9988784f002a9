"""`nbjobs definitions run` for a chosen time, and for the due times of a past period."""

import json

import pytest

from tests.jupyter_scheduler_aws.cli.conftest import Nbjobs
from tests.jupyter_scheduler_aws.fake_api import FakeApi
from tests.jupyter_scheduler_aws.fake_server import Fault, Response

RUNS = "/v1/scheduler/job_definitions/.*/jobs"
LIMIT = Response.refusal(409, "You have 100 waiting jobs, as many as the operator allows.", "limit_reached")
PERIOD = ("--from", "2026-01-01", "--to", "2026-01-05")


def due_days(api: FakeApi) -> list[int]:
    """Return the days of January that jobs were created for, in the order of their creation."""
    jobs = sorted(api.jobs.values(), key=lambda job: int(job.document["create_time"]))
    return [(int(job.document["scheduled_time"]) - 1_767_225_600_000) // 86_400_000 + 1 for job in jobs]


def test_each_due_time_of_a_period_runs_once_and_the_oldest_first(api: FakeApi, nbjobs: Nbjobs) -> None:
    definition_id = api.add_definition(schedule="@daily")
    done = nbjobs("definitions", "run", definition_id, *PERIOD, "-p", "n=1")
    assert done.code == 0
    assert due_days(api) == [1, 2, 3, 4, 5]
    assert "5 due times to run" in done.stderr
    assert "for 2026-01-05 00:00 UTC (5 of 5)" in done.stdout
    assert {job.document["parameters"]["n"] for job in api.jobs.values()} == {"1"}

    again = nbjobs("definitions", "run", definition_id, *PERIOD)
    assert (again.code, again.stdout) == (0, "")
    assert "0 due times to run; 5 have a job already" in again.stderr
    assert len(api.jobs) == 5


def test_jobs_of_the_schedule_are_not_repeated(api: FakeApi, nbjobs: Nbjobs) -> None:
    definition_id = api.add_definition(schedule="@daily")
    api.add_job("Report", job_definition_id=definition_id, scheduled_time=1_767_225_600_000 + 86_400_000)
    done = nbjobs("definitions", "run", definition_id, *PERIOD)
    assert "4 due times to run; 1 have a job already" in done.stderr
    assert sorted(due_days(api)) == [1, 2, 3, 4, 5]


def test_an_interrupted_backfill_goes_on(api: FakeApi, nbjobs: Nbjobs) -> None:
    definition_id = api.add_definition(schedule="@daily")
    api.faults.append(Fault("POST", RUNS))
    api.faults.append(Fault("POST", RUNS, instead=Response.refusal(403, "No more.", "not_allowed")))
    assert nbjobs("definitions", "run", definition_id, *PERIOD).code != 0
    assert due_days(api) == [1]
    assert nbjobs("definitions", "run", definition_id, *PERIOD).code == 0
    assert due_days(api) == [1, 2, 3, 4, 5]


def test_a_lost_response_makes_no_second_job(api: FakeApi, nbjobs: Nbjobs) -> None:
    definition_id = api.add_definition(schedule="@daily")
    api.faults.append(Fault("POST", RUNS, drops_after=-1))
    assert nbjobs("definitions", "run", definition_id, *PERIOD).code == 0
    assert due_days(api) == [1, 2, 3, 4, 5]


def test_a_full_queue_is_waited_for(api: FakeApi, nbjobs: Nbjobs) -> None:
    definition_id = api.add_definition(schedule="@daily")
    api.faults += [Fault("POST", RUNS, instead=LIMIT) for _ in range(3)]
    done = nbjobs("definitions", "run", definition_id, *PERIOD)
    assert done.code == 0
    assert done.stderr.count("as many as the operator allows. This command waits") == 1
    assert due_days(api) == [1, 2, 3, 4, 5]


def test_a_due_time_whose_job_was_deleted_runs_again(api: FakeApi, nbjobs: Nbjobs) -> None:
    definition_id = api.add_definition(schedule="@daily")
    gone = Response.refusal(409, "What the token created was deleted.", "idempotency_token")
    api.faults.append(Fault("POST", RUNS, instead=gone))
    assert nbjobs("definitions", "run", definition_id, *PERIOD).code == 0
    assert due_days(api) == [1, 2, 3, 4, 5]


def test_a_dry_run_creates_nothing(api: FakeApi, nbjobs: Nbjobs) -> None:
    definition_id = api.add_definition(schedule="@daily", timezone="Europe/Berlin")
    done = nbjobs("definitions", "run", definition_id, *PERIOD, "--dry-run")
    # The fake is due at midnight UTC, and the period is in the zone of the definition.
    assert done.stdout.splitlines() == [f"2026-01-0{day} 01:00 CET" for day in (1, 2, 3, 4)]
    assert api.jobs == {}
    document = json.loads(nbjobs("definitions", "run", definition_id, *PERIOD, "--dry-run", "--json").stdout)
    assert document["due_times"] == [f"2026-01-0{day}T00:00Z" for day in (1, 2, 3, 4)]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--from", "2026-01-05", "--to", "2026-01-01"), "--from is before --to"),
        (("--from", "2026-01-05", "--to", "9999-01-01"), "A backfill is for the past"),
        (("--from", "yesterday"), "is not a time"),
        (("--to", "2026-01-05"), "It needs --from"),
        (("--dry-run",), "It needs --from"),
        ((*PERIOD, "--wait"), "leave out"),
        ((*PERIOD, "--scheduled-time", "2026-01-01"), "leave out"),
    ],
)
def test_what_makes_no_sense_is_refused(api: FakeApi, nbjobs: Nbjobs, arguments: tuple[str, ...], message: str) -> None:
    definition_id = api.add_definition(schedule="@daily")
    done = nbjobs("definitions", "run", definition_id, *arguments)
    assert done.code == 2
    assert message in " ".join(done.stderr.split())
    assert api.jobs == {}


def test_a_definition_without_a_schedule_has_no_due_times(api: FakeApi, nbjobs: Nbjobs) -> None:
    done = nbjobs("definitions", "run", api.add_definition(), *PERIOD)
    assert done.code != 0
    assert "has no schedule" in done.stderr


def test_one_run_can_be_for_a_chosen_time_in_the_zone_of_the_definition(api: FakeApi, nbjobs: Nbjobs) -> None:
    definition_id = api.add_definition(timezone="Europe/Berlin")
    assert nbjobs("definitions", "run", definition_id, "--scheduled-time", "2026-01-03T01:00").code == 0
    assert nbjobs("definitions", "run", definition_id, "--scheduled-time", "2026-01-04T00:00Z").code == 0
    assert due_days(api) == [3, 4]
    [first, _] = api.jobs
    assert "scheduled for  2026-01-03 01:00 CET" in nbjobs("show", first).stdout
