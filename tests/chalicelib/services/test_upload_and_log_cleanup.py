"""What a deleted job or definition leaves outside of its own files: its upload, and the logs of its containers."""

from contextlib import suppress

import pytest

from tests.support.definitions import Definitions
from tests.support.failures import Failures
from tests.support.faults import Always, Killed, KilledBefore
from tests.support.runs import Run
from tests.support.scheduler import LocalScheduler, notebook

_DENIED = "AccessDeniedException"


@pytest.fixture
def followed(made: Definitions) -> Definitions:
    """Definitions with streams."""
    made.follow_streams()
    return made


def _print(local: LocalScheduler, run: Run, line: str = "the answer is 42") -> None:
    """Print as a container does, to the log stream of its task."""
    logs, stream = local.client("logs"), f"runner/runner/{run.task_arn.rpartition('/')[2]}"
    if stream not in _streams(local):
        logs.create_log_stream(logGroupName="runners", logStreamName=stream)
    event = {"timestamp": int(local.clock.now.timestamp() * 1000), "message": line}
    logs.put_log_events(logGroupName="runners", logStreamName=stream, logEvents=[event])


def _streams(local: LocalScheduler) -> list[str]:
    streams = local.client("logs").describe_log_streams(logGroupName="runners")["logStreams"]
    return [stream["logStreamName"] for stream in streams]


def _delete(local: LocalScheduler, run: Run) -> None:
    assert local.api.delete(f"/scheduler/jobs/{run.path.split('/')[3]}").status == 204


def _remains(local: LocalScheduler) -> list[str]:
    return local.objects("uploads/") + _streams(local)


def test_upload_and_log_are_deleted_with_their_job_and_others_are_kept(
    local: LocalScheduler, followed: Definitions
) -> None:
    kept = local.start()
    _print(local, kept)
    expected = _remains(local)
    run = local.start()
    _print(local, run)
    assert len(_remains(local)) == 4
    _delete(local, run)
    assert followed.clean_up() == []
    followed.clean_up_again()
    assert _remains(local) == expected


def test_the_logs_of_all_attempts_are_deleted(local: LocalScheduler, followed: Definitions) -> None:
    run = local.start(max_retries=1)
    job_id = run.path.split("/")[3]
    _print(local, run, "first")
    run.report("notebook_error")
    local.finish(run)
    local.clock.forward(hours=1)
    again = local.start(job_id)
    assert again.attempt == 2
    _print(local, again, "second")
    _delete(local, again)
    assert followed.clean_up() == []
    followed.clean_up_again()
    assert _remains(local) == []


@pytest.mark.parametrize("late", ["before the second cleanup", "never"])
def test_logs_of_a_container_that_is_being_stopped_are_deleted_too(
    local: LocalScheduler, followed: Definitions, late: str
) -> None:
    run = local.start()
    _delete(local, run)
    assert followed.clean_up() == []
    if late != "never":
        _print(local, run, "so much for that")
    followed.clean_up_again()
    assert _remains(local) == []


def test_an_upload_can_be_used_for_other_jobs_until_the_first_is_deleted(
    local: LocalScheduler, followed: Definitions
) -> None:
    """Each job has its own copy; a repeated request with its token needs the upload too."""
    uri = local.upload(notebook())
    first, second = local.create(input_uri=uri, idempotency_token="t"), local.create(input_uri=uri)
    assert local.create(input_uri=uri, idempotency_token="t") == first
    assert local.api.delete(f"/scheduler/jobs/{second}").status == 204
    assert followed.clean_up() == []
    followed.clean_up_again()
    assert local.objects("uploads/") == []
    assert local.objects("jobs/") == [f"jobs/{local.owner_id()}/{first}/input.ipynb"]
    refused = local.post_job(input_uri=uri)
    assert (refused.status, refused.body["code"]) == (404, "not_found")


def test_an_expired_job_is_cleaned_up_the_same_way(local: LocalScheduler, followed: Definitions) -> None:
    run = local.start()
    _print(local, run)
    run.report()
    followed.told()
    key = {"owner_id": {"S": local.owner_id()}, "job_id": {"S": run.path.split("/")[3]}}
    local.client("dynamodb").delete_item(TableName="jobs", Key=key)  # as DynamoDB does when a record has expired
    assert followed.clean_up() == []
    followed.clean_up_again()
    assert _remains(local) == []


def test_the_upload_of_a_definition_and_the_logs_of_its_jobs_are_deleted(
    local: LocalScheduler, followed: Definitions
) -> None:
    definition_id = followed.create()
    run = local.start(followed.run_now(definition_id))
    _print(local, run)
    followed.delete(definition_id)
    assert followed.clean_up() == []
    assert followed.clean_up() == []
    followed.clean_up_again()
    assert _remains(local) == []


def test_the_upload_of_a_replaced_snapshot_is_deleted(local: LocalScheduler, followed: Definitions) -> None:
    definition_id = followed.create()
    [old] = local.objects("uploads/")
    followed.patch(definition_id, input_uri=local.upload(notebook("2 + 2")), input_filename="report.ipynb")
    assert followed.clean_up() == []
    [new] = local.objects("uploads/")
    assert new != old
    followed.delete(definition_id)
    followed.clean_up()
    followed.clean_up_again()
    assert local.objects("uploads/") == []


@pytest.mark.parametrize("refused", ["s3:DeleteObject", "logs:DeleteLogStream"])
@pytest.mark.parametrize("code", [_DENIED, "ThrottlingException"])
def test_deleting_uploads_and_logs_is_retried_and_the_job_is_logged(
    local: LocalScheduler, followed: Definitions, failures: Failures, refused: str, code: str
) -> None:
    run = local.start()
    _print(local, run)
    _delete(local, run)
    assert followed.clean_up() == []
    (message,) = followed.second_cleanups()
    local.hub.listeners.append(Always(code, refused))
    assert followed.deliver_second_cleanups(message) == ["m0"]
    assert failures.counted() == ["cleanup"]
    assert failures.named("job_id") == {run.path.split("/")[3]}
    local.hub.listeners.clear()
    assert followed.deliver_second_cleanups(message) == []
    assert _remains(local) == []


def test_a_killed_second_cleanup_is_completed_by_the_next(local: LocalScheduler, followed: Definitions) -> None:
    run = local.start()
    _print(local, run)
    _delete(local, run)
    assert followed.clean_up() == []
    (message,) = followed.second_cleanups()
    for turn in range(20):
        killed = KilledBefore(None, turn)
        local.hub.listeners.append(killed)
        with suppress(Killed):
            assert followed.deliver_second_cleanups(message) == []
        local.hub.listeners.clear()
        if not killed.has_happened:
            break
    assert turn == 4, "a stop, a list, then the upload and the log"
    assert _remains(local) == []
    assert followed.deliver_second_cleanups(message) == []
