import pytest

from tests.chalicelib.conftest import local, made

__all__ = ["local", "made"]


@pytest.fixture(autouse=True)
def _no_other_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing that is set on this machine may reach another AWS."""
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
