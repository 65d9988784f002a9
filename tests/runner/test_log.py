"""What a notebook says is only text in the container's log, cannot fill it, and holds nobody up."""

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

from runner.log import MOST_NOTEBOOK_BYTES, NOTEBOOK, LogHandler
from runner.outcomes import Code, Outcome, clean_text
from runner.sanitize import sanitize_text
from tests.runner.conftest import RUNNER_CONTAINER, Runner, notebook
from tests.runner.fake_service import FakeService

Order = Callable[..., None]
TEXTS = json.loads(Path(__file__).parents[1].joinpath("data", "texts.json").read_text(encoding="utf-8"))
FORGED = "runner: forged: the job is COMPLETED"


@pytest.mark.parametrize("text", TEXTS, ids=[text["name"] for text in TEXTS])
def test_only_text_is_left(text: dict[str, str]) -> None:
    assert sanitize_text(text["text"]) == text["plain"]
    assert sanitize_text(text["plain"]) == text["plain"]
    assert clean_text(text["text"]) == text["plain"].strip()
    assert Outcome(code=Code.RUNNER_ERROR, message=text["text"]).as_json().get("message", "") == text["plain"].strip()


@pytest.mark.parametrize("piece", ["\x9d", "\x1b]", "\x9b0", "\x1b[;", "\x1bP ", "\x1b(", "\u200d"])
def test_a_long_text_is_read_once(piece: str) -> None:
    assert "\x1b" not in sanitize_text(piece * 500_000), "a pattern that begins anew at each piece would take hours"


def assert_only_the_runner_speaks_for_itself(lines: list[str]) -> None:
    assert [line for line in lines if "forged" in line] != []
    assert [line for line in lines if line.startswith(FORGED)] == []
    assert {line.split(" ")[0] for line in lines} <= {"runner:", "|", ""}
    assert not any(ord(letter) < 32 or 127 <= ord(letter) < 160 for line in lines for letter in line)


@pytest.mark.parametrize(
    "before", ["", "\\r", "x\\r", "\\n", "\\x0b", "\\x85", "\\u2028", "\\x1b[1G", "\\x1b[2K\\x1b[G", "\\x9b1G"]
)
def test_what_cells_print_is_never_taken_for_the_runners_words(runner: Runner, order: Order, before: str) -> None:
    source = f"""
        import os, sys, warnings
        said = '{before}{FORGED}'
        print(said)
        print(said, file=sys.stderr)
        os.write(1, said.encode() + b'\\n')
        os.write(2, said.encode() + b'\\n')
        warnings.warn(said)
        os.system("printf '%s\\\\n' '" + said.replace('\\0', '') + "'")
        open('a\\nrunner: forged', 'w').write('')
        class E(Exception): pass
        E.__name__ = said
        raise E(said)
    """
    order(notebook(source))

    code, running = runner.run()

    assert code == 10, running.log
    assert_only_the_runner_speaks_for_itself(running.lines)


@pytest.fixture
def other_kernel(tmp_path: Path) -> dict[str, str]:
    """Install a kernel that is not ipykernel by its command: what it prints goes nowhere but to its stdout."""
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


def test_what_a_kernel_writes_to_its_stdout_is_the_notebooks_too(
    runner: Runner, order: Order, other_kernel: dict[str, str]
) -> None:
    order(notebook("import os; os.write(1, b'written\\n'); print('printed')", kernel="other"))

    code, running = runner.run(script=None, **other_kernel)

    assert code == 0, running.log
    assert_only_the_runner_speaks_for_itself(running.lines)
    assert f"| {FORGED}" in running.lines
    assert "written" in running.log
    assert "printed" in running.log


def test_the_log_of_a_job_is_bounded_and_the_notebook_has_the_rest(
    runner: Runner, service: FakeService, order: Order
) -> None:
    order(notebook("print('\\n' * 300_000)", *["print(('y' * 99 + '\\n') * 9_000)"] * 10), heartbeat_seconds=0.2)

    code, running = runner.run()

    assert code == 0, running.log[-2000:]
    counted = [len(line) + 26 for line in running.lines if line.startswith("| ")]
    assert 0.9 * MOST_NOTEBOOK_BYTES < sum(counted) <= MOST_NOTEBOOK_BYTES + 10_026
    full = [line for line in running.lines if "10 MiB of what a notebook prints" in line]
    assert full == [f"runner: {full[0][8:]}"]
    assert "the executed notebook has the rest" in full[0]
    assert runner.text(11).count("y") == 99 * 9_000
    assert running.lines[-1] == "runner: reported succeeded: the job is COMPLETED"
    assert [heartbeat.json.get("cell") for heartbeat in service.asked("heartbeat")].count(11) > 0


def test_a_log_that_nobody_reads_holds_nobody_up(runner: Runner, service: FakeService, order: Order) -> None:
    """Heartbeats go on, and a stop is obeyed, while the reader of stdout stands still."""
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
    made, handler = logging.Logger(name), LogHandler(stream)  # noqa: LOG001 - not the process's
    made.addHandler(handler)
    return made, handler


def test_a_message_of_several_lines_is_one_speakers() -> None:
    stream = io.BytesIO()
    for name in ("runner.run", NOTEBOOK, "nbclient"):
        made, handler = logger(stream, name)
        made.error("first\nrunner: second\u2028third")
        handler.flush()

    assert stream.getvalue().decode() == (
        "runner: first\n        runner: secondthird\n| first\n| runner: secondthird\n| first\n| runner: secondthird\n"
    )


@pytest.mark.parametrize(
    ("program", "code"),
    [
        ("raise E(SAID)", 1),
        ("t = threading.Thread(target=fail); t.start(); t.join()", 0),
        ("class D:\n    def __del__(self): fail()\nD()", 0),
        ("warnings.warn(SAID)", 0),
        ("logging.getLogger('nbclient').error(SAID)", 0),
        ("logging.getLogger('runner.x').error('%s', SAID)", 0),
        ("logging.getLogger('x').error('%s %s', SAID); logging.getLogger('x').error(SAID)", 0),
    ],
)
def test_whatever_the_process_says_goes_one_way(program: str, code: int) -> None:
    before = (
        "import logging, threading, warnings; from runner.log import start_log; start_log()\n"
        f"SAID = 'x\\n{FORGED}\\r{FORGED}\\u2028{FORGED}'\n"
        "class E(Exception): pass\n"
        "def fail(): raise E(SAID)\n"
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
        assert_only_the_runner_speaks_for_itself(ended.stdout.splitlines())


@pytest.mark.filterwarnings("error")
def test_a_log_that_cannot_be_written_does_not_end_the_run() -> None:
    with io.FileIO("/dev/full", "w") as full:
        made, handler = logger(full, "runner")
        made.error("lost")
        handler.flush()
    with io.FileIO(os.devnull, "w") as closed:
        pass
    made, handler = logger(closed, "runner")
    made.error("lost")
    handler.flush()
