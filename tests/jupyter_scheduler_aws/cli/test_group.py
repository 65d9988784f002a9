"""`nbjobs wait` for several jobs or a group."""

import csv
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from jupyter_scheduler_aws import PollingInterval
from tests.jupyter_scheduler_aws.cli.conftest import Nbjobs
from tests.jupyter_scheduler_aws.documents import WARNING
from tests.jupyter_scheduler_aws.fake_api import COMPLETED, FAILED, FakeApi, cell
from tests.jupyter_scheduler_aws.fake_server import Fault, Response

JOBS = "/v1/scheduler/jobs"
MATRIX = ("--matrix", "region=eu,us", "--allow-unknown")

BetweenPolls = list[Callable[[], object]]


@pytest.fixture
def between_polls() -> BetweenPolls:
    """What happens while the command waits for its next poll, one after the other."""
    return []


@pytest.fixture
def polling_interval(between_polls: BetweenPolls) -> PollingInterval:
    def sleep(_seconds: float) -> None:
        if between_polls:
            between_polls.pop(0)()

    return PollingInterval(sleep=sleep)


def add(api: FakeApi, *plan: dict[str, object], group: str = "g1", **fields: object) -> str:
    """Add a job that waits, and changes as planned."""
    job_id = api.add_job(status="CREATED", tags=[f"group:{group}"], **fields)  # type: ignore[arg-type]
    api.jobs[job_id].plan = [dict(change) for change in plan]
    return job_id


def end(api: FakeApi, job_id: str, how: dict[str, object] = COMPLETED) -> Callable[[], object]:
    return lambda: api.jobs[job_id].document.update(how)


def delete(api: FakeApi, job_id: str) -> Callable[[], object]:
    return lambda: api.jobs.pop(job_id)


def interrupt() -> None:
    raise KeyboardInterrupt


def progress(stderr: str) -> list[str]:
    return [line[10:] for line in stderr.splitlines() if line[2:3] == ":"]


def choice(arguments: str, job_ids: list[str]) -> list[str]:
    return job_ids if arguments == "ids" else ["--group", "g1"]


@pytest.mark.parametrize("arguments", ["ids", "group"])
def test_several_jobs_have_one_progress(
    api: FakeApi, nbjobs: Nbjobs, between_polls: BetweenPolls, arguments: str
) -> None:
    first, second = add(api), add(api)
    outsider = add(api, group="g2")
    between_polls += [end(api, second), lambda: None, end(api, first)]

    done = nbjobs("wait", *choice(arguments, [first, second]))

    assert (done.code, done.lines) == (0, [f"job: {first} COMPLETED", f"job: {second} COMPLETED"])
    assert progress(done.stderr) == ["waiting", "0 of 2 ended", "1 of 2 ended", "2 of 2 ended"]
    assert "2 of 2 completed" in done.stderr
    assert api.jobs[outsider].document["status"] == "CREATED"
    assert not [request for request in api.requests if request.path.endswith("/logs")]


def test_one_failure_fails_the_command_and_is_named(api: FakeApi, nbjobs: Nbjobs) -> None:
    job_ids = [
        add(api, COMPLETED, parameters={"n": "1", "region": "eu"}),
        add(api, FAILED, parameters={"n": "1", "region": "us"}),
        add(api, {"status": "STOPPED"}, parameters={"n": "1", "region": "de"}),
    ]

    done = nbjobs("wait", "--group", "g1")

    assert done.code == 1
    assert done.lines == [
        f"job: {job_id} {how}" for job_id, how in zip(job_ids, ("COMPLETED", "FAILED", "STOPPED"), strict=True)
    ]
    assert "  region=us: The notebook raised an error\n" in done.stderr
    assert "  region=de: stopped\n" in done.stderr
    assert "1 of 3 completed\n" in done.stderr


def test_jobs_with_warnings_are_counted(api: FakeApi, nbjobs: Nbjobs) -> None:
    job_ids = [add(api, COMPLETED, warnings=warnings) for warnings in ([], [WARNING], [WARNING, WARNING])]

    done = nbjobs("wait", *job_ids)

    assert done.code == 0
    assert f"2 with warnings, such as `nbjobs show {job_ids[1]}`\n" in done.stderr


def test_an_ended_job_is_not_requested_again(api: FakeApi, nbjobs: Nbjobs, between_polls: BetweenPolls) -> None:
    ended, running = api.add_job(), add(api)
    between_polls += [lambda: None] * 5 + [end(api, running)]

    assert nbjobs("wait", ended, running).code == 0
    assert len(api.seen("GET", f"{JOBS}/{ended}")) == 1


def test_a_job_that_joins_the_group_is_waited_for(api: FakeApi, nbjobs: Nbjobs, between_polls: BetweenPolls) -> None:
    first = add(api)
    joined: list[str] = []
    between_polls += [
        lambda: joined.extend((add(api), add(api))),
        end(api, first),
        lambda: [end(api, job_id)() for job_id in joined],
    ]

    done = nbjobs("wait", "--group", "g1")

    assert (done.code, done.lines) == (0, [f"job: {job_id} COMPLETED" for job_id in (first, *joined)])


@pytest.mark.parametrize("arguments", ["ids", "group"])
def test_a_job_that_is_deleted_meanwhile_is_reported_and_the_others_are_waited_for(
    api: FakeApi, nbjobs: Nbjobs, between_polls: BetweenPolls, arguments: str
) -> None:
    gone, kept = add(api), add(api)
    between_polls += [delete(api, gone), lambda: None, end(api, kept, FAILED)]

    done = nbjobs("wait", *choice(arguments, [gone, kept]))

    assert (done.code, done.lines) == (4, [f"job: {gone} DELETED", f"job: {kept} FAILED"])
    assert progress(done.stderr)[-2:] == ["1 of 2 ended, 1 deleted", "2 of 2 ended, 1 failed, 1 deleted"]
    assert "0 of 2 completed, 1 deleted" in done.stderr


def test_a_job_that_is_deleted_after_its_end_has_ended(
    api: FakeApi, nbjobs: Nbjobs, between_polls: BetweenPolls
) -> None:
    first, second = add(api), add(api)
    between_polls += [end(api, first), delete(api, first), end(api, second)]

    done = nbjobs("wait", "--group", "g1")

    assert (done.code, done.lines) == (0, [f"job: {first} COMPLETED", f"job: {second} COMPLETED"])


def test_a_list_that_does_not_have_a_new_job_yet_deletes_nothing(
    api: FakeApi, nbjobs: Nbjobs, notebook: Path, between_polls: BetweenPolls
) -> None:
    api.plan = []
    api.faults += [Fault("GET", JOBS, instead=Response.of({"jobs": [], "total_count": -1})) for _ in range(2)]
    between_polls += [lambda: None, lambda: [end(api, job_id)() for job_id in api.jobs]]

    done = nbjobs("submit", notebook, *MATRIX, "--wait")

    assert done.code == 0
    assert "2 of 2 completed" in done.stderr


def test_a_matrix_with_a_deleted_job_ends(
    api: FakeApi, nbjobs: Nbjobs, notebook: Path, tmp_path: Path, between_polls: BetweenPolls
) -> None:
    api.plan = []
    between_polls += [lambda: api.jobs.pop(min(api.jobs)), lambda: [end(api, job_id)() for job_id in api.jobs]]

    done = nbjobs("submit", notebook, *MATRIX, "--download", tmp_path / "out")

    assert done.code == 4
    table = (tmp_path / "out" / "results.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(table.splitlines()))
    assert [(row["region"], row["status"], row["folder"]) for row in rows] == [
        ("eu", "DELETED", ""),
        ("us", "COMPLETED", "002 region=us"),
    ]


def test_an_unknown_id_is_refused_before_the_wait(api: FakeApi, nbjobs: Nbjobs) -> None:
    done = nbjobs("wait", add(api), "no-such")

    assert (done.code, done.stdout) == (4, "")
    assert "Error: There is no job no-such of yours." in done.stderr
    assert progress(done.stderr) == []


@pytest.mark.parametrize("group", ["g2", "", "[bold]"])
def test_a_group_without_jobs_is_refused(api: FakeApi, nbjobs: Nbjobs, group: str) -> None:
    add(api)

    done = nbjobs("wait", "--group", group)

    assert (done.code, done.stdout) == (4, "")
    assert f"Error: Group '{group}' has no jobs: none of your jobs has the tag group:{group}." in done.stderr
    error = json.loads(nbjobs("wait", "--group", group, "--json").stdout)["error"]
    assert error["message"].startswith(f"Group '{group}' has no jobs")


@pytest.mark.parametrize("command", ["wait", "stop"])
@pytest.mark.parametrize("arguments", [(), ("a", "--group", "g1"), ("a", "b", "--group", "g1")])
def test_jobs_or_a_group_are_needed(api: FakeApi, nbjobs: Nbjobs, command: str, arguments: tuple[str, ...]) -> None:
    done = nbjobs(command, *arguments)

    assert (done.code, api.requests) == (2, [])
    assert "Specify jobs, or a group" in " ".join(done.stderr.split())


def test_the_same_id_twice_is_one_job(api: FakeApi, nbjobs: Nbjobs) -> None:
    job_id = add(api, cell(1), cell(2), COMPLETED)

    done = nbjobs("wait", job_id, job_id)

    assert (done.code, done.lines) == (0, [f"job: {job_id} COMPLETED"])
    assert progress(done.stderr) == ["waiting", "cell 1 of 3", "cell 2 of 3", "completed"]


def test_quiet_shows_no_progress(api: FakeApi, nbjobs: Nbjobs) -> None:
    add(api, cell(1), COMPLETED)

    done = nbjobs("wait", "--group", "g1", "--quiet")

    assert done.code == 0
    assert done.stderr == "1 of 1 completed\n"


@pytest.mark.parametrize("path", [JOBS, f"{JOBS}/.*"])
def test_a_short_outage_does_not_end_the_wait(
    api: FakeApi, nbjobs: Nbjobs, between_polls: BetweenPolls, path: str
) -> None:
    job_ids = [add(api), add(api)]
    outage = [Fault("GET", path, instead=Response(503)) for _ in range(20)]
    between_polls += [lambda: api.faults.extend(outage), *[lambda: None] * 5]
    between_polls += [end(api, job_id) for job_id in job_ids]

    assert nbjobs("wait", *choice("group" if path == JOBS else "ids", job_ids)).code == 0
    assert api.faults == []


def test_a_lasting_outage_explains_how_to_continue(api: FakeApi, nbjobs: Nbjobs, between_polls: BetweenPolls) -> None:
    add(api, group="my group")
    between_polls.append(lambda: api.faults.extend(Fault("GET", JOBS, instead=Response(503)) for _ in range(100)))

    done = nbjobs("wait", "--group", "my group")

    assert (done.code, done.stdout) == (3, "")
    assert "The jobs continue without this terminal." in done.stderr
    assert "nbjobs wait --group 'my group'" in done.stderr


@pytest.mark.parametrize("arguments", ["ids", "group"])
def test_an_interrupted_wait_explains_how_to_continue(
    api: FakeApi, nbjobs: Nbjobs, between_polls: BetweenPolls, arguments: str
) -> None:
    chosen = choice(arguments, [add(api), add(api)])
    between_polls += [lambda: None, interrupt]

    done = nbjobs("wait", *chosen)

    assert (done.code, done.stdout) == (130, "")
    assert "Interrupted. The jobs continue without this terminal." in done.stderr
    assert f"  follow them:  nbjobs wait {' '.join(chosen)}\n" in done.stderr
    assert f"  stop them:    nbjobs stop {' '.join(chosen)}\n" in done.stderr
    assert api.seen("PATCH", ".*") == []
