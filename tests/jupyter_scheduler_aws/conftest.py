"""A fake API, credentials that it knows, and a client that never sleeps."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_scheduler_aws import Client, PollingInterval, RetryPolicy
from tests.jupyter_scheduler_aws.fake_api import FakeApi, running_api
from tests.jupyter_scheduler_aws.fake_server import REGION

NOTEBOOK: dict[str, Any] = {
    "nbformat": 4,
    "nbformat_minor": 5,
    "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3"}},
    "cells": [{"cell_type": "code", "id": "a", "source": "1", "metadata": {}, "outputs": [], "execution_count": None}],
}


@pytest.fixture
def api() -> Iterator[FakeApi]:
    with running_api() as api:
        yield api


@pytest.fixture
def waits() -> list[float]:
    """Every delay [s] that the client would have slept."""
    return []


@pytest.fixture
def retry_policy(waits: list[float]) -> RetryPolicy:
    return RetryPolicy(sleep=waits.append)


@pytest.fixture
def polling_interval(waits: list[float]) -> PollingInterval:
    return PollingInterval(sleep=waits.append)


@pytest.fixture(autouse=True)
def _aws(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_DEFAULT_REGION", "JUPYTER_SCHEDULER_AWS_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_REGION", REGION)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "no-config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "no-credentials"))


@pytest.fixture
def client(api: FakeApi, retry_policy: RetryPolicy, polling_interval: PollingInterval) -> Iterator[Client]:
    with Client(api.url, retry_policy=retry_policy, polling_interval=polling_interval) as client:
        yield client


@pytest.fixture
def notebook(tmp_path: Path) -> Path:
    folder = tmp_path / "analysis"
    folder.mkdir()
    path = folder / "report.ipynb"
    path.write_text(json.dumps(NOTEBOOK))
    return path


def write_files(root: Path, *names: str) -> None:
    """Write files, each with its name as content, and create their folders."""
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            path.write_text(name)
