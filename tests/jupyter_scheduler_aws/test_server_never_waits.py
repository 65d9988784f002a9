"""A real Jupyter server with the connector stays responsive whatever the service does, and the panel shows an explanation."""

import json
import re
import secrets
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.jupyter_scheduler_aws.conftest import NOTEBOOK
from tests.jupyter_scheduler_aws.fake_api import FakeApi, running_api
from tests.jupyter_scheduler_aws.fake_server import REGION, SECRETS, Fault, Response
from tests.support.jupyter_server import JupyterServer, running_server

FOLDER_BYTES = 200 * 1024 * 1024
JOB = {"name": "Report", "input_uri": "report.ipynb", "runtime_environment_name": "python"}


@pytest.fixture(scope="module")
def shared_api() -> Iterator[FakeApi]:
    with running_api() as api:
        api.max_upload_bytes = api.folder_limits["max_unpacked_bytes"] = 2 * FOLDER_BYTES
        yield api


@pytest.fixture(scope="module")
def shared_server(shared_api: FakeApi, tmp_path_factory: pytest.TempPathFactory) -> Iterator[JupyterServer]:
    environment = {
        "JUPYTER_SCHEDULER_AWS_URL": shared_api.url,
        "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": SECRETS["AKIDEXAMPLE"],
        "AWS_REGION": REGION,
    }
    with running_server(tmp_path_factory.mktemp("lab"), environment, options=["--AwsScheduler.tries=2"]) as server:
        (server.workspace / "report.ipynb").write_text(json.dumps(NOTEBOOK))
        yield server


@pytest.fixture
def held(shared_api: FakeApi) -> Iterator[threading.Event]:
    """Uploads arrive, and their responses wait until the event is set."""
    released = threading.Event()
    shared_api.holds["/bucket"] = released
    yield released
    released.set()
    del shared_api.holds["/bucket"]


def test_server_responds_during_a_large_upload(
    shared_api: FakeApi, shared_server: JupyterServer, held: threading.Event
) -> None:
    folder = shared_server.workspace / "large"
    folder.mkdir()
    (folder / "report.ipynb").write_text(json.dumps(NOTEBOOK))
    with (folder / "data.bin").open("wb") as file:
        for _ in range(FOLDER_BYTES // 1024 // 1024):
            file.write(secrets.token_bytes(1024 * 1024))
    body = JOB | {"input_uri": "large/report.ipynb", "package_input_folder": True}
    shared_api.faults.append(
        Fault("POST", "/bucket", instead=Response(204))
    )  # it is not taken apart: that takes minutes

    with ThreadPoolExecutor(1) as pool:
        create = pool.submit(shared_server.request, "POST", "/jobs", body)
        seen = 0
        while not shared_api.seen("POST", "/bucket"):  # while it is listed, zipped and sent …
            assert not create.done(), create.result().text
            assert shared_server.http.get("/api/status").is_success
            assert shared_server.get("/jobs?max_items=25")["jobs"] == []
            seen += 1
        [upload] = shared_api.seen("POST", "/bucket")
        [key] = re.findall(rb"uploads/(\w+)", upload.body[:1000])
        shared_api.uploads[key.decode()] = b"a zip"
        assert not create.done()  # … and while the response of S3 is still missing
        assert shared_server.http.get("/api/contents").is_success
        held.set()
        response = create.result()
    assert response.status_code == 200, response.text
    assert seen > 1
    assert len(upload.body) > FOLDER_BYTES


def test_throttling_is_explained(shared_api: FakeApi, shared_server: JupyterServer) -> None:
    busy = Response.of({"message": "AWS is asked too often just now.", "code": "too_many_requests"}, 429)
    shared_api.faults += [Fault("GET", "/v1/scheduler/jobs", instead=busy) for _ in range(2)]
    response = shared_server.request("GET", "/jobs?max_items=25")
    assert (response.status_code, response.json()["message"]) == (500, "AWS is asked too often just now.")
    assert shared_server.request("GET", "/jobs?max_items=25").status_code == 200


def test_incompatible_service_is_explained(shared_api: FakeApi, shared_server: JupyterServer) -> None:
    shared_api.faults.append(Fault("GET", "/v1/scheduler/jobs", instead=Response.of({"rows": []})))
    response = shared_server.request("GET", "/jobs?max_items=25")
    assert response.status_code == 500
    assert "Upgrade the older of the two, package or stack" in response.json()["message"]


def test_retry_after_a_dropped_connection_creates_no_second_job(
    shared_api: FakeApi, shared_server: JupyterServer
) -> None:
    before = len(shared_api.jobs)
    shared_api.faults.append(Fault("POST", "/v1/scheduler/jobs", drops_after=-1))
    assert shared_server.post("/jobs", JOB)["job_id"] in shared_api.jobs
    assert len(shared_api.jobs) == before + 1


def test_server_stop_does_not_wait_for_an_upload(shared_api: FakeApi, tmp_path: Path) -> None:
    environment = {
        "JUPYTER_SCHEDULER_AWS_URL": shared_api.url,
        "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": SECRETS["AKIDEXAMPLE"],
        "AWS_REGION": REGION,
    }
    released = threading.Event()
    uploads = len(shared_api.seen("POST", "/bucket"))
    shared_api.holds["/bucket"] = released
    try:
        with ThreadPoolExecutor(1) as pool, running_server(tmp_path, environment) as server:
            (server.workspace / "report.ipynb").write_text(json.dumps(NOTEBOOK))
            create = pool.submit(server.request, "POST", "/jobs", JOB)
            while len(shared_api.seen("POST", "/bucket")) == uploads:
                assert not create.done()
            server.process.terminate()
            code = server.process.wait()  # pytest's time-out is the bound; the upload is still held
            assert not released.is_set()
            assert code in (0, -15)
            assert create.exception() is not None
    finally:
        released.set()
        del shared_api.holds["/bucket"]
