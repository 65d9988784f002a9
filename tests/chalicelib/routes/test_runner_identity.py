"""Authentication of runners: attacks by people with read access to the account, outsiders and notebooks, and what they learn."""

import json
import logging
import secrets
from collections.abc import Callable

import pytest

from chalicelib.domain.identifiers import new_job_id
from tests.support.runs import RUNNER_KEY, Run, forged_token, instance_id, proof
from tests.support.scheduler import LocalScheduler, Response, notebook

_FILE = {"format": "files", "path": "out/data.csv", "size_bytes": 3}


class Counted:
    """Return the metrics since the last call."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self) -> list[str]:
        lines = [json.loads(line) for line in self._capsys.readouterr().out.splitlines() if '"_aws"' in line]
        sets = [each for line in lines for each in line["_aws"]["CloudWatchMetrics"]]
        names = [metric["Name"] for each in sets for metric in each["Metrics"]]
        return [name for name in names if name in ("RefusedCheckIns", "UnprovenRequests")]


@pytest.fixture
def counted(capsys: pytest.CaptureFixture[str]) -> Counted:
    return Counted(capsys)


def _job_id(run: Run) -> str:
    return run.path.split("/")[3]


def _everything(run: Run) -> list[Response]:
    """Every request of a checked-in runner."""
    return [run.work_order(), run.heartbeat(), run.output_urls(_FILE), run.report()]


def _refusal(response: Response) -> tuple[int, str]:
    return response.status, json.dumps(response.body, sort_keys=True)


def test_somebody_with_read_access_to_the_account_cannot_take_over_a_run(
    local: LocalScheduler, counted: Counted
) -> None:
    """`DescribeTasks` and the task's events contain the launch code, but not the runner key or the record."""
    run = local.launch(content=notebook("1"), parameters={"api_key": "p4ssw0rd"})
    seen_by_readers = json.dumps(local.tasks())
    assert run.environ["LAUNCH_CODE"] in seen_by_readers
    assert RUNNER_KEY not in seen_by_readers

    reader = Run(run.task, runner_key="guessed")
    assert reader.check_in("thief").status == 403
    assert counted() == ["RefusedCheckIns"], "right code, wrong key"
    assert [response.status for response in _everything(reader)] == [403] * 4
    assert local.status(_job_id(run)) == "QUEUED"

    assert run.check_in().status == 200
    assert [response.status for response in _everything(run)] == [200] * 4
    assert local.status(_job_id(run)) == "COMPLETED"


def test_a_notebook_that_knows_the_runner_key_cannot_access_other_runs(local: LocalScheduler, counted: Counted) -> None:
    """It does not know the launch codes of others or, after check-in, their instance ids."""
    waiting, running = local.launch(), local.start()
    counted()
    for code in ("", "0" * 64, running.environ["LAUNCH_CODE"], waiting.environ["LAUNCH_CODE"][:-1]):
        assert waiting.check_in("thief", launch_code=code).status == 403
        assert counted() == ["RefusedCheckIns"], "right key, wrong code"
    thief = Run(running.task, token=forged_token(RUNNER_KEY, running.run_id, instance_id("thief")))
    before = local.item(_job_id(running))
    assert [response.status for response in _everything(thief)] == [403] * 4
    assert counted() == ["RefusedCheckIns"] * 4
    assert local.item(_job_id(running)) == before
    assert waiting.check_in().status == 200
    assert [response.status for response in _everything(running)] == [200] * 4


def test_a_second_instance_with_both_factors_is_rejected_after_check_in(
    local: LocalScheduler, counted: Counted
) -> None:
    run = local.start()
    token = run.token
    counted()
    assert run.check_in("thief").status == 409
    assert counted() == ["RefusedCheckIns"]
    assert run.token == token
    assert run.heartbeat().status == 200


def test_the_next_attempt_has_another_code(local: LocalScheduler) -> None:
    first = local.start()
    local.finish(first, stop_code="SpotInterruption")
    local.clock.forward(minutes=1)
    second = local.launch(_job_id(first))
    assert second.environ["LAUNCH_CODE"] != first.environ["LAUNCH_CODE"]
    assert second.check_in(launch_code=first.environ["LAUNCH_CODE"]).status == 403
    assert second.check_in().status == 200


@pytest.mark.parametrize("end", ["deleted", "stopped", "replaced", "launched on demand"])
def test_a_late_container_raises_no_alarm(local: LocalScheduler, counted: Counted, end: str) -> None:
    """This also happens without an attack: the key is right, but the code is no longer stored, or the attempt was replaced."""
    run = local.launch(compute_type="small-spot")
    job_url = f"/scheduler/jobs/{_job_id(run)}"
    if end == "deleted":
        local.api.delete(job_url)
    elif end == "stopped":
        local.api.patch(job_url, {"status": "STOPPED"})
    elif end == "launched on demand":
        local.finish(run, stop_code="TaskFailedToStart", reason="Capacity is unavailable at this time.")
        local.dispatch()
        assert local.run_of(_job_id(run)).check_in("b").status == 200
    else:
        local.finish(run, stop_code="TaskFailedToStart", reason="Timeout waiting for network interface provisioning")
        local.clock.forward(minutes=10)
        assert local.launch(_job_id(run)).attempt == 2
    counted()
    assert run.check_in().status in (403, 409)
    assert "RefusedCheckIns" not in counted()


def _no_such_job(run: Run, local: LocalScheduler) -> str:
    owner_id, _, _ = run.run_id.split("/")
    return f"{owner_id}/{new_job_id(local.clock(), secrets.token_bytes(10))}/1"


_OTHER_RUNS: dict[str, Callable[[Run, LocalScheduler], str]] = {
    "this run": lambda run, _: run.run_id,
    "no such job": _no_such_job,
    "no such owner": lambda run, _: f"nobody-{'0' * 20}/{run.run_id.partition('/')[2]}",
    "an earlier attempt": lambda run, _: f"{run.run_id[:-1]}0",
    "a later attempt": lambda run, _: f"{run.run_id[:-1]}2",
    "no number": lambda run, _: f"{run.run_id[:-1]}x",
    "a negative number": lambda run, _: f"{run.run_id[:-1]}-1",
    "a number too long": lambda run, _: f"{run.run_id[:-1]}{'1' * 5000}",
    "an id too long": lambda _, __: f"{'o' * 5000}/j/1",
    "an id that is no ASCII": lambda _, __: "ö/j/1",
    "an id that is no text": lambda _, __: "\ud800/j/1",
}


@pytest.mark.parametrize("other", _OTHER_RUNS)
@pytest.mark.parametrize("state", ["launched", "running", "ended"])
def test_outsiders_learn_nothing_about_runs(local: LocalScheduler, counted: Counted, state: str, other: str) -> None:
    """The response is the same whatever the job's existence, attempt and status. A malformed token causes no read."""
    run = local.launch()
    if state != "launched":
        run.check_in()
    if state == "ended":
        run.report()
    counted()
    run_id = _OTHER_RUNS[other](run, local)
    stranger = instance_id("stranger")
    tokens = (
        "",
        "é",
        "0" * 64,
        f"{stranger}.",
        f"{stranger}.{'0' * 64}",
        f"{instance_id('a')}.{'0' * 64}",
        forged_token("guessed", run.run_id, stranger),
    )
    local.calls.clear()
    refusals = set()
    for token in tokens:
        headers = {"x-session-token": token}
        refusals |= {
            _refusal(run.api.get(f"/runs/{run_id}/work-order", headers=headers)),
            _refusal(run.api.post(f"/runs/{run_id}/heartbeat", {"phase": "running"}, headers=headers)),
            _refusal(run.api.post(f"/runs/{run_id}/heartbeat", {"phase": "no phase"}, headers=headers)),
            _refusal(run.api.post(f"/runs/{run_id}/output-urls", {"files": []}, headers=headers)),
            _refusal(run.api.post(f"/runs/{run_id}/report", "no JSON", headers=headers)),
        }
    assert not [call for call in local.calls if call.startswith("dynamodb:")]
    body = {"instance_id": stranger, "launch": 1, "key_proof": "0" * 64, "code_proof": "0" * 64}
    refusals.add(_refusal(run.api.post(f"/runs/{run_id}/check-in", body)))
    ((status, text),) = refusals
    assert (status, json.loads(text)["code"]) == (403, "not_allowed")
    assert set(counted()) <= {"UnprovenRequests"}, "nobody can page the operator with garbage"


def test_a_token_is_valid_only_for_its_run(local: LocalScheduler) -> None:
    first, second = local.start(), local.start()
    first.token, second.token = second.token, first.token
    assert [response.status for response in (*_everything(first), *_everything(second))] == [403] * 8


def test_a_proof_is_valid_only_for_its_instance_launch_and_run(local: LocalScheduler) -> None:
    """Somebody who intercepts a check-in, in spite of TLS, can only repeat it."""
    run, other = local.launch(), local.launch()
    about = (run.run_id, 1, instance_id("a"))
    proofs = {"key_proof": proof(RUNNER_KEY, *about), "code_proof": proof(run.environ["LAUNCH_CODE"], *about)}
    assert run.check_in("b", **proofs).status == 403
    assert run.check_in("a", launch=2, **proofs).status == 403
    assert other.check_in("a", **proofs).status == 403
    assert run.check_in("a", **proofs).status == 200


@pytest.mark.parametrize("swapped", ["key_proof", "code_proof"])
def test_the_proofs_are_not_interchangeable(local: LocalScheduler, swapped: str) -> None:
    run = local.launch()
    factor = run.environ["LAUNCH_CODE"] if swapped == "key_proof" else RUNNER_KEY
    assert run.check_in(**{swapped: proof(factor, run.run_id, 1, instance_id("a"))}).status == 403


def test_a_job_without_a_launch_code_accepts_no_check_in(local: LocalScheduler) -> None:
    """A record that was never claimed has no launch code. An empty code or the key does not match."""
    job_id = local.create()
    run_id = f"{local.owner_id()}/{job_id}/0"
    for factor in ("", RUNNER_KEY):
        body = {
            "instance_id": instance_id("a"),
            "launch": 1,
            "key_proof": proof(RUNNER_KEY, run_id, 1, instance_id("a")),
            "code_proof": proof(factor, run_id, 1, instance_id("a")),
        }
        assert local.api.as_user(None).post(f"/runs/{run_id}/check-in", body).status == 403
    assert local.status(job_id) == "CREATED"


def test_a_check_in_takes_one_read_and_one_write(local: LocalScheduler) -> None:
    run = local.launch()
    run.check_in("thief", key_proof="0" * 64)
    local.calls.clear()
    run.check_in("thief", key_proof="0" * 64)
    assert local.calls == ["dynamodb:GetItem"]
    local.calls.clear()
    run.check_in()
    assert local.calls == ["dynamodb:GetItem", "dynamodb:UpdateItem"]


def test_no_response_or_log_contains_a_factor(
    local: LocalScheduler, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG, logger="chalicelib")
    run = local.launch()
    run.check_in("thief", key_proof="0" * 64)
    run.check_in()
    job = local.factory._job_table.get(local.owner_id(), _job_id(run), local.clock())
    texts = [repr(job), caplog.text, capsys.readouterr().out, json.dumps(local.job(_job_id(run)))]
    texts += [json.dumps(response.body) for response in _everything(run)]
    texts.append(json.dumps(local.api.get("/scheduler/jobs").body))
    for secret in (RUNNER_KEY, run.environ["LAUNCH_CODE"], run.token.rpartition(".")[2]):
        assert not [text for text in texts if secret in text]
