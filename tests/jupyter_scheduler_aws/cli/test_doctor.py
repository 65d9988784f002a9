import json

import pytest

from tests.jupyter_scheduler_aws.cli.conftest import Nbjobs
from tests.jupyter_scheduler_aws.fake_api import FAILED, FakeApi, ended
from tests.jupyter_scheduler_aws.fake_definitions import REFUSED
from tests.jupyter_scheduler_aws.fake_server import Fault, Response


def results(nbjobs: Nbjobs, *options: str) -> dict[str, str]:
    findings = json.loads(nbjobs("doctor", "--json", *options).stdout)
    return {finding["check"]: finding["result"] for finding in findings}


def test_all_checks_pass(api: FakeApi, nbjobs: Nbjobs) -> None:
    done = nbjobs("doctor")

    assert done.code == 0
    assert [line.split()[:2] for line in done.lines] == [
        ["ok", name]
        for name in (
            *("url", "credentials", "service", "you", "versions", "environments", "write", "read", "definitions"),
            "job",
        )
    ]
    assert api.jobs == {}


def test_no_job_skips_the_job(api: FakeApi, nbjobs: Nbjobs) -> None:
    assert "job" not in results(nbjobs, "--no-job")
    assert api.seen("POST", "/v1/scheduler/jobs") == []
    assert len(api.seen("POST", "/bucket")) == 1


def test_without_a_url_all_other_checks_are_skipped(nbjobs: Nbjobs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JUPYTER_SCHEDULER_AWS_URL")

    done = nbjobs("doctor")

    assert done.code == 3
    assert done.lines[0].startswith("FAIL  url")
    assert {line.split()[0] for line in done.lines[1:]} == {"skip"}


def test_missing_credentials_are_found(nbjobs: Nbjobs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")

    found = results(nbjobs)
    assert (found["url"], found["credentials"], found["service"], found["job"]) == ("ok", "FAIL", "skip", "skip")


def test_refused_credentials_are_found(nbjobs: Nbjobs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong")

    assert nbjobs("doctor").code == 4
    assert results(nbjobs)["service"] == "FAIL"


def test_a_wrong_clock_is_found(api: FakeApi, nbjobs: Nbjobs) -> None:
    api.clock_off_millis = -600_000

    done = nbjobs("doctor")
    assert "differ by 10 min" in done.stdout
    assert done.code == 1


def test_failing_uploads_are_found(api: FakeApi, nbjobs: Nbjobs) -> None:
    api.faults.append(Fault("POST", "/bucket", instead=Response(403)))

    found = results(nbjobs)
    assert (found["write"], found["read"], found["job"]) == ("FAIL", "ok", "skip")


def test_missing_environments_are_found(api: FakeApi, nbjobs: Nbjobs) -> None:
    api.environments = []

    assert results(nbjobs)["environments"] == "FAIL"


def test_a_failing_definition_is_found(api: FakeApi, nbjobs: Nbjobs) -> None:
    api.page_size = 100
    api.add_definition("Fine")
    definition_id = api.add_definition("Weekly", schedule="0 9 * * MON", problems=[REFUSED])
    done = nbjobs("doctor", "--no-job")
    assert done.code == 1
    found = " ".join(done.stdout.split())
    assert f"FAIL definitions 1 of your 2 newest job definitions fail, such as 'Weekly' ({definition_id}):" in found
    assert REFUSED["message"] in found
    assert results(nbjobs)["job"] == "ok"


def test_a_failed_job_is_not_deleted(api: FakeApi, nbjobs: Nbjobs) -> None:
    api.plan = [FAILED]

    done = nbjobs("doctor")

    [job_id] = api.jobs
    assert done.code == 1
    assert f"FAILED: The notebook raised an error. {FAILED['outcome']['message']} See `nbjobs show {job_id}`" in (
        done.stdout
    )


def test_a_job_without_its_output_is_found(api: FakeApi, nbjobs: Nbjobs) -> None:
    api.plan = [{"output_formats": []}, ended("COMPLETED", "succeeded", "Completed")]
    api.faults.append(Fault("GET", ".*/download_files", instead=Response.of({"files": [], "expires_in_seconds": 900})))

    done = nbjobs("doctor")

    assert "FAIL  job" in done.stdout
    assert len(api.jobs) == 1
