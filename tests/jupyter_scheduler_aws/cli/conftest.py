"""Runs `nbjobs` in this process, without waiting."""

import time
from collections.abc import Callable, Iterator

import pytest
from typer.testing import CliRunner

from jupyter_scheduler_aws import PollingInterval, RetryPolicy
from jupyter_scheduler_aws.cli.app import app
from jupyter_scheduler_aws.cli.terminal import Terminal
from tests.jupyter_scheduler_aws.fake_api import FakeApi


class Ended:
    """How a command ended, and what it wrote."""

    def __init__(self, code: int, stdout: str, stderr: str) -> None:
        self.code = code
        self.stdout = stdout
        self.stderr = stderr
        self.lines = stdout.splitlines()


Nbjobs = Callable[..., Ended]


@pytest.fixture(autouse=True)
def _local_time_is_utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as changes:
        changes.setenv("TZ", "UTC")
        time.tzset()
        yield
    time.tzset()


@pytest.fixture
def nbjobs(
    api: FakeApi, retry_policy: RetryPolicy, polling_interval: PollingInterval, monkeypatch: pytest.MonkeyPatch
) -> Nbjobs:
    monkeypatch.setenv("JUPYTER_SCHEDULER_AWS_URL", api.url)

    def run(*arguments: object) -> Ended:
        terminal = Terminal(client_options={"retry_policy": retry_policy, "polling_interval": polling_interval})
        result = CliRunner().invoke(app, [str(item) for item in arguments], obj=terminal)
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Ended(result.exit_code, result.stdout, result.stderr)

    return run
