import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from jupyter_scheduler_aws.api.definition_models import Definition
from jupyter_scheduler_aws.api.job_models import Job
from jupyter_scheduler_aws.cli.definition_table import definition_table
from tests.jupyter_scheduler_aws.cli.conftest import Nbjobs
from tests.jupyter_scheduler_aws.documents import WARNING
from tests.jupyter_scheduler_aws.fake_api import FAILED, FakeApi
from tests.jupyter_scheduler_aws.fake_definitions import NEXT, REFUSED

LONG = "A name that is longer than any terminal is wide " * 3


def test_a_list_is_not_cut_without_a_terminal(api: FakeApi, nbjobs: Nbjobs) -> None:
    crontab = ",".join(map(str, range(60))) + " 9 * * MON"
    definition_id = api.add_definition(LONG, schedule=crontab, timezone="Asia/Tokyo")

    heading, row = nbjobs("definitions", "list").lines

    assert heading.split() == ["DEFINITION", "STATE", "SCHEDULE", "NEXT", "RUN", "ZONE", "NAME"]
    assert row.startswith(f"{definition_id}  active  {crontab}  2026-11-24 08:00  Asia/Tokyo  A name")


@pytest.mark.parametrize(("columns", "cells"), [(80, 4), (100, 5), (130, 6)])
def test_ids_are_not_cut_in_a_terminal(api: FakeApi, columns: int, cells: int) -> None:
    definition_id = api.add_definition(LONG, schedule="0,10,20,30,40,50 9-17 * * MON-FRI", timezone="UTC")
    page = StringIO()

    table = definition_table([Definition.from_document(api.definitions[definition_id].document)], columns)
    Console(file=page, width=columns).print(table)

    heading, row = page.getvalue().splitlines()
    assert len(heading.replace("NEXT RUN", "NEXT").split()) == cells
    assert definition_id in row
    assert row.rstrip().endswith("…")
    assert len(row) <= columns


def test_a_list_has_a_limit_and_a_hint(api: FakeApi, nbjobs: Nbjobs) -> None:
    for number in range(5):
        api.add_definition(f"Report {number}")

    done = nbjobs("definitions", "list", "--limit", 3)
    assert len(done.lines) == 4
    assert "--all" in done.stderr
    assert len(nbjobs("definitions", "list", "--all").lines) == 6
    assert len(json.loads(nbjobs("definitions", "list", "-n", "Report 1", "--json").stdout)) == 1


def test_an_empty_list_prints_a_message(nbjobs: Nbjobs) -> None:
    done = nbjobs("definitions", "list")
    assert (done.code, done.stdout, done.stderr) == (0, "", "You have no definitions yet.\n")
    assert nbjobs("definitions", "list", "--name", "x").stderr == "No definitions match.\n"
    assert nbjobs("definitions", "list", "--json").stdout == "[]\n"


def test_a_definition_is_shown(api: FakeApi, nbjobs: Nbjobs) -> None:
    definition_id = api.add_definition(
        "[bold]Weekly[/x]",
        schedule="0 9 * * MON",
        timezone="Asia/Tokyo",
        parameters={"year": "1970"},
        last_run={"job_id": "job-1", "due_time": NEXT - 86_400_000},
        run_count=2,
        missed_count=1,
        max_runs=10,
        overlap_policy="skip",
        job_retention_days=30,
        schedule_end=NEXT,
        tags=["[red]"],
        package_input_folder=True,
    )

    done = nbjobs("definitions", "show", definition_id)

    assert done.code == 0
    assert done.lines[0] == "[bold]Weekly[/x]"
    rows = {line[:13].strip(): line[13:].strip() for line in done.lines[1:-1]}
    assert rows["definition"] == definition_id
    assert rows["schedule"] == "0 9 * * MON"
    assert rows[""] == "At 09:00, only on Monday"
    assert rows["next run"] == "Tue 2026-11-24 17:00 JST (here Tue 2026-11-24 08:00 UTC)"
    assert rows["last run"] == "Mon 2026-11-23 17:00 JST (here Mon 2026-11-23 08:00 UTC): job job-1"
    assert (rows["runs"], rows["missed"], rows["overlap"]) == ("2 of 10", "1", "skip")
    assert (rows["catch-up"], rows["keep jobs"], rows["end"]) == ("1 h", "30 d", "2026-11-24 08:00:00 UTC")
    assert (rows["notebook"], rows["parameters"]) == ("report.ipynb with its folder", "year = 1970")
    assert json.loads(nbjobs("definitions", "show", definition_id, "--json").stdout) == (
        api.definitions[definition_id].document
    )


def test_a_definition_shows_how_its_last_run_ended(api: FakeApi, nbjobs: Nbjobs) -> None:
    job_id = api.add_job(warnings=[WARNING])
    definition_id = api.add_definition(last_run={"job_id": job_id, "due_time": NEXT})

    lines = [line.strip() for line in nbjobs("definitions", "show", definition_id).lines]

    assert any(line.startswith("last run") and line.endswith(f"job {job_id} COMPLETED") for line in lines)
    assert "! 2,000 outputs were left out. (a.csv, b, 1,998 more)" in lines


def test_a_failing_definition_is_marked_in_the_list(api: FakeApi, nbjobs: Nbjobs) -> None:
    """Only a pause takes precedence over a problem."""
    states: dict[str, dict[str, Any]] = {
        "fine": {},
        "late": {"problems": [REFUSED]},
        "never": {"problems": [REFUSED], "next_run_time": None},
        "paused": {"problems": [REFUSED], "active": False},
    }
    for name, fields in states.items():
        api.add_definition(name, schedule="0 9 * * MON", **fields)
    rows = [line.split() for line in nbjobs("definitions", "list").lines[1:]]
    assert {row[-1]: row[1] for row in rows} == {
        "fine": "active",
        "late": "failing",
        "never": "failing",
        "paused": "paused",
    }


def test_a_failing_definition_shows_its_problem_and_what_to_do(api: FakeApi, nbjobs: Nbjobs) -> None:
    definition_id = api.add_definition(schedule="0 9 * * MON", problems=[REFUSED], next_run_time=None)
    shown = " ".join(nbjobs("definitions", "show", definition_id).stdout.split())
    assert "state failing" in shown
    assert "problem Schedule not written (since 2026-11-23 06:01:39 UTC, 3 attempts)" in shown
    assert REFUSED["message"] in shown
    assert "next run" not in shown


@pytest.mark.parametrize("command", ["pause", "resume", "edit"])
def test_a_change_shows_problems_of_background_work(api: FakeApi, nbjobs: Nbjobs, command: str) -> None:
    definition_id = api.add_definition(schedule="0 9 * * MON", problems=[REFUSED])
    done = nbjobs("definitions", command, definition_id, *(["--name", "Other"] if command == "edit" else []))
    assert done.code == 0
    assert f"problem:    Schedule not written. {REFUSED['message']}" in done.stderr


def test_a_definition_without_a_schedule_is_shown(api: FakeApi, nbjobs: Nbjobs) -> None:
    done = nbjobs("definitions", "show", api.add_definition())

    assert done.code == 0
    assert "unscheduled" in done.stdout
    assert "zone" not in done.stdout


@pytest.mark.parametrize("command", ["show", "pause", "resume", "run"])
def test_a_definition_that_does_not_exist(nbjobs: Nbjobs, command: str) -> None:
    done = nbjobs("definitions", command, "no-such")

    assert (done.code, done.stdout) == (4, "")
    assert "Error: There is no job definition no-such of yours." in done.stderr


def test_definitions_are_paused_and_resumed(api: FakeApi, nbjobs: Nbjobs) -> None:
    ids = [api.add_definition(schedule="@daily") for _ in range(2)]

    assert nbjobs("definitions", "pause", *ids).lines == [f"definition: {item} paused" for item in ids]
    done = nbjobs("definitions", "resume", *ids, "--json")
    assert [item["active"] for item in json.loads(done.stdout)] == [True, True]


def test_an_edit_changes_only_what_the_options_name(api: FakeApi, nbjobs: Nbjobs, notebook: Path) -> None:
    definition_id = api.add_definition(schedule="@daily", parameters={"a": "1", "b": "2"}, active=False)

    done = nbjobs("definitions", "edit", definition_id, "--cron", "@weekly", "-p", "b=3", "--notebook", notebook)

    assert done.lines == [f"definition: {definition_id} paused"]
    assert "uploading report.ipynb, " in done.stderr
    [request] = api.seen("PATCH", ".*")
    assert set(request.document) == {"schedule", "parameters", "input_uri", "input_filename"}
    assert api.definitions[definition_id].document["parameters"] == {"a": "1", "b": "3"}
    assert api.definitions[definition_id].snapshot == notebook.read_bytes()


def test_every_option_of_an_edit_reaches_the_service(api: FakeApi, nbjobs: Nbjobs) -> None:
    definition_id = api.add_definition(schedule="@daily")
    job = ["-e", "r", "-c", "large", "-f", "html", "-n", "Weekly", "-t", "a", "--timeout", "2h", "--retries", "2"]
    when = [
        "--timezone",
        "Asia/Tokyo",
        "--overlap",
        "skip",
        "--catch-up",
        "0",
        "--start",
        "2026-12-01",
        "--end",
        "2026-12-02",
    ]

    done = nbjobs("definitions", "edit", definition_id, *job, *when, "--max-runs", 3, "--keep-jobs", "7d", "--json")

    [request] = api.seen("PATCH", ".*")
    assert request.document == {
        "runtime_environment_name": "r",
        "compute_type": "large",
        "output_formats": ["html"],
        "name": "Weekly",
        "tags": ["a"],
        "timeout_seconds": 7200,
        "max_retries": 2,
        "timezone": "Asia/Tokyo",
        "overlap_policy": "skip",
        "catch_up_seconds": 0,
        "schedule_start": 1_796_083_200_000,
        "schedule_end": 1_796_169_600_000,
        "max_runs": 3,
        "job_retention_days": 7,
    }
    assert json.loads(done.stdout) == {"definition": api.definitions[definition_id].document}


def test_an_edit_without_changes_is_wrong_usage(api: FakeApi, nbjobs: Nbjobs) -> None:
    done = nbjobs("definitions", "edit", api.add_definition())

    assert (done.code, api.requests) == (2, [])
    assert "Specify what to change" in done.stderr


def test_an_edit_with_a_file_that_is_not_a_notebook_is_refused(api: FakeApi, nbjobs: Nbjobs, notebook: Path) -> None:
    notebook.write_text("hello")

    done = nbjobs("definitions", "edit", api.add_definition(), "--notebook", notebook)

    assert (done.code, api.seen("PATCH", ".*")) == (2, [])


def test_a_definition_runs_now(api: FakeApi, nbjobs: Nbjobs, tmp_path: Path) -> None:
    definition_id = api.add_definition(parameters={"a": "1", "b": "2"})

    done = nbjobs("definitions", "run", definition_id, "-p", "b=3", "--download", tmp_path / "out")

    [job_id] = api.jobs
    assert done.lines == [f"job: {job_id} COMPLETED", f"outputs: {tmp_path / 'out'}"]
    assert api.jobs[job_id].document["parameters"] == {"a": "1", "b": "3"}
    assert (tmp_path / "out/results/table.csv").exists()


def test_a_failed_run_has_its_own_exit_code(api: FakeApi, nbjobs: Nbjobs) -> None:
    api.plan = [FAILED]

    done = nbjobs("definitions", "run", api.add_definition(), "--wait", "--json")

    assert (done.code, json.loads(done.stdout)["job"]["status"]) == (1, "FAILED")


def test_a_run_without_wait_does_not_wait(api: FakeApi, nbjobs: Nbjobs) -> None:
    api.plan = []

    done = nbjobs("definitions", "run", api.add_definition())

    [job_id] = api.jobs
    assert (done.code, done.lines) == (0, [f"job: {job_id} CREATED"])


def test_jobs_of_a_definition_are_listed(api: FakeApi, nbjobs: Nbjobs) -> None:
    api.add_job()
    job_id = api.add_job(job_definition_id="def-1")

    found = json.loads(nbjobs("list", "--definition", "def-1", "--json").stdout)

    assert [Job.from_document(item).job_id for item in found] == [job_id]
    assert nbjobs("list", "--definition", "def-2").stderr == "No jobs match.\n"


def test_definitions_are_deleted_with_yes(api: FakeApi, nbjobs: Nbjobs) -> None:
    ids = [api.add_definition() for _ in range(2)]

    refused = nbjobs("definitions", "delete", *ids)
    assert (refused.code, len(api.definitions)) == (2, 2)
    done = nbjobs("definitions", "delete", *ids, "--yes")
    assert (done.code, done.lines, api.definitions) == (0, [f"deleted: {item}" for item in ids], {})


def test_an_incomplete_delete_prints_what_is_deleted(api: FakeApi, nbjobs: Nbjobs) -> None:
    definition_id = api.add_definition()

    done = nbjobs("definitions", "delete", definition_id, "no-such", "--yes")

    assert (done.code, done.lines) == (4, [f"deleted: {definition_id}"])


def test_an_admin_lists_definitions_of_another_owner(api: FakeApi, nbjobs: Nbjobs) -> None:
    assert nbjobs("--owner", "ben-2", "definitions", "list").code == 0

    assert ("owner_id", "ben-2") in api.requests[0].query


@pytest.mark.parametrize("group", ["definitions", "cron"])
def test_a_group_alone_shows_its_commands(nbjobs: Nbjobs, group: str) -> None:
    assert nbjobs(group, "-h").code == 0
    assert nbjobs(group, "nonsense").code == 2
