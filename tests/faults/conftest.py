import pytest

from tests.chalicelib.conftest import local, made

__all__ = ["local", "made"]


@pytest.fixture(autouse=True)
def _no_other_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ignore settings of this machine that point to another AWS."""
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
