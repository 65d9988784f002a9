"""Failures of background work, as the service counts and logs them."""

import json

import pytest

__all__ = ["Failures"]


class Failures:
    """Counted and logged failures."""

    def __init__(self, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> None:
        self._capsys, self._caplog = capsys, caplog

    def counted(self) -> list[str]:
        """Return the background work whose failures were counted since the last call."""
        lines = self._capsys.readouterr().out.splitlines()
        return [json.loads(line)["work"] for line in lines if '"BackgroundFailures"' in line]

    def named(self, name: str) -> set[str]:
        """Return the values of one id in the log lines about failures."""
        records = [record for record in self._caplog.records if record.message == "background work failed"]
        return {str(vars(record)[name]) for record in records if name in vars(record)}
