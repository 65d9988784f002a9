from pathlib import Path

import boto3
import pytest

from jupyter_scheduler_aws import Client
from jupyter_scheduler_aws.errors import (
    NoCredentialsError,
    NoRegionError,
    NotAllowedError,
    NoUrlError,
)
from tests.jupyter_scheduler_aws.fake_api import FakeApi
from tests.jupyter_scheduler_aws.fake_server import Fault, Response


def test_url_is_required() -> None:
    with pytest.raises(NoUrlError, match="JUPYTER_SCHEDULER_AWS_URL"):
        Client()


@pytest.mark.parametrize(
    "url", ["abc123.execute-api.eu-central-1.amazonaws.com/v1", "https://", "ftp://x/y", "https://x:y/z"]
)
def test_invalid_url_is_refused(url: str) -> None:
    with pytest.raises(NoUrlError, match="is not a URL"):
        Client(url)


def test_url_from_the_environment(api: FakeApi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUPYTER_SCHEDULER_AWS_URL", f" {api.url}/scheduler/ ")
    with Client() as client:
        assert client.health().version == "0.1.0"


def test_region_in_the_url_takes_precedence(monkeypatch: pytest.MonkeyPatch) -> None:
    url = "https://abc123.execute-api.ap-south-1.amazonaws.com/v1"
    assert Client(url).region == "ap-south-1"
    assert Client(url, region="us-east-1").region == "us-east-1"
    assert Client("https://jobs.example.org/v1").region == "eu-central-1"
    monkeypatch.delenv("AWS_REGION")
    with pytest.raises(NoRegionError, match="AWS_REGION"):
        Client("https://jobs.example.org/v1")


def test_temporary_credentials_sign_with_their_token(api: FakeApi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "ASIATEMPORARY")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "another secret")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "session/token+==")
    with Client(api.url) as client:
        client.health()

    request = api.requests[0]
    assert request.headers["x-amz-security-token"] == "session/token+=="
    assert "x-amz-security-token" in request.headers["authorization"]


EXPIRED = Response.refusal(403, "The security token included in the request is expired", "expired")

EXPIRED_FOR_THE_STACK = Response.refusal(
    403,
    "The AWS credentials have expired. Get new ones (for instance `aws sso login`) and try again.",
    "not_authenticated",
)
"""As the stack's gateway response words it."""


def write_credentials(path: Path, key: str, secret: str) -> None:
    path.write_text(f"[default]\naws_access_key_id = {key}\naws_secret_access_key = {secret}\naws_session_token = t\n")


@pytest.fixture
def credentials_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A file with temporary credentials, as a company's login tool writes it."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    path = tmp_path / "credentials"
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(path))
    write_credentials(path, "ASIATEMPORARY", "another secret")
    return path


@pytest.mark.parametrize("expired", [EXPIRED, EXPIRED_FOR_THE_STACK], ids=["of AWS", "of the stack"])
def test_new_login_is_used_without_a_restart(api: FakeApi, credentials_file: Path, expired: Response) -> None:
    with Client(api.url) as client:
        client.health()
        write_credentials(credentials_file, "AKIDEXAMPLE", "secret")
        client.health()
        api.faults.append(Fault("GET", "/v1/scheduler/health", instead=expired))
        client.health()
        client.health()
    keys = [request.headers["authorization"].partition("Credential=")[2].partition("/")[0] for request in api.requests]
    assert keys == ["ASIATEMPORARY", "ASIATEMPORARY", "ASIATEMPORARY", "AKIDEXAMPLE", "AKIDEXAMPLE"]


def test_expired_login_is_explained(api: FakeApi, credentials_file: Path) -> None:
    api.faults.append(Fault("GET", "/v1/scheduler/health", instead=EXPIRED))
    with Client(api.url) as client, pytest.raises(NotAllowedError, match="Log in again"):
        client.health()
    assert len(api.requests) == 1


def test_given_session_is_not_replaced(api: FakeApi, credentials_file: Path) -> None:
    session = boto3.Session()
    write_credentials(credentials_file, "AKIDEXAMPLE", "secret")
    api.faults.append(Fault("GET", "/v1/scheduler/health", instead=EXPIRED))
    with Client(api.url, session=session) as client, pytest.raises(NotAllowedError, match="Log in again"):
        client.health()


def test_wrong_secret_is_refused(api: FakeApi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong")
    with Client(api.url) as client, pytest.raises(NotAllowedError, match="does not match"):
        client.health()


def test_unknown_keys_are_explained(api: FakeApi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAUNKNOWN")
    with Client(api.url) as client, pytest.raises(NotAllowedError, match="check AWS_PROFILE"):
        client.health()


def test_missing_credentials_are_explained(api: FakeApi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    with Client(api.url) as client, pytest.raises(NoCredentialsError, match="aws sso login"):
        client.health()
    with pytest.raises(NoCredentialsError, match="nobody"):
        Client(api.url, profile="nobody")


def test_proxy_is_not_used_for_this_machine(api: FakeApi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    with Client(api.url) as client:
        assert client.health().version == "0.1.0"
