"""What `nbjobs` imports: help needs no library but typer, and a list none that packs or describes notebooks."""

import os
import subprocess
import sys
from collections.abc import Iterable
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from tests.jupyter_scheduler_aws.fake_api import FakeApi

ROOT = Path(__file__).parents[3]
IMPORTED = """
import atexit, sys
atexit.register(lambda: print("imported:", *sorted(name.partition(".")[0] for name in sys.modules), file=sys.stderr))
sys.argv = {argv}
{start}
"""
AS_MODULE = "import runpy; runpy.run_module('jupyter_scheduler_aws', run_name='__main__', alter_sys=True)"
AS_COMMAND = "from jupyter_scheduler_aws.cli import main; main()"

FOR_REQUESTS = {"boto3", "botocore", "httpx", "pydantic", "rich", "tenacity"}
FOR_INPUT_AND_WORDS = {"boto3", "cron_descriptor", "nbformat", "jupyter_scheduler", "jupyter_server"}


def imported(argv: Iterable[str], *, start: str, environ: dict[str, str]) -> set[str]:
    """Run a command in a process of its own, and return the packages it has imported at its end."""
    code = IMPORTED.format(argv=list(argv), start=start)
    done = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | environ, cwd=ROOT, capture_output=True, text=True, check=True
    )
    [line] = [line for line in done.stderr.splitlines() if line.startswith("imported:")]
    return set(line.split()[1:])


@pytest.mark.parametrize("start", [AS_MODULE, AS_COMMAND], ids=["module", "command"])
@pytest.mark.parametrize("program", ["nbjobs", "jupyter-nbjobs"])
def test_help_imports_no_library_for_requests(program: str, start: str) -> None:
    packages = imported([program, "--help"], start=start, environ={})

    assert "typer" in packages
    assert packages & (FOR_REQUESTS | FOR_INPUT_AND_WORDS | {"pathspec"}) == set()


@pytest.mark.parametrize("arguments", [["submit", "--help"], ["definitions", "--help"], ["--version"]], ids=" ".join)
def test_help_of_a_command_imports_no_library_for_requests(arguments: list[str]) -> None:
    """Typer itself imports pydantic before it runs a command."""
    packages = imported(["nbjobs", *arguments], start=AS_COMMAND, environ={})

    assert packages & (FOR_REQUESTS | FOR_INPUT_AND_WORDS | {"pathspec"}) == set(packages) & {"pydantic"}


def test_list_imports_no_library_for_notebooks_and_crontabs(api: FakeApi) -> None:
    api.add_job("Report")

    packages = imported(["nbjobs", "list"], start=AS_COMMAND, environ={"JUPYTER_SCHEDULER_AWS_URL": api.url})

    assert "httpx" in packages
    assert packages & FOR_INPUT_AND_WORDS == set()


@pytest.mark.parametrize("name", ["nbjobs", "jupyter-nbjobs"])
def test_both_programs_start_the_same_command(name: str) -> None:
    [script] = entry_points(group="console_scripts", name=name)

    assert script.value == "jupyter_scheduler_aws.cli:main"
