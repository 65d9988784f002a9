"""Failures of background work, as the service counts and logs them."""

import json

import pytest

__all__ = ["Failures"]


class Failures:
    """What was counted and logged."""

    def __init__(self, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> None:
        self._capsys, self._caplog = capsys, caplog

    def counted(self) -> list[str]:
        """Return the kinds of work whose failures were counted since the last call."""
        lines = self._capsys.readouterr().out.splitlines()
        return [json.loads(line)["work"] for line in lines if '"BackgroundFailures"' in line]

    def named(self, name: str) -> set[str]:
        """Give what the log says of one id in its lines about failures."""
        lines = [each for each in self._caplog.records if each.message == "background work failed"]
        return {str(vars(each)[name]) for each in lines if name in vars(each)}
