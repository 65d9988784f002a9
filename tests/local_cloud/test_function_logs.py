"""The local cloud returns the log of an invocation without MiniStack's wait for lines that were not written."""

import json
import subprocess
from typing import Any

import pytest

from tests.structure.sources import ROOT

LOOKS_WITHOUT_PATCH = 20
"""MiniStack looks once a millisecond for 50 ms; at least this often on a slow machine, where a sleep takes longer."""


def drain(*lines: str) -> dict[str, Any]:
    python = ROOT / ".local-cloud" / "venv" / "bin" / "python"
    if not python.exists():
        pytest.skip("the emulator's environment is not set up; run `make init`")
    command = [str(python), "-m", "tests.local_cloud.function_log_process", *lines]
    output = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    result: dict[str, Any] = json.loads(output.splitlines()[-1])
    return result


def test_all_lines_are_returned() -> None:
    assert drain("one", "two", "three")["log"] == "one\ntwo\nthree"


def test_an_invocation_without_lines_is_not_waited_for() -> None:
    result = drain()
    assert result["log"] == ""
    assert result["looks"] < LOOKS_WITHOUT_PATCH
