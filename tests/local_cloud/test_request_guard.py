"""Requests to the local cloud from web pages, from other programs, and for other host names."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from local_cloud.daemon import Daemon
from local_cloud.paths import ACCOUNT_ID, REGION, RUNNER_IMAGE, LocalPaths
from tests.local_cloud.requests_by_hand import KEY, forged, path_style, raw, signed

Client = Callable[[str], Any]

EVIL: Final = "https://evil.example"
TOKEN: Final = "t" * 43
"""As long as the token of a container's metadata, but of no container."""
OWN_PATHS: Final = (
    ("POST", "/_ministack/reset"),
    ("POST", "/_ministack/config"),
    ("GET", f"/_ministack/sqs/messages?account={ACCOUNT_ID}"),
    ("GET", "/_ministack/ses/messages"),
    ("GET", "/_ministack/sns/sms-messages"),
    ("GET", f"/_ministack/lambda-code/{ACCOUNT_ID}/{REGION}/f"),
    ("GET", f"/_ministack/lambda-layers/{ACCOUNT_ID}/{REGION}/l/1/content"),
    ("PUT", "/_ministack/cfn-response/token"),
    ("PUT", "/_ministack/cfn-signal/token"),
    ("POST", "/_ministack/rds/iam-auth"),
    ("POST", "/_ministack/eks-auth/x"),
    ("GET", "/_ministack/ready"),
    ("GET", "/_ministack/iot/ca.pem"),
    ("GET", "/_ministack/transfer/sftp-ports"),
    ("GET", "/_localstack/health"),
    ("GET", "/health"),
    ("GET", "/_aws/lambda-url/x/"),
    ("GET", "/_alb/x/"),
    ("GET", "/latest/meta-data/iam/security-credentials/"),
    ("PUT", "/latest/api/token"),
    ("GET", "/v2/credentials/x"),
    ("GET", "/v2/_catalog"),
    ("POST", "/v2/email/identities"),
    ("POST", "/v2/email/outbound-emails/"),
    ("PUT", "/v2/image/manifests/latest"),
    ("POST", "/oauth2/token"),
    ("GET", "/oauth2/authorize"),
    ("POST", "/login"),
    ("GET", "/logout"),
    ("GET", "/pool/.well-known/jwks.json"),
)
"""The paths to which MiniStack responds without a signature (ministack/app.py, services/imds.py, ecr.py and cognito.py of 1.5.33)."""


@pytest.fixture(scope="module", autouse=True)
def _things(client: Client) -> None:
    """Create a queue with a message, a bucket with an object, and a task definition."""
    queue = client("sqs").create_queue(QueueName="wake-up")["QueueUrl"]
    client("sqs").send_message(QueueUrl=queue, MessageBody="the secret")
    client("s3").create_bucket(Bucket="private")
    client("s3").put_object(Bucket="private", Key="a", Body=b"the secret")
    client("ecs").create_cluster(clusterName="jobs")
    container = {"name": "runner", "image": RUNNER_IMAGE}
    client("ecs").register_task_definition(family="runner", containerDefinitions=[container])


@pytest.fixture(autouse=True)
def _intact(client: Client) -> Iterator[None]:
    """Check after each test that the resources are unchanged."""
    yield
    assert [bucket["Name"] for bucket in client("s3").list_buckets()["Buckets"]] == ["private"]
    assert [item["Key"] for item in client("s3").list_objects_v2(Bucket="private")["Contents"]] == ["a"]
    assert len(client("sqs").list_queues()["QueueUrls"]) == 1
    assert client("ecs").list_tasks(cluster="jobs")["taskArns"] == []
    assert client("ecs").list_tasks(cluster="jobs", desiredStatus="STOPPED")["taskArns"] == []


@pytest.fixture(scope="module")
def http(daemon: Daemon) -> Iterator[httpx.Client]:
    assert daemon.pid
    with httpx.Client(timeout=30) as http:
        yield http


def launch(command: str) -> dict[str, Any]:
    override = {"name": "runner", "command": ["/bin/sh", "-c", command]}
    return {"cluster": "jobs", "taskDefinition": "runner", "overrides": {"containerOverrides": [override]}}


PAGES: Final[tuple[dict[str, str], ...]] = (
    {"Origin": EVIL},
    {"Origin": EVIL, "Sec-Fetch-Site": "cross-site", "Content-Type": "text/plain"},
    {"Origin": "null"},
    {"Origin": "http://localhost:8888"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "same-origin"},
    {"Sec-Fetch-Site": "none"},
)


@pytest.mark.parametrize("headers", PAGES, ids=str)
def test_a_web_page_is_refused_even_with_the_keys(paths: LocalPaths, tmp_path: Path, headers: dict[str, str]) -> None:
    response = signed(paths, "RunTask", launch(f"touch {tmp_path}/ran"), headers)
    assert response.status_code == 403
    assert "web pages" in response.json()["message"]
    assert not [name for name in response.headers if name.startswith("access-control-")]


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:{port}", "127.0.0.1", "127.0.0.1:1", "private.localhost:{port}", "[::1]:{port}"],
)
def test_another_host_name_is_refused(paths: LocalPaths, tmp_path: Path, host: str) -> None:
    response = signed(paths, "RunTask", launch(f"touch {tmp_path}/ran"), {"Host": host.format(port=paths.port)})
    assert response.status_code == 421
    assert f"127.0.0.1:{paths.port}" in response.json()["message"]


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/private/a",
        "/_ministack/health",
        f"/v4/{TOKEN}",
        "/_aws/execute-api/a/v1/scheduler/jobs",
        "/restapis/a/v1/_user_request_/",
    ],
)
@pytest.mark.parametrize(
    ("headers", "status"), [({"Host": "evil.example:80"}, 421), ({"Origin": EVIL}, 403)], ids=["host", "origin"]
)
def test_every_path_is_refused_to_web_pages(paths: LocalPaths, path: str, headers: dict[str, str], status: int) -> None:
    for method in ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"):
        response = httpx.request(method, f"{paths.endpoint_url}{path}", headers=headers, timeout=30)
        assert response.status_code == status, method
        assert "access-control-allow-origin" not in response.headers


@pytest.mark.parametrize("host", ["", "Host: a\r\nHost: 127.0.0.1:{port}\r\n"], ids=["none", "two"])
def test_a_request_without_exactly_one_host_is_refused(paths: LocalPaths, daemon: Any, host: str) -> None:
    assert daemon.pid
    head = f"GET /_ministack/health HTTP/1.1\r\n{host.format(port=paths.port)}Connection: close\r\n\r\n"
    assert raw(paths, head).partition(b"\r\n")[0].split()[1] in (b"400", b"421")


@pytest.mark.parametrize("path", ["/_aws/execute-api/a/v1/", "/", "/_ministack/health"])
@pytest.mark.parametrize("origin", ["", f"Origin: {EVIL}\r\n"])
def test_websockets_are_refused(paths: LocalPaths, path: str, origin: str) -> None:
    head = (
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{paths.port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n{origin}\r\n"
    )
    assert raw(paths, head).split()[1] == b"403"


@pytest.mark.parametrize("service", [None, "s3", "imds", "sts"])
def test_paths_that_need_no_signature_are_closed(paths: LocalPaths, http: httpx.Client, service: str | None) -> None:
    headers = {} if service is None else forged(service)
    for method, path in OWN_PATHS:
        response = http.request(method, f"{paths.endpoint_url}{path}", headers=headers)
        assert response.status_code == 403, (path, response.text)
        assert f"{path.partition('?')[0]} is closed" in response.json()["message"]


UNSIGNED: Final = (
    ("POST", "/v2/email/outbound-emails"),
    ("GET", "/"),
    ("POST", f"/v4/{TOKEN}"),
    ("GET", f"/v4/{TOKEN}?Action=ListUsers&Version=2010-05-08"),
    ("GET", f"/v4/{TOKEN}x/task"),
    ("GET", "/v4/short/task"),
    ("PUT", "/new-bucket"),
    ("DELETE", "/private/a"),
    ("GET", "/private/a"),
    ("GET", "/?Action=ListUsers&Version=2010-05-08"),
    ("GET", "/?Action=GetCallerIdentity&Version=2011-06-15"),
    ("GET", "/?Action=GetFederationToken&Name=x&Version=2011-06-15"),
    ("GET", f"/?Action=AssumeRole&RoleSessionName=x&Version=2011-06-15&RoleArn=arn:aws:iam::{ACCOUNT_ID}:role/r"),
    ("GET", "/?Action=AssumeRoleWithWebIdentity&RoleSessionName=x&WebIdentityToken=a.b.c&Version=2011-06-15"),
    ("GET", f"/{ACCOUNT_ID}/wake-up?Action=ReceiveMessage"),
    ("GET", f"/{ACCOUNT_ID}/wake-up?Action=SendMessage&MessageBody=forged"),
    ("GET", "/?Action=Unsubscribe&SubscriptionArn=x"),
    ("GET", "/?Action=CreateTopic&Name=x"),
    ("POST", "/private?delete"),
    ("POST", "/new-bucket/key?uploads"),
)
"""Requests of a link, a picture or a form in a page, also from a browser that sends no header about the page."""


@pytest.mark.parametrize("signature", ["", "X-Amz-Signature=0", "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=0"])
def test_an_unsigned_call_is_refused(paths: LocalPaths, http: httpx.Client, signature: str) -> None:
    for method, path in UNSIGNED:
        url = f"{paths.endpoint_url}{path}{'&' if '?' in path else '?'}{signature}"
        response = http.request(method, url, headers={"Content-Type": "multipart/form-data; boundary=b"})
        assert response.status_code == 403, (path, response.text)
        assert "sign the request" in response.json()["message"]


@pytest.mark.parametrize("rest", ["", "/task"])
def test_the_metadata_of_a_container_needs_its_token(paths: LocalPaths, http: httpx.Client, rest: str) -> None:
    response = http.get(f"{paths.endpoint_url}/v4/{TOKEN}{rest}")
    assert (response.status_code, response.json()["message"]) == (404, "unknown token")
    response = http.get(f"{paths.endpoint_url}/v4/{TOKEN}{rest}", headers={"X-Amz-Target": "AmazonSQS.ListQueues"})
    assert response.status_code == 403


@pytest.mark.parametrize("authorization", ["AWS4-HMAC-SHA256", "AWS AKIA:x", "Bearer x", "Basic eDp5", ""])
def test_a_header_without_a_signature_is_refused(paths: LocalPaths, http: httpx.Client, authorization: str) -> None:
    for method, path in UNSIGNED:
        response = http.request(method, f"{paths.endpoint_url}{path}", headers={"Authorization": authorization})
        assert response.status_code == 403, (path, response.text)


@pytest.mark.parametrize("service", ["s3", "sts", "sqs", "iam", "sns"])
def test_a_forged_signature_is_refused(paths: LocalPaths, http: httpx.Client, service: str) -> None:
    headers = forged(service)
    date = headers["X-Amz-Date"]
    scope = f"{KEY}/{date[:8]}/{REGION}/{service}/aws4_request"
    query = (
        f"X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={scope}&X-Amz-Date={date}&X-Amz-Expires=900"
        "&X-Amz-SignedHeaders=host&X-Amz-Signature=0"
    )
    for method, path in UNSIGNED:
        url = f"{paths.endpoint_url}{path}"
        presigned = f"{url}{'&' if '?' in path else '?'}{query}"
        for response in (http.request(method, url, headers=headers), http.request(method, presigned)):
            assert 400 <= response.status_code < 500, (method, path, response.text)
            assert "the secret" not in response.text


def test_preflight_requests_are_refused(paths: LocalPaths, http: httpx.Client) -> None:
    for path in ("/", "/private/a", "/_aws/execute-api/a/v1/scheduler/jobs"):
        response = http.options(f"{paths.endpoint_url}{path}", headers=forged("s3"))
        assert response.status_code == 403, path
        assert "access-control-allow-origin" not in response.headers


def test_a_form_is_accepted_only_with_its_signature(paths: LocalPaths, http: httpx.Client) -> None:
    s3 = path_style(paths, "127.0.0.1")
    form = s3.generate_presigned_post("private", "b")
    tampered = {**form["fields"], "x-amz-signature": "0" * 64}
    unsigned = {"key": "b"}
    for fields in (unsigned, tampered, {**form["fields"], "key": "a"}):
        response = http.post(form["url"], data=fields, files={"file": b"x"})
        assert response.status_code == 403, fields
    assert (
        http.post(form["url"], data=form["fields"], files={"file": b"x"}, headers={"Origin": EVIL}).status_code == 403
    )
    target = {"X-Amz-Target": "AmazonEC2ContainerServiceV20141113.ListTasks"}
    assert http.post(form["url"], data=form["fields"], files={"file": b"x"}, headers=target).status_code == 403
    assert http.post(form["url"], data=form["fields"], files={"file": b"x"}).status_code == 204
    s3.delete_object(Bucket="private", Key="b")


def test_requests_of_programs_are_accepted(paths: LocalPaths, http: httpx.Client) -> None:
    """By both names of loopback, with presigned URLs, and opened by a person in a browser."""
    for name in ("127.0.0.1", "localhost", "LOCALHOST"):
        s3 = path_style(paths, name)
        assert s3.get_object(Bucket="private", Key="a")["Body"].read() == b"the secret"
        presigned = s3.generate_presigned_url("get_object", Params={"Bucket": "private", "Key": "a"})
        opened = {"Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "navigate"}
        assert http.get(presigned, headers=opened).content == b"the secret"
        assert http.get(presigned, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert http.get(f"{paths.endpoint_url}/_ministack/health").status_code == 200
