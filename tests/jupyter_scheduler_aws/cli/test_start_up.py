"""What `nbjobs` imports: help needs no library but typer, and a list none that transfers, describes or tries again."""

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
import atexit, gc, sys
atexit.register(lambda: print("imported:", *sorted(sys.modules), file=sys.stderr))
atexit.register(lambda: print("collections:", sum(entry["collections"] for entry in gc.get_stats()), file=sys.stderr))
sys.argv = {argv}
{start}
"""
AS_MODULE = "import runpy; runpy.run_module('jupyter_scheduler_aws', run_name='__main__', alter_sys=True)"
AS_COMMAND = "from jupyter_scheduler_aws.cli import main; main()"

FOR_REQUESTS = {"boto3", "botocore", "httpx", "pydantic", "rich", "tenacity"}
FOR_RETRIES = {"tenacity", "tornado", "asyncio"}
FOR_TRANSFERS = {
    f"jupyter_scheduler_aws.{name}"
    for name in ("snapshots.pack", "transfers.download", "transfers.upload", "cli.progress")
}
FOR_INPUT_AND_WORDS = {"boto3", "cron_descriptor", "nbformat", "jupyter_scheduler", "jupyter_server"}


def messages(argv: Iterable[str], *, start: str, environ: dict[str, str]) -> dict[str, list[str]]:
    """Run a command in a process of its own, and return the words of each line on stderr after its first word."""
    code = IMPORTED.format(argv=list(argv), start=start)
    done = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | environ, cwd=ROOT, capture_output=True, text=True, check=True
    )
    return {words[0]: words[1:] for line in done.stderr.splitlines() if (words := line.split())}


def imported(argv: Iterable[str], *, start: str, environ: dict[str, str]) -> set[str]:
    """Run a command in a process of its own, and return the modules it has imported at its end."""
    return set(messages(argv, start=start, environ=environ)["imported:"])


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


def test_list_imports_nothing_for_retries_and_transfers(api: FakeApi) -> None:
    modules = imported(["nbjobs", "list"], start=AS_COMMAND, environ={"JUPYTER_SCHEDULER_AWS_URL": api.url})

    assert "jupyter_scheduler_aws.client" in modules
    assert modules & (FOR_RETRIES | FOR_TRANSFERS) == set()


def test_list_without_tls_loads_no_certificates(api: FakeApi) -> None:
    environ = {"JUPYTER_SCHEDULER_AWS_URL": api.url, "AWS_CA_BUNDLE": "/no/such/file"}

    assert "httpx" in imported(["nbjobs", "list"], start=AS_COMMAND, environ=environ)


def test_libraries_are_hardly_searched_for_garbage(api: FakeApi) -> None:
    """With Python's own threshold there are more than a hundred searches."""
    found = messages(["nbjobs", "list"], start=AS_COMMAND, environ={"JUPYTER_SCHEDULER_AWS_URL": api.url})

    assert int(found["collections:"][0]) < 60


@pytest.mark.parametrize("name", ["nbjobs", "jupyter-nbjobs"])
def test_both_programs_start_the_same_command(name: str) -> None:
    [script] = entry_points(group="console_scripts", name=name)

    assert script.value == "jupyter_scheduler_aws.cli:main"
