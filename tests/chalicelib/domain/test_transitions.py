from chalicelib.domain.job import JobStatus
from chalicelib.domain.transitions import TRANSITIONS, TransitionName


def test_every_name_has_its_transition() -> None:
    assert set(TRANSITIONS) == set(TransitionName)
    assert all(transition.name is name for name, transition in TRANSITIONS.items())


def test_an_ended_job_stays_ended() -> None:
    left = {source for transition in TRANSITIONS.values() for source in transition.sources}
    assert left == {status for status in JobStatus if not status.is_terminal}


def test_no_transition_stands_still() -> None:
    assert not any(transition.target in transition.sources for transition in TRANSITIONS.values())


def test_a_job_that_is_being_stopped_can_only_end() -> None:
    targets = {each.target for each in TRANSITIONS.values() if JobStatus.STOPPING in each.sources}
    assert targets == {status for status in JobStatus if status.is_terminal}


def test_success_needs_a_check_in() -> None:
    assert TRANSITIONS[TransitionName.COMPLETE].sources == {JobStatus.IN_PROGRESS, JobStatus.STOPPING}


def test_every_state_is_reached_from_created() -> None:
    reached = {JobStatus.CREATED}
    for _ in JobStatus:
        reached |= {each.target for each in TRANSITIONS.values() if each.sources & reached}
    assert reached == set(JobStatus)


def test_each_status_is_waiting_live_or_terminal() -> None:
    assert [status for status in JobStatus if not (status.is_live or status.is_terminal)] == [JobStatus.CREATED]
    assert not any(status.is_live and status.is_terminal for status in JobStatus)
