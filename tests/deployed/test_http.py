"""The deployed API over plain HTTP."""

import httpx
import pytest

from tests.support.deployed import Deployed

pytestmark = pytest.mark.local_cloud


def test_unsigned_requests_are_refused_in_the_format_of_the_api(deployed: Deployed) -> None:
    response = httpx.get(f"{deployed.api_url}/scheduler/jobs", timeout=60)
    assert response.status_code == 403
    assert response.json()["message"]


def test_a_preflight_request_is_refused(deployed: Deployed) -> None:
    """The local cloud refuses every page. The API's own response to a page is in the template (tests/infra/test_api.py)."""
    headers = {"Origin": "https://lab.example.com", "Access-Control-Request-Method": "POST"}
    response = httpx.options(f"{deployed.api_url}/scheduler/jobs", headers=headers, timeout=60)
    assert response.status_code == 403
    assert "access-control-allow-origin" not in response.headers


def test_a_browser_may_read_the_response(http: httpx.Client) -> None:
    assert http.get("/scheduler/config").headers["access-control-allow-origin"] == "*"


def test_who_am_i(http: httpx.Client) -> None:
    health = http.get("/scheduler/health").json()
    assert health["you"]["arn"].endswith(":user/notebook-user")
    assert health["you"]["owner_id"].startswith("user-")


def test_environments_have_the_format_that_the_panel_needs(http: httpx.Client) -> None:
    environments = http.get("/scheduler/runtime_environments").json()
    assert environments
    assert all(environment["label"] == environment["name"] for environment in environments)


def test_the_first_request_of_the_panel_gets_an_empty_list(http: httpx.Client) -> None:
    response = http.get("/scheduler/jobs?max_items=0&1795413699291")
    assert (response.status_code, response.json()["jobs"]) == (200, [])
    assert "next_token" not in response.json()


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/scheduler/jobs/no-such-job", None, 404),
        ("GET", "/scheduler/jobs?sort_by=asc(colour)", None, 400),
        ("GET", "/scheduler/jobs?next_token=nonsense", None, 400),
        ("POST", "/scheduler/jobs", {"name": "x"}, 400),
        ("POST", "/scheduler/jobs", "not json", 400),
        ("POST", "/scheduler/uploads", {"filename": "a.ipynb", "size_bytes": 10**12}, 413),
        ("PATCH", "/scheduler/jobs/no-such-job", {"status": "STOPPED"}, 404),
        ("DELETE", "/scheduler/jobs/no-such-job", None, 404),
        ("GET", "/runs/someone/no-such-job/1/work-order", None, 403),
    ],
)
def test_invalid_requests_get_a_clear_response(
    http: httpx.Client, method: str, path: str, body: object, status: int
) -> None:
    content = {"content": body} if isinstance(body, str) else {"json": body} if body is not None else {}
    headers = {"content-type": "application/json"}
    response = http.request(method, path, headers=headers, **content)
    assert response.status_code == status, response.text
    assert set(response.json()) == {"message", "reason", "code", "request_id"}
    assert response.json()["message"]


def test_a_presigned_upload_url_accepts_no_other_upload(http: httpx.Client) -> None:
    form = http.post("/scheduler/uploads", json={"filename": "a.ipynb", "size_bytes": 10}).json()
    fields = {**form["fields"], "key": "jobs/somebody/else"}
    response = httpx.post(form["url"], data=fields, files={"file": b"x"}, timeout=60)
    assert response.status_code in (400, 403)
