"""Each error of the client has a status that says who failed."""

import pytest

from jupyter_scheduler_aws import errors
from jupyter_scheduler_aws.connector.handlers.statuses import http_status
from jupyter_scheduler_aws.errors import SchedulerApiError, SchedulerClientError, error_of_response

STATUSES = {
    "BadOptionError": 400,
    "ConfigurationError": 503,
    "DownloadError": 502,
    "EmptyGroupError": 500,
    "NoCredentialsError": 503,
    "NoPartialNotebookError": 409,
    "NoRegionError": 503,
    "NoUrlError": 503,
    "ParameterError": 500,
    "SchedulerClientError": 500,
    "SnapshotError": 500,
    "SnapshotTooLargeError": 500,
    "TooLateError": 504,
    "UnexpectedResponseError": 502,
    "UnreachableError": 502,
    "UnsafePathError": 502,
    "UploadError": 500,
}


def test_every_error_has_a_row() -> None:
    kinds = {name for name in errors.__all__ if name.endswith("Error")}
    refusals = {name for name in kinds if issubclass(getattr(errors, name), SchedulerApiError)}
    assert kinds - refusals == STATUSES.keys()


@pytest.mark.parametrize("name", STATUSES)
def test_an_error_of_this_side_has_a_status(name: str) -> None:
    error: SchedulerClientError = getattr(errors, name)("why")
    assert http_status(error) == STATUSES[name]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 413, 418, 422, 429, 500, 503])
def test_a_refusal_has_the_status_of_the_service(status: int) -> None:
    assert http_status(error_of_response(status, {"message": "why"})) == status
