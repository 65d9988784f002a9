from collections.abc import Iterator

import pytest

from tests.support.scheduler import LocalScheduler, scheduler


@pytest.fixture
def local(monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalScheduler]:
    """A scheduler on moto."""
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with scheduler() as made:
        yield made
