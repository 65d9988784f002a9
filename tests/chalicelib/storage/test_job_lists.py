"""The sparse indexes: waiting, live and overdue jobs."""

from tests.support.scheduler import BOB, LocalScheduler


def _waiting(local: LocalScheduler, per_owner: int = 50) -> list[list[str]]:
    pages = local.factory._job_lists.waiting(local.clock(), per_owner=per_owner)
    return [[job.job_id for job in jobs] for jobs in pages]


def test_waiting_jobs_come_owner_by_owner_oldest_first(local: LocalScheduler) -> None:
    made: dict[str, list[str]] = {"anna": [], "bob": []}
    for _ in range(3):
        for name, jobs in made.items():
            local.clock.forward(milliseconds=1)
            jobs.append(local.create(api=local.api if name == "anna" else local.api.as_user(BOB)))
    assert sorted(_waiting(local)) == sorted(made.values())
    assert sorted(_waiting(local, per_owner=2)) == sorted(jobs[:2] for jobs in made.values())


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
