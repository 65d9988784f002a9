"""`make deploy`: what it runs, and what stops it. A small program plays the CDK command line, moto plays CloudFormation."""

import stat
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from moto import mock_aws

from infra.deploy import commands, main
from tests.infra.preflight.stubs import REGION

TEMPLATE = '{"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}'


@pytest.fixture(autouse=True)
def _credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_REGION", REGION)
    monkeypatch.delenv("AWS_PROFILE", raising=False)


@pytest.fixture
def aws() -> Iterator[None]:
    with mock_aws():
        yield


@pytest.fixture
def cdk(tmp_path: Path) -> Path:
    """Note the arguments of each call, and fail if a file says so."""
    program = tmp_path / "cdk"
    program.write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/calls\ntest ! -e {tmp_path}/fails || exit 7\n')
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return program


def calls(cdk: Path) -> list[str]:
    noted = cdk.with_name("calls")
    return noted.read_text().splitlines() if noted.exists() else []


def test_a_new_stack_is_protected_after_its_creation(cdk: Path, aws: None) -> None:
    assert main(["--no-preflight", "--cdk", str(cdk)]) == 0
    assert calls(cdk) == ["deploy -c protect_tables=false", "deploy"]


def test_a_new_stack_that_fails_is_not_deployed_a_second_time(cdk: Path, aws: None) -> None:
    cdk.with_name("fails").touch()
    assert main(["--no-preflight", "--cdk", str(cdk)]) == 7
    assert calls(cdk) == ["deploy -c protect_tables=false"]


def test_an_existing_stack_is_deployed_once(cdk: Path, aws: None) -> None:
    boto3.client("cloudformation", region_name=REGION).create_stack(StackName="theirs", TemplateBody=TEMPLATE)
    assert main(["--no-preflight", "--cdk", str(cdk), "-c", "stack_name=theirs"]) == 0
    assert calls(cdk) == ["deploy -c stack_name=theirs"]


def test_without_a_response_the_tables_are_protected_from_the_start(cdk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    assert main(["--no-preflight", "--cdk", str(cdk)]) == 0
    assert calls(cdk) == ["deploy"]


@pytest.mark.parametrize("context", [{"retain_data": "false"}, {"protect_tables": "false"}])
def test_a_stack_without_protected_tables_is_deployed_once(context: dict[str, str]) -> None:
    assert len(commands("cdk", context, is_first=True)) == 1


def test_an_error_of_the_preflight_deploys_nothing(
    cdk: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    assert main(["--cdk", str(cdk)]) == 1
    assert calls(cdk) == []
    assert "credentials: Unable to locate credentials" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("context", "message"),
    [
        ("stack_name", "-c stack_name: write key=value"),
        ("settings=none.toml", "none.toml: cannot be read"),
        ("stack_name=1st", "-c stack_name=1st: String should match"),
    ],
)
def test_an_invalid_context_is_reported_in_one_line(
    context: str, message: str, cdk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--cdk", str(cdk), "-c", context]) == 1
    assert message in capsys.readouterr().err
    assert calls(cdk) == []


def test_a_missing_profile_is_reported_in_one_line(
    cdk: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    assert main(["--cdk", str(cdk)]) == 1
    assert "nobody" in capsys.readouterr().err
    assert calls(cdk) == []
