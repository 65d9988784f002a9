from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from itertools import groupby

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.config import Limits
from chalicelib.domain.fairness import Load, round_robin
from chalicelib.domain.job import JobStatus, LiveJob, WaitingJob, WaitingQueue
from tests.chalicelib.domain.builders import waiting

OWNERS = st.sampled_from(["ann", "bob", "cem", "dag"])
DEFINITIONS = st.sampled_from([None, "daily", "hourly"])
LIMITS = st.builds(
    Limits,
    max_running_jobs=st.integers(1, 12),
    max_running_jobs_per_owner=st.integers(1, 6),
    max_running_jobs_per_definition=st.integers(1, 4),
)


@st.composite
def queues(draw: st.DrawFn) -> list[list[WaitingJob]]:
    rows = draw(st.lists(st.tuples(OWNERS, DEFINITIONS), max_size=40))
    jobs = [waiting(owner, number, each and f"{owner}-{each}") for number, (owner, each) in enumerate(rows)]
    return by_owner(jobs)


def take(waits: list[list[WaitingJob]], load: Load, limits: Limits) -> list[WaitingJob]:
    """Return the jobs to launch, of the jobs of each owner."""
    jobs = sorted((job for of_owner in waits for job in of_owner), key=_queue_and_age)
    queues = [
        WaitingQueue(owner, definition or None, iter(list(group)))
        for (owner, definition), group in groupby(jobs, key=lambda job: (job.owner_id, job.job_definition_id or ""))
    ]
    return list(round_robin(queues, load, limits))


def _queue_and_age(job: WaitingJob) -> tuple[str, str, datetime]:
    return job.owner_id, job.job_definition_id or "", job.not_before


def by_owner(jobs: list[WaitingJob]) -> list[list[WaitingJob]]:
    ordered = sorted(jobs, key=lambda job: (job.owner_id, job.not_before))
    return [list(group) for _, group in groupby(ordered, key=lambda job: job.owner_id)]


@st.composite
def loads(draw: st.DrawFn) -> Load:
    rows = draw(st.lists(st.tuples(OWNERS, DEFINITIONS), max_size=12))
    return Load.of(
        LiveJob(owner, f"live-{number}", JobStatus.QUEUED, each and f"{owner}-{each}", None)
        for number, (owner, each) in enumerate(rows)
    )


def over(load: Load, limits: Limits) -> set[str]:
    """Return the limits that a load exceeds."""
    return {
        *(["total"] if load.total > limits.max_running_jobs else []),
        *(owner for owner, number in load.by_owner.items() if number > limits.max_running_jobs_per_owner),
        *(
            definition
            for (_, definition), number in load.by_queue.items()
            if definition and number > limits.max_running_jobs_per_definition
        ),
    }


@given(queues(), loads(), LIMITS)
def test_no_limit_is_exceeded_and_no_slot_stays_unused(
    waits: list[list[WaitingJob]], load: Load, limits: Limits
) -> None:
    before = over(load, limits)
    full = load.total >= limits.max_running_jobs
    taken = take(waits, load, limits)
    assert over(load, limits) <= before
    assert not (full and taken)
    left = [job for jobs in waits for job in jobs if job not in taken]
    assert not any(load.has_room(job, limits) for job in left)
    assert len(set(taken)) == len(taken)


@given(queues(), loads(), LIMITS)
def test_an_owners_jobs_go_oldest_first_as_far_as_their_definitions_allow(
    waits: list[list[WaitingJob]], load: Load, limits: Limits
) -> None:
    taken = take(waits, load, limits)
    for (_, definition), group in groupby(
        sorted(taken, key=lambda job: (job.owner_id, job.job_definition_id or "")),
        key=lambda job: (job.owner_id, job.job_definition_id),
    ):
        mine = list(group)
        positions = [taken.index(job) for job in sorted(mine, key=lambda job: job.not_before)]
        assert positions == sorted(positions), definition


@given(queues(), LIMITS)
def test_owners_take_turns(waits: list[list[WaitingJob]], limits: Limits) -> None:
    """While two owners both have jobs to launch, neither gets two more than the other."""
    free = Limits(max_running_jobs=limits.max_running_jobs)
    plain = [[WaitingJob(job.owner_id, job.job_id, job.not_before, None) for job in jobs] for jobs in waits]
    given_so_far: Counter[str] = Counter()
    left = {jobs[0].owner_id: len(jobs) for jobs in plain}
    for job in take(plain, Load(), free):
        given_so_far[job.owner_id] += 1
        open_owners = [owner for owner, number in left.items() if given_so_far[owner] < number]
        least = min((given_so_far[owner] for owner in open_owners), default=given_so_far[job.owner_id])
        assert given_so_far[job.owner_id] <= least + 1


@given(queues(), LIMITS, st.integers(0, 3))
def test_no_owner_starves(waits: list[list[WaitingJob]], limits: Limits, arrivals: int) -> None:
    """Slots become free one at a time while one owner keeps submitting: all jobs that waited at the start are launched."""
    pool = [job for jobs in waits for job in jobs]
    wanted, running = {job.job_id for job in pool}, list[WaitingJob]()
    for number in range(1000, 1000 + 6 * (len(pool) + 1)):
        load = Load()
        for job in running:
            load.add(job)
        started = take(by_owner(pool), load, limits)
        pool = [job for job in pool if job not in started]
        running = [*running, *started][1:]
        wanted -= {job.job_id for job in started}
        if not wanted:
            return
        pool += [waiting("ann", number * 10 + each) for each in range(arrivals)]
    assert not wanted


def test_a_free_slot_goes_to_an_owner_without_slots() -> None:
    load, limits = Load(), Limits(max_running_jobs=3)
    for number in (1, 2):
        load.add(waiting("ann", number))
    taken = take([[waiting("ann", 3)], [waiting("zoe", 4)]], load, limits)
    assert [job.owner_id for job in taken] == ["zoe"]


def test_among_equal_owners_the_longest_waiting_is_first() -> None:
    limits = Limits(max_running_jobs=1)
    taken = take([[waiting("ann", 7)], [waiting("zoe", 6)]], Load(), limits)
    assert [job.owner_id for job in taken] == ["zoe"]


def test_a_definition_at_its_limit_does_not_hold_up_its_owners_other_jobs() -> None:
    jobs = [waiting("ann", 1, "daily"), waiting("ann", 2, "daily"), waiting("ann", 3)]
    taken = take([jobs], Load(), Limits(max_running_jobs_per_definition=1))
    assert taken == [jobs[0], jobs[2]]


def test_an_owners_definitions_take_turns() -> None:
    """A free slot goes to the definition with the fewest, not to the one that has waited longest."""
    daily = [waiting("ann", number, "daily") for number in range(1000)]
    others = [waiting("ann", 2000, "hourly"), waiting("ann", 2001)]
    taken = take([[*daily, *others]], Load(), Limits(max_running_jobs=4))
    assert taken == [daily[0], *others, daily[1]]


def test_jobs_are_read_only_when_their_turn_has_come() -> None:
    read = []

    def jobs() -> Iterator[WaitingJob]:
        for number in range(1000):
            read.append(number)
            yield waiting("ann", number)

    assert len(list(round_robin([WaitingQueue("ann", None, jobs())], Load(), Limits(max_running_jobs=3)))) == 3
    assert read == [0, 1, 2, 3]


def test_nothing_waits() -> None:
    assert list(round_robin([], Load(), Limits())) == []
