"""One audit line for each request that changes something or makes a URL, and none for any other."""

import json
import logging
import subprocess
import sys
from collections.abc import Callable, Iterator
from io import StringIO
from typing import Any

import pytest

from app.app import app
from tests.support.definitions import Definitions
from tests.support.faults import Always
from tests.support.http_api import match_resource, unique_id_of
from tests.support.scheduler import ANNA, BOB, Api, LocalScheduler, notebook, scheduler, settings

Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def local() -> Iterator[LocalScheduler]:
    """A scheduler whose admin is Bob."""
    with scheduler(settings(ownership={"admins": (BOB,)})) as made:
        yield made


@pytest.fixture
def lines(local: LocalScheduler) -> Iterator[Lines]:
    """Return the audit lines since the last call, as the service's own handler formats them."""
    local.api.get("/scheduler/health")  # the first request gives the logs their form
    logger, stream = logging.getLogger("chalicelib.observability.audit"), StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.getLogger("chalicelib").handlers[0].formatter)

    def take() -> list[dict[str, Any]]:
        taken = [json.loads(each) for each in stream.getvalue().splitlines()]
        stream.seek(0)
        stream.truncate()
        return taken

    logger.addHandler(handler)
    yield take
    logger.removeHandler(handler)


def _body(local: LocalScheduler, **fields: Any) -> dict[str, Any]:
    own = {"name": "n", "input_filename": "x.ipynb", "runtime_environment_name": "python", **fields}
    return {"input_uri": local.upload(notebook()), **own}


def _make_urls(local: LocalScheduler, job_id: str) -> list[tuple[str, str, Any]]:
    """Return the requests that make URLs; those of runners with their run."""
    return [
        ("GET", f"/scheduler/jobs/{job_id}/download_files", None),
        ("POST", "/scheduler/uploads", {"filename": "x.ipynb"}),
    ]


def _changes(local: LocalScheduler, made: Definitions) -> list[tuple[str, str, Any]]:
    """Return one request for each route below `/scheduler` that changes something."""
    jobs, definition = [local.create() for _ in range(3)], made.create()
    return [
        ("POST", "/scheduler/jobs", _body(local)),
        ("PATCH", f"/scheduler/jobs/{jobs[0]}", {"status": "STOPPED"}),
        ("DELETE", f"/scheduler/jobs/{jobs[0]}", None),
        ("DELETE", f"/scheduler/batch/jobs?job_id={jobs[1]}&job_id={jobs[2]}", None),
        ("POST", "/scheduler/job_definitions", _body(local)),
        ("PATCH", f"/scheduler/job_definitions/{definition}", {"active": False}),
        ("POST", f"/scheduler/job_definitions/{definition}/jobs", {"parameters": {"key": "s3cr3t-value"}}),
        ("DELETE", f"/scheduler/job_definitions/{definition}", None),
        ("PATCH", f"/scheduler/owners/{local.owner_id()}", {"disabled": False}),
    ]


def test_each_route_that_changes_something_leaves_one_line(
    local: LocalScheduler, made: Definitions, lines: Lines
) -> None:
    requests = [*_changes(local, made), *_make_urls(local, local.create())]
    walked = {("POST", "/scheduler/job_definitions/{definition_id}/take_over")}  # tested beside its service
    for method, url, body in requests:
        lines()
        response = local.api.request(method, url, body=body)
        (line,) = lines()
        route = (method, match_resource(url.partition("?")[0])[0])
        walked.add(route)
        assert (line["route"], line["status"]) == (" ".join(route), response.status)
        assert (line["principal_arn"], line["owner_id"]) == (ANNA, local.owner_id())
        assert (line["request_id"], line["source_ip"], line["level"]) == ("request-1", "127.0.0.1", "INFO")
        assert "s3cr3t-value" not in json.dumps(line)
        assert "://" not in json.dumps({name: value for name, value in line.items() if name != "route"})
    changing = {
        (method, path)
        for path, methods in app.routes.items()
        for method in methods
        if path.startswith("/scheduler/") and method != "GET"
    }
    assert walked >= changing


def test_routes_that_only_read_leave_no_audit_line(local: LocalScheduler, made: Definitions, lines: Lines) -> None:
    ids = {"job_id": local.create(), "definition_id": made.create(), "owner_id": local.owner_id()}
    lines()
    for path, methods in app.routes.items():
        if path.startswith("/scheduler/") and "GET" in methods and not path.endswith(("/download_files", "/latest")):
            url = path.format(**ids)
            local.api.as_user(BOB).get(f"{url}?schedule=@daily&owner_id={ids['owner_id']}")
            assert lines() == [], path


def test_requests_of_a_runner_for_urls_and_changes_leave_audit_lines(local: LocalScheduler, lines: Lines) -> None:
    run = local.launch()
    lines()
    seen = []
    for call in (
        run.check_in,
        run.work_order,
        lambda: run.output_urls({"format": "files", "path": "x", "size_bytes": 1}),
        run.heartbeat,
        run.report,
    ):
        assert call().status == 200
        found = lines()
        seen += [each["action"] for each in found]
        for each in found:
            assert f"{each['owner_id']}/{each['job_id']}/{each['attempt']}" in run.path
            assert each["status"] == 200
            assert not {"principal", "principal_arn", "caller_id"} & set(each)
            assert "on_behalf" not in each
    assert seen == ["check_in", "get_work_order", "make_output_urls", "report"]
    assert run.check_in("another").status == 409
    assert [(each["action"], each["status"]) for each in lines()] == [("check_in", 409)]


def test_the_audit_line_shows_that_an_admin_acts_for_an_owner(local: LocalScheduler, lines: Lines) -> None:
    job_id, bob, anna = local.create(), local.api.as_user(BOB), local.owner_id()
    lines()
    assert bob.patch(f"/scheduler/jobs/{job_id}?owner_id={anna}", {"status": "STOPPED"}).status == 204
    (line,) = lines()
    assert line["on_behalf"] is True
    assert (line["owner_id"], line["caller_id"]) == (anna, local.owner_id(bob))
    assert (line["principal"], line["principal_arn"]) == (unique_id_of(BOB), BOB)
    assert (line["action"], line["job_id"]) == ("update_job", job_id)
    local.create(api=bob)
    assert all("on_behalf" not in each for each in lines())


def test_audit_lines_contain_ids_of_created_and_deleted_resources(local: LocalScheduler, lines: Lines) -> None:
    ids = [local.create(), local.create()]
    assert [each["created_id"] for each in lines() if each["action"] == "create_job"] == ids
    local.api.delete(f"/scheduler/batch/jobs?job_id={ids[0]}&job_id={ids[1]}")
    assert [each["job_ids"] for each in lines()] == [ids]


@pytest.mark.parametrize(
    ("api", "url", "status"),
    [
        (Api(BOB), "/scheduler/jobs/01-nothing", 404),
        (Api(ANNA), "/scheduler/jobs/01-nothing?owner_id=bob-1", 403),
        (Api(None), "/scheduler/jobs/01-nothing", 401),
        (Api(ANNA), f"/scheduler/jobs/{'x' * 5000}", 404),
    ],
)
def test_a_rejected_request_leaves_an_audit_line(
    local: LocalScheduler, lines: Lines, api: Api, url: str, status: int
) -> None:
    assert api.delete(url).status == status
    (line,) = lines()
    assert (line["status"], line["action"]) == (status, "delete_job")
    assert line.get("principal_arn") == api.user_arn
    assert len(json.dumps(line)) < 1500


def test_a_failed_request_leaves_an_audit_line(local: LocalScheduler, lines: Lines) -> None:
    job_id = local.create()
    lines()
    local.hub.listeners.append(Always("InternalServerError", "dynamodb:DeleteItem", status=500))
    assert local.api.delete(f"/scheduler/jobs/{job_id}").status == 500
    (line,) = lines()
    assert line["status"] == 500


def test_audit_lines_do_not_depend_on_the_log_level() -> None:
    """The operator may set `functions.log_level`; audit lines do not depend on it."""
    code = "from chalicelib.observability import add_log_keys, audit; add_log_keys(owner_id='o'); audit(action='a')"
    env = {"LOG_LEVEL": "ERROR", "POWERTOOLS_SERVICE_NAME": "api"}
    made = subprocess.run([sys.executable, "-c", code], env=env, check=True, capture_output=True, text=True)
    line = json.loads(made.stdout)
    assert (line["message"], line["action"], line["owner_id"], line["level"]) == ("audit", "a", "o", "INFO")
