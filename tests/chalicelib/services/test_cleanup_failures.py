"""A failed cleanup is counted, and left to the second cleanup, whose message names the job or definition."""

import pytest

from tests.support.definitions import Definitions
from tests.support.failures import Failures
from tests.support.faults import Always
from tests.support.scheduler import LocalScheduler

_DENIED = "AccessDeniedException"


def _upload_id(local: LocalScheduler) -> str:
    """Return the id of the only upload."""
    [key] = local.objects("uploads/")
    return key.rpartition("/")[2]


@pytest.mark.parametrize("refused", ["s3:ListObjectsV2", "s3:DeleteObjects"])
def test_files_that_cannot_be_removed_are_left_to_the_second_cleanup(
    local: LocalScheduler, made: Definitions, failures: Failures, refused: str
) -> None:
    made.follow_streams()
    job_id = local.create()
    assert local.api.delete(f"/scheduler/jobs/{job_id}").status == 204
    local.hub.listeners.append(Always(_DENIED, refused, status=403))
    assert made.clean_up() == []
    assert failures.counted() == ["cleanup"]
    assert failures.named("job_id") == {job_id}
    (message,) = made.second_cleanups()
    assert message == {"owner_id": local.owner_id(), "job_id": job_id, "upload_id": _upload_id(local)}
    assert made.deliver_second_cleanups(message) == ["m0"]
    local.hub.listeners.clear()
    assert made.deliver_second_cleanups(message) == []
    assert made.leftovers() == {}


@pytest.mark.parametrize("refused", ["scheduler:DeleteSchedule", "s3:ListObjectsV2", "dynamodb:Query"])
def test_a_definition_that_cannot_be_cleaned_up_is_left_to_the_second_cleanup(
    local: LocalScheduler, made: Definitions, failures: Failures, refused: str
) -> None:
    definition_id = made.create()
    made.second_cleanups()  # of the copied snapshot
    made.follow_streams()
    made.delete(definition_id)
    local.hub.listeners.append(Always(_DENIED, refused, status=403))
    assert made.clean_up() == []
    assert failures.counted() == ["cleanup"]
    (message,) = made.second_cleanups()
    assert message == {
        "owner_id": local.owner_id(),
        "definition_id": definition_id,
        "schedule_slots": 1,
        "upload_id": _upload_id(local),
    }
    assert made.deliver_second_cleanups(message) == ["m0"]
    local.hub.listeners.clear()
    assert made.deliver_second_cleanups(message) == []
    assert made.leftovers() == {}


def test_stopping_a_task_is_retried_and_its_job_is_logged(
    local: LocalScheduler, made: Definitions, failures: Failures
) -> None:
    made.follow_streams()
    run = local.start()
    (job_id,) = (item["job_id"]["S"] for item in local.items())
    made.told()
    assert local.api.delete(f"/scheduler/jobs/{job_id}").status == 204
    local.hub.listeners.append(Always(_DENIED, "ecs:StopTask"))
    records = made.told()
    assert len(made.deliver_records(*records)) == 1
    assert failures.counted() == ["cleanup"]
    assert [message["job_id"] for message in made.second_cleanups()] == [job_id]
    local.hub.listeners.clear()
    assert made.deliver_records(*records) == []
    assert run.task["desiredStatus"] == "STOPPED"
