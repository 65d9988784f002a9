"""The settings that the container is started with, and messages about wrong ones."""

import os
import subprocess
import sys

import pytest

from runner.errors import SettingsError
from runner.settings import read_settings
from tests.runner.conftest import RUNNER_CONTAINER

VARIABLES = {
    "RUN_URL": "http://a/runs/o/j/1/",
    "LAUNCH": "2",
    "LAUNCH_CODE": "x",
    "RUNNER_KEY": "k",
    "API_KEY": "a",
    "OTHER": "stays",
}


def test_settings_are_removed_from_the_environment() -> None:
    environ = dict(VARIABLES)

    settings = read_settings(environ)

    assert (settings.run_url, settings.launch, settings.launch_code) == ("http://a/runs/o/j/1", 2, "x")
    assert (settings.runner_key, settings.api_key) == ("k", "a")
    assert environ == {"OTHER": "stays"}
    assert "'k'" not in repr(settings)
    assert "'x'" not in repr(settings)


@pytest.mark.parametrize(
    ("changed", "part"),
    [
        ({"LAUNCH_CODE": ""}, "LAUNCH_CODE not set"),
        ({"RUN_URL": " ", "LAUNCH": ""}, "RUN_URL, LAUNCH not set"),
        ({"RUNNER_KEY": "", "API_KEY": ""}, "RUNNER_KEY, API_KEY not set"),
        ({"RUN_URL": "ftp://a"}, "RUN_URL = 'ftp://a' is not an http"),
        ({"LAUNCH": "one"}, "LAUNCH = 'one' is not a number"),
    ],
)
def test_wrong_settings_print_one_line_and_exit_with_code_2(changed: dict[str, str], part: str) -> None:
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(RUNNER_CONTAINER), **VARIABLES, **changed}
    ended = subprocess.run([sys.executable, "-m", "runner"], env=env, capture_output=True, text=True, check=False)

    assert ended.returncode == 2
    assert part in ended.stderr
    assert ended.stderr.startswith("runner: ")
    assert ended.stderr.count("\n") == 1
    with pytest.raises(SettingsError):
        read_settings({**VARIABLES, **changed})
