"""Files with colliding names are all downloaded, on every system and by every command, and the new names are reported."""

import asyncio
import json
import logging
from pathlib import Path
from typing import Any

import pytest
from traitlets.config import Config

from jupyter_scheduler_aws import AwsEnvironmentManager, AwsJobFilesManager, AwsScheduler, Client
from jupyter_scheduler_aws.client import InputChoice
from jupyter_scheduler_aws.errors import DownloadError
from jupyter_scheduler_aws.transfers.download_manifest import MANIFEST_NAME, read_manifest
from jupyter_scheduler_aws.transfers.local_paths import collision_key, local_paths
from tests.jupyter_scheduler_aws.cli.conftest import Nbjobs
from tests.jupyter_scheduler_aws.cli.conftest import nbjobs as nbjobs  # noqa: PLC0414 - a fixture
from tests.jupyter_scheduler_aws.fake_api import FakeApi
from tests.jupyter_scheduler_aws.fake_server import Fault, Response
from tests.jupyter_scheduler_aws.transfers.downloading import BIG, OTHER, add_job, fetched, files_in

CONTENTS = {
    "A.txt": b"upper",
    "a.txt": b"lower",
    "caf\u00e9/x": b"composed",
    "cafe\u0301/x": b"decomposed",
    "data": b"file",
    "DATA/y": b"in a folder",
    ".GIT/config": b"[core]",
    "plain.txt": b"plain",
}


@pytest.fixture
def job_id(api: FakeApi) -> str:
    return add_job(api, {name: ("files", content) for name, content in CONTENTS.items()})


def assert_all_are_here(folder: Path) -> dict[str, Path]:
    places = local_paths(folder, CONTENTS)
    assert {name: place.read_bytes() for name, place in places.items()} == CONTENTS
    files = [name for name in files_in(folder) if name != MANIFEST_NAME]
    assert len({collision_key(name) for name in files}) == len(files) == len(CONTENTS)
    return places


def test_client_reports_renamed_files(client: Client, job_id: str, tmp_path: Path) -> None:
    renamed: dict[str, Path] = {}

    paths = client.download(job_id, tmp_path, on_renamed=renamed.__setitem__)

    places = assert_all_are_here(tmp_path)
    assert paths == list(places.values())
    assert renamed == {name: place for name, place in places.items() if name not in {"plain.txt", "DATA/y"}}


def test_command_reports_renamed_files(api: FakeApi, nbjobs: Nbjobs, job_id: str, tmp_path: Path) -> None:
    done = nbjobs("download", job_id, tmp_path)

    places = assert_all_are_here(tmp_path)
    assert done.code == 0
    assert f"a.txt is saved as {places['a.txt'].name}, because some file systems" in done.stderr
    assert "plain.txt is saved as" not in done.stderr
    document = json.loads(nbjobs("download", job_id, tmp_path, "--json").stdout)
    assert document["renamed"]["A.txt"] == str(places["A.txt"])
    waited = json.loads(nbjobs("wait", job_id, "-d", tmp_path, "--json").stdout)
    assert waited["outputs"] == document


def test_panel_lists_all_files_and_the_server_reports_renamed_ones(
    api: FakeApi, job_id: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    scheduler = AwsScheduler(
        root_dir=str(tmp_path),
        environments_manager=AwsEnvironmentManager(),
        config=Config({"AwsScheduler": {"api_url": api.url, "tries": 1}}),
    )
    api.jobs[job_id].document["url"] = "/x"
    manager: Any = AwsJobFilesManager(scheduler=scheduler)

    with caplog.at_level(logging.WARNING):
        asyncio.run(manager.copy_from_staging(job_id=job_id))
        job: Any = asyncio.run(scheduler.get_job(job_id))
    scheduler.connection.close()

    folder = scheduler.workspace.job_folder("report.ipynb", job_id)
    places = assert_all_are_here(folder)
    assert job.downloaded
    assert sorted(job.packaged_files) == sorted(place.relative_to(folder).as_posix() for place in places.values())
    assert any(f"'a.txt' is saved as {str(places['a.txt'])!r}" in message for message in caplog.messages)


def test_interrupted_download_resumes_with_the_same_names(api: FakeApi, client: Client, tmp_path: Path) -> None:
    job_id = add_job(api, {"Big.bin": ("files", BIG), "big.bin": ("files", OTHER)})
    api.faults += [Fault("GET", "/s3/.*/big.bin", drops_after=1_000_000)] + [
        Fault("GET", "/s3/.*/big.bin", instead=Response(500)) for _ in range(20)
    ]
    with pytest.raises(DownloadError):
        client.download(job_id, tmp_path)
    assert len(list(tmp_path.glob("*.part"))) == 1
    api.faults.clear()
    before = len(fetched(api))

    client.download(job_id, tmp_path, again=False)

    places = local_paths(tmp_path, ["Big.bin", "big.bin"])
    assert (places["Big.bin"].read_bytes(), places["big.bin"].read_bytes()) == (BIG, OTHER)
    assert fetched(api)[before:] == ["big.bin"]
    assert api.seen("GET", "/s3/.*/big.bin")[-1].headers["range"].startswith("bytes=")


def test_later_collision_does_not_rename_the_first_file(api: FakeApi, client: Client, tmp_path: Path) -> None:
    job_id = add_job(api, {"a.txt": ("files", b"early")}, status="IN_PROGRESS")
    client.download(job_id, tmp_path)
    api.jobs[job_id].files |= {"a.txt": ("files", b"lower"), "A.txt": ("files", b"upper")}
    api.jobs[job_id].document["status"] = "COMPLETED"

    client.download(job_id, tmp_path, again=False)

    places = local_paths(tmp_path, ["a.txt", "A.txt"])
    assert [place.read_bytes() for place in places.values()] == [b"lower", b"upper"]
    assert (tmp_path / "a.txt").read_bytes() == b"early"


def test_input_notebook_that_collides_with_an_output(api: FakeApi, client: Client, tmp_path: Path) -> None:
    job_id = add_job(api, {"Report.ipynb": ("ipynb", b"executed"), "report.ipynb": ("input", b"given")})

    client.download(job_id, tmp_path, with_input=InputChoice.SNAPSHOT)

    places = local_paths(tmp_path, ["Report.ipynb", "report.ipynb"])
    assert [place.read_bytes() for place in places.values()] == [b"executed", b"given"]


@pytest.mark.parametrize("name", [".NBJOBS.json", ".nb\u200djobs.json", ".nbjobs.json.", ".nbjob\u017f.json"])
def test_no_file_replaces_the_manifest(api: FakeApi, client: Client, tmp_path: Path, name: str) -> None:
    job_id = add_job(api, {name: ("files", b"{}"), "a": ("files", b"a")})

    client.download(job_id, tmp_path)

    assert files_in(tmp_path) == [MANIFEST_NAME, "a"]
    assert read_manifest(tmp_path, job_id) is not None
