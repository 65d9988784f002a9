"""What API Gateway and AWS say is explained: what happened, to what, and what to do next."""

from collections.abc import Mapping

import pytest

from jupyter_scheduler_aws import Client, RetryPolicy
from jupyter_scheduler_aws.connector.error_messages import panel_message
from jupyter_scheduler_aws.errors import NotFoundError, SchedulerApiError, error_of_response
from jupyter_scheduler_aws.gateway_messages import describe_request, explain_gateway_message
from tests.jupyter_scheduler_aws.fake_api import FakeApi
from tests.jupyter_scheduler_aws.fake_server import Fault, Response

JOB = "0199a1b2-0000-7000-8000-000000000001"
WHAT = f"reading job {JOB}"

CANONICAL = (
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and "
    "signing method. Consult the service documentation for details.\n\nThe Canonical String for this request should have "
    f"been\n'GET\n/v1/scheduler/jobs/{JOB}\n\nhost:abc.execute-api.eu-central-1.amazonaws.com\nx-amz-date:20261127T000000Z\n'"
)
DENIED = (
    "User: arn:aws:iam::1:user/ann is not authorized to perform: execute-api:Invoke on resource: arn:aws:execute-api:eu"
)
URL = "compare JUPYTER_SCHEDULER_AWS_URL with the stack's output ApiUrl"

SAID: Mapping[str, tuple[int, list[str]]] = {
    "Not Found": (404, [WHAT, URL]),
    "Forbidden": (403, [URL]),
    "Missing Authentication Token": (403, [URL]),
    "Limit Exceeded": (429, [WHAT, "quota", "Try again later", "operator"]),
    "Too Many Requests": (429, [WHAT, "Wait a minute", "api.throttle_rate"]),
    "Rate exceeded": (429, [WHAT, "Wait a minute"]),
    "Internal server error": (500, [WHAT, "failed", "Try again", "request id"]),
    "Bad Gateway": (502, [WHAT, "Try again"]),
    "Service Unavailable": (503, [WHAT, "Try again"]),
    "Network error communicating with endpoint": (504, [WHAT, "Try again"]),
    "Endpoint request timed out": (504, [WHAT, "29 seconds", "look before you try again"]),
    "Request Too Long": (413, [WHAT, "10 MB", "Shorten"]),
    "Unsupported Media Type": (415, [URL]),
    CANONICAL: (403, ["AWS_PROFILE", "proxy"]),
    "Signature expired: 20261127T000000Z is now earlier than 20261127T001000Z (20261127T001500Z - 5 min.)": (
        403,
        ["clock"],
    ),
    "Signature not yet current: 20261127T000000Z is still later than 20261126T000000Z": (403, ["clock"]),
    "The security token included in the request is expired": (403, ["aws sso login"]),
    "The AWS credentials have expired. Get new ones": (403, ["aws sso login"]),
    "The security token included in the request is invalid.": (403, ["AWS_PROFILE"]),
    "Credential should be scoped to a valid region. ": (403, ["AWS_REGION", URL]),
    "'x' not a valid key=value pair (missing equal-sign) in Authorization header: 'y'.": (403, ["proxy"]),
    DENIED: (403, ["UserPolicyArn"]),
    f"{DENIED} with an explicit deny in an identity-based policy": (403, ["ask the operator which"]),
    "User is not authorized to access this resource": (403, ["UserPolicyArn"]),
}


@pytest.mark.parametrize("message", SAID, ids=lambda text: text[:40])
def test_a_message_says_what_to_do_next(message: str) -> None:
    status, parts = SAID[message]
    for spelling in (message, message.lower() if len(message) < 40 else message):
        error = error_of_response(status, {"message": spelling}, what=WHAT)
        assert error.message.startswith(spelling[:20]), "the words to search for stay"
        assert all(part in error.message for part in parts), error.message
        assert error.message.endswith(".")
        assert "\n" not in error.message
        assert "anonical" not in error.message
        assert ".." not in error.message.replace("…", "")


@pytest.mark.parametrize("status", [401, 403, 404, 418, 429, 500, 502, 503, 504])
@pytest.mark.parametrize("document", [None, {}, {"message": None}, {"Message": ""}, "<html>"], ids=str)
def test_a_response_without_a_message_says_what_to_do_next(status: int, document: object) -> None:
    message = error_of_response(status, document, what=WHAT).message
    assert message.startswith(f"The service responded with status {status} without a message, while {WHAT}. ")
    assert len(message.split(". ")) > 1


@pytest.mark.parametrize(
    "message",
    [
        "Only admins may do this.",
        "The notebook was Not Found in the zip.",
        "There is no job 0199 of yours.",
        "The service is unavailable. Try again; if the error persists, send this request id to the operator.",
        "name: 'Forbidden' is used.",
    ],
)
def test_a_message_of_the_service_stays_as_it_is(message: str) -> None:
    assert explain_gateway_message(message, what=WHAT) == message


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "/jobs", "reading jobs"),
        ("GET", f"/jobs/{JOB}", WHAT),
        ("GET", f"/jobs/{JOB}/download_files", f"reading download files of job {JOB}"),
        ("POST", "/uploads", "creating uploads"),
        ("PATCH", "/job_definitions/a-b", "changing job definition a-b"),
        ("POST", "/job_definitions/a-b/jobs", "creating jobs of job definition a-b"),
        ("DELETE", "/batch/jobs", "deleting jobs"),
        ("GET", "/runtime_environments", "reading runtime environments"),
    ],
)
def test_a_request_is_described(method: str, path: str, expected: str) -> None:
    assert describe_request(method, path) == expected


@pytest.mark.parametrize(
    ("status", "said"), [(504, "Endpoint request timed out"), (429, "Limit Exceeded"), (500, "Internal server error")]
)
def test_errors_name_the_resource_in_the_panel(api: FakeApi, status: int, said: str) -> None:
    api.faults.append(Fault("GET", f"/v1/scheduler/jobs/{JOB}", instead=Response.of({"message": said}, status)))
    once = RetryPolicy(max_attempts=1)
    with Client(api.url, retry_policy=once) as client, pytest.raises(SchedulerApiError) as raised:
        client.get_job(JOB)
    assert panel_message(raised.value).startswith(f"{said}. ")
    assert WHAT in panel_message(raised.value)


def test_another_address_is_explained(api: FakeApi) -> None:
    api.faults.append(Fault("GET", "/v1/scheduler/jobs", instead=Response.of({"message": "Not Found"}, 404)))
    with Client(api.url) as client, pytest.raises(NotFoundError, match=r"nothing at this address for reading jobs"):
        next(client.list_jobs())
