import json
from pathlib import Path

import pytest

from jupyter_scheduler_aws.api.request_fields import DefinitionOptions
from jupyter_scheduler_aws.cli.option_values import RESETTABLE, parse_resets
from tests.jupyter_scheduler_aws.cli.conftest import Nbjobs
from tests.jupyter_scheduler_aws.fake_api import FakeApi
from tests.jupyter_scheduler_aws.fake_definitions import REFUSED
from tests.jupyter_scheduler_aws.fake_server import Fault, Response

DEFINITIONS = "/v1/scheduler/job_definitions"


def the_definition(api: FakeApi) -> str:
    [definition_id] = api.definitions
    return definition_id


def test_schedule_prints_the_next_run(api: FakeApi, nbjobs: Nbjobs, notebook: Path) -> None:
    done = nbjobs("schedule", notebook, "--cron", "0 9 * * MON", "--timezone", "Europe/Berlin")

    definition_id = the_definition(api)
    assert (done.code, done.stdout) == (0, f"definition: {definition_id} active\n")
    messages = done.stderr.splitlines()
    assert "  schedule:   0 9 * * MON (At 09:00, only on Monday)" in messages
    assert "  next run:   Tue 2026-11-24 09:00 CET (here Tue 2026-11-24 08:00 UTC)" in messages
    assert f"nbjobs list --definition {definition_id}" in done.stderr


def test_a_schedule_that_aws_refuses_is_created_with_a_problem(api: FakeApi, nbjobs: Nbjobs, notebook: Path) -> None:
    definition_id = api.add_definition(schedule="0 9 * * MON", problems=[REFUSED])
    created = Response.of({"job_definition_id": definition_id, "problems": [REFUSED]})
    api.faults.append(Fault("POST", DEFINITIONS, instead=created))
    done = nbjobs("schedule", notebook, "--cron", "0 9 * * MON")
    assert (done.code, done.stdout) == (0, f"definition: {definition_id} failing\n")
    assert f"problem:    Schedule not written. {REFUSED['message']}" in done.stderr


def test_every_option_reaches_the_service(api: FakeApi, nbjobs: Nbjobs, notebook: Path) -> None:
    job = [
        "-p",
        "year=1970",
        "--folder",
        "-e",
        "python",
        "-c",
        "large",
        "-f",
        "html",
        "-n",
        "Weekly",
        "-t",
        "a",
        "-t",
        "b",
        "--timeout",
        "1h30m",
        "--retries",
        "2",
        "--retry-on-timeout",
        "--retry-wait",
        "5m",
    ]
    when = [
        "--timezone",
        "Asia/Tokyo",
        "--overlap",
        "SKIP",
        "--catch-up",
        "6h",
        "--start",
        "2026-12-01",
        "--end",
        "2026-12-31T00:00+01:00",
    ]
    kept = ["--max-runs", "3", "--keep-jobs", "30d", "--paused"]

    done = nbjobs("schedule", notebook, "--cron", "0 9 * * *", *job, *when, *kept)

    assert (done.code, done.stdout) == (0, f"definition: {the_definition(api)} paused\n")
    document = api.definitions[the_definition(api)].document
    expected = {
        "schedule": "0 9 * * *",
        "parameters": {"year": "1970"},
        "package_input_folder": True,
        "runtime_environment_name": "python",
        "compute_type": "large",
        "output_formats": ["html"],
        "name": "Weekly",
        "tags": ["a", "b"],
        "timeout_seconds": 5400,
        "max_retries": 2,
        "retry_on_timeout": True,
        "min_retry_interval_millis": 300_000,
        "timezone": "Asia/Tokyo",
        "overlap_policy": "skip",
        "catch_up_seconds": 21_600,
        "schedule_start": 1_796_083_200_000,
        "schedule_end": 1_798_671_600_000,
        "max_runs": 3,
        "job_retention_days": 30,
        "active": False,
    }
    assert {name: document[name] for name in expected} == expected


def test_json_is_the_only_output(api: FakeApi, nbjobs: Nbjobs, notebook: Path) -> None:
    done = nbjobs("schedule", notebook, "--cron", "@daily", "--json")

    assert json.loads(done.stdout) == {"definition": api.definitions[the_definition(api)].document}


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--cron", "@daily", "--start", "tomorrow"],
        ["--cron", "@daily", "--end", "0001-01-01"],
        ["--cron", "@daily", "--overlap", "queue"],
        ["--cron", "@daily", "--catch-up", "-1"],
        ["--cron", "@daily", "--max-runs", "0"],
        ["--cron", "@daily", "--keep-jobs", "36h"],
        ["--cron", "@daily", "-p", "year"],
    ],
)
def test_wrong_usage_is_refused_before_the_first_request(
    api: FakeApi, nbjobs: Nbjobs, notebook: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    done = nbjobs("schedule", notebook, *arguments)

    assert (done.code, done.stdout) == (2, "")
    assert api.requests == []


def test_an_invalid_crontab_is_refused(api: FakeApi, nbjobs: Nbjobs, notebook: Path) -> None:
    done = nbjobs("schedule", notebook, "--cron", "61 * * * *")

    assert (done.code, done.stdout) == (4, "")
    assert "Error: schedule: minute 61 is over 59." in done.stderr


def test_a_lost_response_creates_no_second_definition(api: FakeApi, nbjobs: Nbjobs, notebook: Path) -> None:
    api.faults.append(Fault("POST", DEFINITIONS, drops_after=-1))

    done = nbjobs("schedule", notebook, "--cron", "@daily")

    assert done.code == 0
    assert the_definition(api) in done.stdout


def test_the_id_is_printed_even_if_the_definition_cannot_be_read(api: FakeApi, nbjobs: Nbjobs, notebook: Path) -> None:
    api.faults += [Fault("GET", f"{DEFINITIONS}/.*", instead=Response(503)) for _ in range(100)]

    done = nbjobs("schedule", notebook, "--cron", "@daily")

    assert (done.code, done.stdout) == (3, "")
    assert f"created definition {the_definition(api)}" in done.stderr


def test_an_ended_schedule_is_reported(api: FakeApi, nbjobs: Nbjobs) -> None:
    definition_id = api.add_definition(schedule="@daily")
    api.definitions[definition_id].document["active"] = True

    done = nbjobs("definitions", "edit", definition_id, "--end", "2026-01-01")
    assert done.lines == [f"definition: {definition_id} active"]
    api.faults.append(
        Fault(
            "GET",
            f"{DEFINITIONS}/.*",
            instead=Response.of({**api.definitions[definition_id].document, "next_run_time": None}),
        )
    )
    done = nbjobs("definitions", "edit", definition_id, "--end", "2026-01-01")
    assert done.lines == [f"definition: {definition_id} ended"]
    assert "next run:   none" in done.stderr


def test_schedule_for_another_owner_is_refused(api: FakeApi, nbjobs: Nbjobs, notebook: Path) -> None:
    done = nbjobs("--owner", "ben-2", "schedule", notebook, "--cron", "@daily")

    assert (done.code, api.requests) == (3, [])
    assert "Leave the owner out" in done.stderr


def test_an_edit_takes_options_off_again(api: FakeApi, nbjobs: Nbjobs) -> None:
    definition_id = api.add_definition(schedule="@daily", schedule_end=1, max_runs=3, tags=["a"])

    done = nbjobs("definitions", "edit", definition_id, "--reset", "end", "--reset", "max-runs", "--reset", "tag")

    assert done.code == 0
    [patch] = [request for request in api.requests if request.method == "PATCH"]
    assert patch.document == {"schedule_end": None, "max_runs": None, "tags": []}


@pytest.mark.parametrize(
    "arguments",
    [["--reset", "name"], ["--reset", "nonsense"], ["--reset", "end", "--end", "2027-01-01"]],
)
def test_an_option_that_cannot_be_reset_is_wrong_usage(api: FakeApi, nbjobs: Nbjobs, arguments: list[str]) -> None:
    definition_id = api.add_definition(schedule="@daily")

    assert nbjobs("definitions", "edit", definition_id, *arguments).code == 2
    assert api.requests == []


def test_every_option_that_a_definition_can_lack_can_be_reset(nbjobs: Nbjobs) -> None:
    """The name in --reset is that of the option."""
    resettable = set(parse_resets(list(RESETTABLE), ()))
    assert resettable == DefinitionOptions.__annotations__.keys() - {"name", "environment", "active"}
    options = nbjobs("definitions", "edit", "--help").stdout
    assert {name for name in RESETTABLE if f"--{name}" not in options} == set()
