"""`nbjobs submit --matrix`: one job for each combination of parameters."""

import csv
import json
from pathlib import Path

import pytest

from jupyter_scheduler_aws.errors import ParameterError
from jupyter_scheduler_aws.matrix import combinations, parse_values
from tests.jupyter_scheduler_aws.cli.conftest import Nbjobs
from tests.jupyter_scheduler_aws.fake_api import COMPLETED, FAILED, FakeApi
from tests.jupyter_scheduler_aws.fake_server import Fault, Response

JOBS = "/v1/scheduler/jobs"
PYTHON = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
MATRIX = ("--matrix", "region=eu,us", "--matrix", "year=2024..2025", "--allow-unknown")
ALL = [("eu", "2024"), ("eu", "2025"), ("us", "2024"), ("us", "2025")]


def chosen(api: FakeApi) -> list[tuple[str, str]]:
    jobs = sorted(api.jobs.values(), key=lambda job: int(job.document["create_time"]))
    return [(job.document["parameters"]["region"], job.document["parameters"]["year"]) for job in jobs]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("eu,us", ["eu", "us"]),
        ("eu", ["eu"]),
        (" a , b", ["a", "b"]),
        ("2024..2026", ["2024", "2025", "2026"]),
        ("-1..1", ["-1", "0", "1"]),
        ("3..3", ["3"]),
        ("1.5,2", ["1.5", "2"]),
        ("['a,b', 2.5, '7']", ["a,b", "2.5", "'7'"]),
    ],
)
def test_values_are_a_list_or_a_range(text: str, values: list[str]) -> None:
    assert parse_values(text) == values


@pytest.mark.parametrize("text", ["", "a,,b", "3..1", "1..99999", "[1, 2", "[]", "[object()]"])
def test_other_values_are_refused(text: str) -> None:
    with pytest.raises(ParameterError):
        parse_values(text)


def test_combinations_are_in_the_order_of_a_nested_loop() -> None:
    found = combinations({"region": ["eu", "us"], "year": ["2024", "2025"]})
    assert [tuple(each.values()) for each in found] == ALL


def test_each_combination_is_a_job_of_one_group_and_one_upload(api: FakeApi, nbjobs: Nbjobs, notebook: Path) -> None:
    done = nbjobs("submit", notebook, *MATRIX, "-p", "n=1", "--tag", "mine", "--group", "g1")
    assert done.code == 0
    assert chosen(api) == ALL
    assert {tuple(job.document["tags"]) for job in api.jobs.values()} == {("mine", "group:g1")}
    assert {job.document["parameters"]["n"] for job in api.jobs.values()} == {"1"}
    assert len(api.uploads) == 1
    assert "nbjobs list --group g1" in done.stderr
    assert "nbjobs wait --group g1" in done.stderr
    assert done.lines[0].endswith(" region=eu,year=2024")


def test_an_interrupted_matrix_goes_on_without_a_second_job(api: FakeApi, nbjobs: Nbjobs, notebook: Path) -> None:
    api.faults += [Fault("POST", JOBS), Fault("POST", JOBS)]
    api.faults.append(Fault("POST", JOBS, instead=Response.refusal(403, "No more.", "not_allowed")))
    assert nbjobs("submit", notebook, *MATRIX, "--group", "g1").code != 0
    assert chosen(api) == ALL[:2]
    assert nbjobs("submit", notebook, *MATRIX, "--group", "g1").code == 0
    assert chosen(api) == ALL


def test_a_full_queue_is_waited_for(api: FakeApi, nbjobs: Nbjobs, notebook: Path) -> None:
    limit = Response.refusal(409, "You have 100 waiting jobs, as many as the operator allows.", "limit_reached")
    api.faults += [Fault("POST", JOBS, instead=limit) for _ in range(2)]
    assert nbjobs("submit", notebook, *MATRIX).code == 0
    assert chosen(api) == ALL


def test_the_results_are_in_one_folder_and_one_table(
    api: FakeApi, nbjobs: Nbjobs, notebook: Path, tmp_path: Path
) -> None:
    api.plan = [COMPLETED]
    done = nbjobs("submit", notebook, *MATRIX, "--download", tmp_path / "out")
    assert done.code == 0
    assert "4 of 4 completed" in done.stderr
    table = (tmp_path / "out" / "results.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(table.splitlines()))
    assert [(row["region"], row["year"], row["status"]) for row in rows] == [(*each, "COMPLETED") for each in ALL]
    assert [row["folder"] for row in rows] == [
        f"{number:03} region={region},year={year}" for number, (region, year) in enumerate(ALL, start=1)
    ]
    assert all((tmp_path / "out" / row["folder"] / "results" / "table.csv").is_file() for row in rows)


def test_a_failed_job_fails_the_command_and_keeps_the_other_results(
    api: FakeApi, nbjobs: Nbjobs, notebook: Path, tmp_path: Path
) -> None:
    api.plan = [FAILED]
    done = nbjobs("submit", notebook, *MATRIX, "--download", tmp_path / "out", "--json")
    assert done.code == 1
    assert "0 of 4 completed" in done.stderr
    document = json.loads(done.stdout)
    assert [job["cell"] for job in document["jobs"]] == 4 * [None]
    assert {job["outcome"] for job in document["jobs"]} == {"The notebook raised an error"}
    assert (tmp_path / "out" / "results.csv").is_file()


def test_a_dry_run_and_a_matrix_that_is_too_large_create_nothing(api: FakeApi, nbjobs: Nbjobs, notebook: Path) -> None:
    assert nbjobs("submit", notebook, *MATRIX, "--dry-run").lines == [f"region={a},year={b}" for a, b in ALL]
    large = nbjobs("submit", notebook, "--matrix", "n=1..200", "--allow-unknown")
    assert large.code == 2
    assert "These are 200 jobs. If you mean it, add --max-jobs 200." in " ".join(large.stderr.replace("│", " ").split())
    assert (api.jobs, api.uploads) == ({}, {})


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--matrix", "region"), "is not like name=value"),
        (("--matrix", "a=1", "--matrix", "a=2"), "appears twice"),
        (("--matrix", "a=1", "-p", "a=2"), "appears twice"),
        (("--group", "g"), "It needs --matrix"),
        (("--dry-run",), "It needs --matrix"),
        (("--matrix", "a=1", "--idempotency-token", "t"), "leave out"),
    ],
)
def test_what_makes_no_sense_is_refused(
    api: FakeApi, nbjobs: Nbjobs, notebook: Path, arguments: tuple[str, ...], message: str
) -> None:
    done = nbjobs("submit", notebook, *arguments, "--allow-unknown")
    assert done.code == 2
    assert message in " ".join(done.stderr.replace("│", " ").split())
    assert api.jobs == {}


def test_a_parameter_that_the_notebook_does_not_have_is_refused(api: FakeApi, nbjobs: Nbjobs, notebook: Path) -> None:
    cell = {"cell_type": "code", "source": "month = 1", "metadata": {"tags": ["parameters"]}, "outputs": []}
    document = {"cells": [{**cell, "execution_count": None}], "metadata": PYTHON, "nbformat": 4, "nbformat_minor": 4}
    notebook.write_text(json.dumps(document), encoding="utf-8")
    assert nbjobs("submit", notebook, "--matrix", "month=1,2").code == 0
    api.jobs.clear()
    assert nbjobs("submit", notebook, "--matrix", "unknown_name=1,2").code == 2
    assert api.jobs == {}
