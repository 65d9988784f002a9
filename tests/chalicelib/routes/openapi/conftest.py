import pytest

from tests.support.openapi import CheckedApi, Judge
from tests.support.scheduler import LocalScheduler


@pytest.fixture(scope="session")
def judge() -> Judge:
    """Judges by the checked-in document."""
    return Judge()


@pytest.fixture
def api(local: LocalScheduler, judge: Judge) -> CheckedApi:
    """The scheduler's API, each of whose answers has to be as the document says."""
    checked = CheckedApi(judge=judge)
    local.api = checked
    return checked
