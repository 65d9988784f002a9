"""The credentials of emulated functions."""

import hashlib
import io
import json
import zipfile
from collections.abc import Callable
from typing import Any, Final

import boto3
import pytest
from botocore.exceptions import ClientError

from local_cloud.paths import REGION, LocalPaths
from tests.local_cloud.conftest import make_role

Client = Callable[[str], Any]

_SOURCE: Final = """
import boto3

def handler(event, context):
    return boto3.client("sts").get_caller_identity()["Arn"]
"""


@pytest.fixture(scope="module")
def role(client: Client) -> str:
    return make_role(client, "f", "lambda.amazonaws.com", Action="s3:ListAllMyBuckets", Resource="*")


@pytest.fixture(scope="module")
def function(client: Client, role: str) -> str:
    """Create a function and run it, so that the emulator has its session; return its ARN."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as bundle:
        bundle.writestr("f.py", _SOURCE)
    code = {"ZipFile": archive.getvalue()}
    options = {"Runtime": "python3.13", "Handler": "f.handler", "Timeout": 30}
    made = client("lambda").create_function(FunctionName="f", Role=role, Code=code, **options)
    client("lambda").invoke(FunctionName="f")
    return str(made["FunctionArn"])


def test_a_function_acts_as_its_role(client: Client, function: str) -> None:
    response = client("lambda").invoke(FunctionName=function)
    assert json.loads(response["Payload"].read()).endswith(":assumed-role/f/f")


def test_credentials_cannot_be_computed_from_names(paths: LocalPaths, role: str, function: str) -> None:
    """Credentials that MiniStack derives from names in the template are refused."""
    digest = hashlib.sha256(f"{function}:{role}".encode()).hexdigest()
    guessed = boto3.client(
        "sts",
        region_name=REGION,
        endpoint_url=paths.endpoint_url,
        aws_access_key_id=f"ASIA{digest[:16].upper()}",
        aws_secret_access_key=hashlib.sha256(f"secret:{digest}".encode()).hexdigest(),
        aws_session_token=hashlib.sha256(f"token:{digest}".encode()).hexdigest(),
    )
    with pytest.raises(ClientError) as refused:
        guessed.get_caller_identity()
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
