from collections.abc import Iterator

import pytest

from tests.support.scheduler import LocalScheduler, scheduler


@pytest.fixture
def local(monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalScheduler]:
    """A scheduler on moto."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    yield from scheduler()
