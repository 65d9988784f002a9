"""Access to the API: signed with a valid key of a user who has the user policy."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import boto3
import httpx
import pytest

from jupyter_scheduler_aws.api.signing import RequestSigner
from local_cloud.access_keys import AccessKey, read_key
from tests.support.deployed import Deployed
from tests.support.owners import new_user

pytestmark = pytest.mark.local_cloud


@pytest.fixture(scope="module")
def stranger(deployed: Deployed) -> Iterator[AccessKey]:
    """Create an IAM user without policy."""
    with new_user(deployed) as key:
        yield key


@pytest.fixture
def forger(deployed: Deployed) -> AccessKey:
    """Return a key with the id of a user's key and a wrong secret."""
    return replace(read_key(deployed.folder / "user-key.json"), secret="not the secret")


@pytest.fixture
def unknown() -> AccessKey:
    return AccessKey(key_id="AKIA0000000000000000", secret="secret")


WORDS = {
    "stranger": "is not authorized to perform: execute-api:Invoke",
    "forger": "The request signature we calculated does not match",
    "unknown": "The security token included in the request is invalid",
}

ADVICE = {
    "stranger": "Ask the operator for the policy that the stack's output UserPolicyArn names.",
    "forger": "The secret key is not the one of this access key: check AWS_PROFILE, or the keys in the environment.",
    "unknown": "AWS does not know these credentials: check AWS_PROFILE, or the keys in the environment.",
}


@pytest.mark.parametrize("who", WORDS)
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/scheduler/jobs"),
        ("POST", "/scheduler/uploads"),
        ("DELETE", "/scheduler/jobs/x"),
        ("GET", "/scheduler/health"),
    ],
)
def test_only_users_of_the_stack_have_access(
    deployed: Deployed, request: pytest.FixtureRequest, who: str, method: str, path: str
) -> None:
    key: AccessKey = request.getfixturevalue(who)
    session = boto3.Session(key.key_id, key.secret, region_name=deployed.region)
    signer = RequestSigner(session, deployed.region)
    with httpx.Client(base_url=deployed.api_url, auth=signer, timeout=60) as http:
        response = http.request(method, path, json={} if method == "POST" else None)
    assert response.status_code == 403
    assert WORDS[who] in response.json()["message"]


@pytest.mark.parametrize("who", ADVICE)
def test_the_doctor_explains_a_refusal_and_its_solution(
    deployed: Deployed, request: pytest.FixtureRequest, who: str
) -> None:
    key: AccessKey = request.getfixturevalue(who)
    command = [str(Path(sys.executable).parent / "nbjobs"), "doctor", "--no-job"]
    environment = deployed.environment_of(key) | {"COLUMNS": "400"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode != 0
    [failed] = [line for line in done.stdout.splitlines() if line.startswith("FAIL")]
    assert failed.split()[1] == "service"
    assert ADVICE[who] in failed


def test_a_user_may_only_call_the_api(deployed: Deployed) -> None:
    for service, call in (
        ("s3", "list_buckets"),
        ("dynamodb", "list_tables"),
        ("ecs", "list_clusters"),
        ("iam", "list_users"),
    ):
        client = deployed.session.client(service, endpoint_url=deployed.endpoint_url)  # type: ignore[call-overload]
        with pytest.raises(client.exceptions.ClientError, match=r"AccessDenied"):
            getattr(client, call)()


def test_a_user_cannot_call_the_routes_of_the_runner(http: httpx.Client) -> None:
    """A signature gives no access to /runs, which needs session tokens."""
    assert http.get("/runs/someone/no-such-job/1/work-order").status_code == 403


def test_a_missing_stage_is_forbidden_for_everybody(deployed: Deployed) -> None:
    """The error for a wrong URL mentions the URL, not a missing policy."""
    signer = RequestSigner(deployed.session, deployed.region)
    with httpx.Client(base_url=f"{deployed.api_url}-other", auth=signer, timeout=60) as http:
        response = http.get("/scheduler/health")
    assert (response.status_code, response.json()["message"]) == (403, "Forbidden")
