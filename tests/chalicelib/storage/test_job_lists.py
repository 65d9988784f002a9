"""The sparse indexes: waiting, live and overdue jobs."""

from collections.abc import Callable
from typing import Any

from tests.support.scheduler import BOB, LocalScheduler


def _waiting(local: LocalScheduler) -> list[list[str]]:
    queues = local.factory._job_lists.waiting(local.clock())
    return [[job.job_id for job in queue.jobs] for queue in queues]


def test_waiting_jobs_come_owner_by_owner_oldest_first(local: LocalScheduler) -> None:
    made: dict[str, list[str]] = {"anna": [], "bob": []}
    for _ in range(3):
        for name, jobs in made.items():
            local.clock.forward(milliseconds=1)
            jobs.append(local.create(api=local.api if name == "anna" else local.api.as_user(BOB)))
    assert sorted(_waiting(local)) == sorted(made.values())


def test_an_owner_without_ready_jobs_does_not_hide_the_next_owner(local: LocalScheduler) -> None:
    for api in (local.api, local.api.as_user(BOB)):
        run = local.start(api=api, max_retries=1, min_retry_interval_millis=60_000)
        run.report("notebook_error")
        local.finish(run, exit_code=10)
    assert _waiting(local) == []
    ready = [local.create(api=local.api), local.create(api=local.api.as_user(BOB))]
    assert sorted(_waiting(local)) == sorted([job_id] for job_id in ready)
    local.clock.forward(minutes=1)
    assert [len(jobs) for jobs in _waiting(local)] == [2, 2]


def test_owner_ids_with_a_common_prefix_are_not_mixed_up(local: LocalScheduler) -> None:
    users = [f"arn:aws:iam::123456789012:user/{name}" for name in ("ann", "ann-b", "ann-", "an")]
    made = [[local.create(api=local.api.as_user(user)) for _ in range(2)] for user in users]
    assert sorted(map(sorted, _waiting(local))) == sorted(map(sorted, made))


def _change_to(definition: str | None) -> Callable[[int], dict[str, Any]]:
    return lambda _: {"job_definition_id": definition}


def test_a_queue_of_any_length_hides_no_other_one_and_is_read_on_demand(local: LocalScheduler) -> None:
    first = local.create()
    busy = local.copies(first, 350, _change_to("019aaaaa-busy"))
    other = local.copies(first, 1, _change_to("019aaaab-other"))
    bobs = local.create(api=local.api.as_user(BOB))
    local.calls.clear()
    queues = list(local.factory._job_lists.waiting(local.clock()))
    assert local.calls == ["dynamodb:Query"] * 2
    assert {queue.job_definition_id for queue in queues} == {None, "019aaaaa-busy", "019aaaab-other"}
    found = {next(queue.jobs).job_id: queue for queue in queues}
    assert set(found) == {first, busy[0], other[0], bobs}
    assert local.calls == ["dynamodb:Query"] * 2
    assert [job.job_id for job in found[busy[0]].jobs] == busy[1:]
    assert 2 < len(local.calls) <= 6


def test_finding_many_queues_takes_one_query_for_a_hundred(local: LocalScheduler) -> None:
    first = local.create()
    local.copies(first, 249, lambda number: {"job_definition_id": f"019a{number:04d}"})
    local.calls.clear()
    assert len(list(local.factory._job_lists.waiting(local.clock()))) == 250
    assert local.calls == ["dynamodb:Query"] * 3


def test_jobs_that_waited_during_an_update_are_found(local: LocalScheduler) -> None:
    """Before, the key had no definition."""
    job_ids = [local.create() for _ in range(2)]
    item = local.item(job_ids[0])
    old_key = f"{item['owner_id']}#{int(item['not_before']):015d}#{job_ids[0]}"
    local.client("dynamodb").update_item(
        TableName="jobs",
        Key={"owner_id": {"S": item["owner_id"]}, "job_id": {"S": job_ids[0]}},
        UpdateExpression="SET waiting_key = :old",
        ExpressionAttributeValues={":old": {"S": old_key}},
    )
    assert sorted(_waiting(local)) == sorted([job_id] for job_id in job_ids)


def test_live_jobs_are_found_in_every_shard(local: LocalScheduler) -> None:
    runs = [local.start() for _ in range(12)]
    live = {job.job_id: job for job in local.factory._job_lists.live()}
    assert {run.path.split("/")[3]: run.task_arn for run in runs} == {
        job_id: job.task_arn for job_id, job in live.items()
    }
    for run in runs[:5]:
        run.report()
    assert len(local.factory._job_lists.live()) == 12
    for run in runs[:5]:
        local.finish(run, exit_code=0)
    assert len(local.factory._job_lists.live()) == 7


def test_a_job_is_overdue_from_its_deadline(local: LocalScheduler) -> None:
    for _ in range(3):
        local.start()
    local.clock.forward(minutes=5, milliseconds=-1)
    assert list(local.factory._job_lists.overdue(local.clock())) == []
    local.clock.forward(milliseconds=1)
    assert len(list(local.factory._job_lists.overdue(local.clock()))) == 3
