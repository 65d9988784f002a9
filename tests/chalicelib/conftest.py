from collections.abc import Iterator

import pytest

from tests.support.definitions import Definitions
from tests.support.scheduler import LocalScheduler, scheduler


@pytest.fixture
def local(monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalScheduler]:
    """A scheduler on moto."""
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with scheduler() as made:
        yield made


@pytest.fixture
def made(local: LocalScheduler) -> Definitions:
    """Its definitions."""
    return Definitions(local)
