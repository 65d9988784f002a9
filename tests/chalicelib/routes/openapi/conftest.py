import pytest

from tests.support.openapi import CheckedApi, Judge
from tests.support.scheduler import LocalScheduler


@pytest.fixture(scope="session")
def judge() -> Judge:
    """A validator for the checked-in document."""
    return Judge()


@pytest.fixture
def api(local: LocalScheduler, judge: Judge) -> CheckedApi:
    """The scheduler's API, with validation of each response against the document."""
    checked = CheckedApi(judge=judge)
    local.api = checked
    return checked
