"""`GET …/latest` redirects to an output of the newest success of a definition."""

import pytest

from tests.support.changes import finish_run
from tests.support.definitions import Definitions
from tests.support.scheduler import BOB, LocalScheduler

_PATH = "/scheduler/job_definitions"


@pytest.fixture
def followed(made: Definitions) -> Definitions:
    """Definitions with streams."""
    made.follow_streams()
    return made


def put(local: LocalScheduler, job_id: str, *paths: str) -> None:
    for path in paths:
        key = f"jobs/{local.owner_id()}/{job_id}/outputs/1/{path}"
        local.client("s3").put_object(Bucket=local.bucket, Key=key, Body=b"abc")


def test_it_redirects_to_the_newest_success(local: LocalScheduler, followed: Definitions) -> None:
    definition_id = followed.create(output_formats=["ipynb", "html"])
    job_id = finish_run(followed, definition_id)
    put(local, job_id, "files/a.csv", "html/report.html", "ipynb/report.ipynb")
    finish_run(followed, definition_id, "notebook_error")
    followed.follow_changes()
    response = local.api.get(f"{_PATH}/{definition_id}/latest")
    assert (response.status, response.body) == (302, None)
    assert f"/{job_id}/outputs/1/ipynb/report.ipynb?" in response.headers["Location"]
    response = local.api.get(f"{_PATH}/{definition_id}/latest?format=html")
    assert f"/{job_id}/outputs/1/html/report.html?" in response.headers["Location"]


def test_what_cannot_be_found(local: LocalScheduler, followed: Definitions) -> None:
    definition_id = followed.create(output_formats=["ipynb", "html"])
    response = local.api.get(f"{_PATH}/{definition_id}/latest")
    assert (response.status, "has succeeded yet" in response.body["message"]) == (404, True)
    job_id = finish_run(followed, definition_id)
    followed.follow_changes()
    response = local.api.get(f"{_PATH}/{definition_id}/latest")
    assert (response.status, response.body["message"]) == (404, f"Job {job_id} has no output of this format.")
    response = local.api.get(f"{_PATH}/{definition_id}/latest?format=pdf")
    assert response.status == 400
    assert "the job makes ipynb, html, not 'pdf'" in response.body["message"]
    assert local.api.as_user(BOB).get(f"{_PATH}/{definition_id}/latest").status == 404
