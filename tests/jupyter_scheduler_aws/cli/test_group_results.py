"""The files of several jobs: a folder for each, and one table."""

import csv
import io
import json
from pathlib import Path

from tests.jupyter_scheduler_aws.cli.conftest import Nbjobs
from tests.jupyter_scheduler_aws.fake_api import COMPLETED, FAILED, FakeApi
from tests.jupyter_scheduler_aws.fake_server import Fault, Response


def test_each_job_has_a_folder_and_a_row_with_what_differs(api: FakeApi, nbjobs: Nbjobs, tmp_path: Path) -> None:
    for region, how in (("eu", COMPLETED), ("us/\nx", FAILED)):
        api.add_job(tags=["group:g1"], parameters={"n": "1", "region": region}, **how)

    done = nbjobs("wait", "--group", "g1", "--download", tmp_path / "out", "--json")

    assert done.code == 1
    table = (tmp_path / "out" / "results.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(io.StringIO(table)))
    assert list(rows[0]) == ["region", "status", "outcome", "cell", "seconds", "job_id", "folder"]
    assert [row["folder"] for row in rows] == ["001 region=eu", "002 region=us_ x"]
    assert all((tmp_path / "out" / row["folder"] / "results" / "table.csv").is_file() for row in rows)
    document = json.loads(done.stdout)
    assert document["group"] == "g1"
    assert [job["status"] for job in document["jobs"]] == ["COMPLETED", "FAILED"]


def test_jobs_without_different_parameters_have_folders_with_their_names(
    api: FakeApi, nbjobs: Nbjobs, tmp_path: Path
) -> None:
    job_ids = [api.add_job("Report"), api.add_job("Report"), api.add_job("Sales / 2026")]

    done = nbjobs("wait", *job_ids, "--download", tmp_path / "out")

    assert done.code == 0
    folders = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert folders == ["001 Report", "002 Report", "003 Sales _ 2026", "results.csv"]
    assert done.lines[-1] == f"table: {tmp_path / 'out' / 'results.csv'}"


def test_a_download_that_fails_has_its_own_exit_code(api: FakeApi, nbjobs: Nbjobs, tmp_path: Path) -> None:
    job_ids = [api.add_job(), api.add_job()]
    api.faults.append(Fault("GET", "/s3/.*", instead=Response(404)))

    done = nbjobs("wait", *job_ids, "--download", tmp_path / "out")

    assert (done.code, done.lines) == (5, [f"job: {job_id} COMPLETED" for job_id in job_ids])
