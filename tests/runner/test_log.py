"""The container's log: what a notebook prints is plain text, cannot fill the log, and blocks nothing."""

import io
import json
import logging
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from runner.exit_codes import Code
from runner.log import MAX_NOTEBOOK_BYTES, NOTEBOOK, LogHandler
from runner.outcomes import Outcome, clean_text
from runner.sanitize import sanitize_text
from tests.runner.conftest import RUNNER_CONTAINER, Runner, notebook
from tests.runner.fake_service import FakeService

Order = Callable[..., None]
TEXTS = json.loads(Path(__file__).parents[1].joinpath("data", "texts.json").read_text(encoding="utf-8"))
FORGED = "runner: forged: the job is COMPLETED"


@pytest.mark.parametrize("text", TEXTS, ids=[text["name"] for text in TEXTS])
def test_sanitized_text_is_plain(text: dict[str, str]) -> None:
    assert sanitize_text(text["text"]) == text["plain"]
    assert sanitize_text(text["plain"]) == text["plain"]
    assert clean_text(text["text"]) == text["plain"].strip()
    assert Outcome(code=Code.RUNNER_ERROR, message=text["text"]).as_json().get("message", "") == text["plain"].strip()


@pytest.mark.parametrize("piece", ["\x9d", "\x1b]", "\x9b0", "\x1b[;", "\x1bP ", "\x1b(", "\u200d"])
def test_a_long_text_is_sanitized_in_linear_time(piece: str) -> None:
    assert "\x1b" not in sanitize_text(piece * 500_000), "a pattern that starts again at each piece would take hours"


def assert_only_the_runner_writes_as_the_runner(lines: list[str]) -> None:
    assert [line for line in lines if "forged" in line] != []
    assert [line for line in lines if line.startswith(FORGED)] == []
    assert {line.split(" ")[0] for line in lines} <= {"runner:", "|", ""}
    assert not any(ord(letter) < 32 or 127 <= ord(letter) < 160 for line in lines for letter in line)


@pytest.mark.parametrize(
    "before", ["", "\\r", "x\\r", "\\n", "\\x0b", "\\x85", "\\u2028", "\\x1b[1G", "\\x1b[2K\\x1b[G", "\\x9b1G"]
)
def test_cells_cannot_forge_lines_of_the_runner(runner: Runner, order: Order, before: str) -> None:
    source = f"""
        import os, sys, warnings
        text = '{before}{FORGED}'
        print(text)
        print(text, file=sys.stderr)
        os.write(1, text.encode() + b'\\n')
        os.write(2, text.encode() + b'\\n')
        warnings.warn(text)
        os.system("printf '%s\\\\n' '" + text.replace('\\0', '') + "'")
        open('a\\nrunner: forged', 'w').write('')
        class E(Exception): pass
        E.__name__ = text
        raise E(text)
    """
    order(notebook(source))

    code, running = runner.run()

    assert code == 10, running.log
    assert_only_the_runner_writes_as_the_runner(running.lines)


@pytest.fixture
def other_kernel(tmp_path: Path) -> dict[str, str]:
    """Install a kernel whose command is not ipykernel: what it prints goes only to its stdout."""
    script = tmp_path / "kernel.py"
    script.write_text(
        f"import os; os.write(1, {f'x{FORGED}' + chr(10) + FORGED + chr(10)!r}.encode() + b'\\x1b]52;c;eA==\\x07\\xff\\x9b2J')\n"
        "from ipykernel.kernelapp import launch_new_instance; launch_new_instance()\n"
    )
    folder = tmp_path / "jupyter" / "kernels" / "other"
    folder.mkdir(parents=True)
    argv = [sys.executable, str(script), "-f", "{connection_file}"]
    folder.joinpath("kernel.json").write_text(json.dumps({"argv": argv, "display_name": "o", "language": "python"}))
    return {"JUPYTER_PATH": str(tmp_path / "jupyter")}


def test_stdout_of_a_kernel_is_logged_as_the_notebooks(
    runner: Runner, order: Order, other_kernel: dict[str, str]
) -> None:
    order(notebook("import os; os.write(1, b'written\\n'); print('printed')", kernel="other"))

    code, running = runner.run(script=None, **other_kernel)

    assert code == 0, running.log
    assert_only_the_runner_writes_as_the_runner(running.lines)
    assert f"| {FORGED}" in running.lines
    assert "written" in running.log
    assert "printed" in running.log


def test_the_log_of_a_job_is_limited_and_the_notebook_has_the_rest(
    runner: Runner, service: FakeService, order: Order
) -> None:
    order(notebook("print('\\n' * 300_000)", *["print(('y' * 99 + '\\n') * 9_000)"] * 10), heartbeat_seconds=0.2)

    code, running = runner.run()

    assert code == 0, running.log[-2000:]
    counted = [len(line) + 26 for line in running.lines if line.startswith("| ")]
    assert 0.9 * MAX_NOTEBOOK_BYTES < sum(counted) <= MAX_NOTEBOOK_BYTES + 10_026
    full = [line for line in running.lines if "the log is full: it has 10 MiB of what the notebook printed" in line]
    assert full == [f"runner: {full[0][8:]}"]
    assert "the executed notebook has the rest" in full[0]
    assert runner.text(11).count("y") == 99 * 9_000
    assert running.lines[-1] == "runner: reported succeeded: the job is COMPLETED"
    assert [heartbeat.json.get("cell") for heartbeat in service.requests_to("heartbeat")].count(11) > 0


def test_a_log_that_is_not_read_blocks_nothing(runner: Runner, service: FakeService, order: Order) -> None:
    """Heartbeats continue, and a stop works, while nothing reads stdout."""
    order(notebook("print('x' * 900_000)", "print('y' * 900_000)\nimport time\ntime.sleep(600)"), heartbeat_seconds=0.2)
    service.stop_at = lambda heartbeat: heartbeat.get("cell") == 2
    process = subprocess.Popen(
        [sys.executable, "-m", "runner"],
        env=runner.environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    try:
        assert process.wait(120) == 12
    finally:
        process.kill()
        process.communicate()
    assert service.reports[0]["outcome"]["code"] == "stopped"
    assert runner.text(1) == "x" * 900_000 + "\n"


def logger(stream: Any, name: str) -> tuple[logging.Logger, LogHandler]:
    log, handler = logging.Logger(name), LogHandler(stream)  # noqa: LOG001 - not the process's
    log.addHandler(handler)
    return log, handler


def test_all_lines_of_a_message_have_the_prefix_of_its_origin() -> None:
    stream = io.BytesIO()
    for name in ("runner.run", NOTEBOOK, "nbclient"):
        log, handler = logger(stream, name)
        log.error("first\nrunner: second\u2028third")
        handler.flush()

    assert stream.getvalue().decode() == (
        "runner: first\n        runner: secondthird\n| first\n| runner: secondthird\n| first\n| runner: secondthird\n"
    )


@pytest.mark.parametrize(
    ("program", "code"),
    [
        ("raise E(TEXT)", 1),
        ("t = threading.Thread(target=fail); t.start(); t.join()", 0),
        ("class D:\n    def __del__(self): fail()\nD()", 0),
        ("warnings.warn(TEXT)", 0),
        ("logging.getLogger('nbclient').error(TEXT)", 0),
        ("logging.getLogger('runner.x').error('%s', TEXT)", 0),
        ("logging.getLogger('x').error('%s %s', TEXT); logging.getLogger('x').error(TEXT)", 0),
    ],
)
def test_all_output_of_the_process_goes_through_the_handler(program: str, code: int) -> None:
    before = (
        "import logging, threading, warnings; from runner.log import start_log; start_log()\n"
        f"TEXT = 'x\\n{FORGED}\\r{FORGED}\\u2028{FORGED}'\n"
        "class E(Exception): pass\n"
        "def fail(): raise E(TEXT)\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", before + program],
        env={"PYTHONPATH": str(RUNNER_CONTAINER)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (ended.returncode, ended.stderr) == (code, "")
    if "warn(" not in program:
        assert_only_the_runner_writes_as_the_runner(ended.stdout.splitlines())


@pytest.mark.filterwarnings("error")
def test_a_log_that_cannot_be_written_does_not_end_the_run() -> None:
    with io.FileIO("/dev/full", "w") as full:
        log, handler = logger(full, "runner")
        log.error("lost")
        handler.flush()
    with io.FileIO(os.devnull, "w") as closed:
        pass
    log, handler = logger(closed, "runner")
    log.error("lost")
    handler.flush()
