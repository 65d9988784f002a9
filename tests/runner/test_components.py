"""Small parts: settings, hardening, memory, text, files."""

import os
import re
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from runner.cell_log import MOST_CELL_CHARACTERS, CellLog, redrawn
from runner.errors import SettingsError
from runner.hardening import kernel_environment
from runner.memory import MemoryWatch
from runner.outcomes import Code, Outcome, clean_text, describe_cell_error
from runner.outputs import Baseline, find_outputs
from runner.scheduler_api import pauses
from runner.settings import take_settings
from tests.runner.conftest import RUNNER_CONTAINER, Runner, notebook

GIVEN = {
    "RUN_URL": "http://a/runs/o/j/1/",
    "LAUNCH": "2",
    "LAUNCH_CODE": "x",
    "RUNNER_KEY": "k",
    "API_KEY": "a",
    "OTHER": "stays",
}


def test_settings_are_taken_out_of_the_environment() -> None:
    environ = dict(GIVEN)

    settings = take_settings(environ)

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
def test_wrong_settings_are_one_clear_line(changed: dict[str, str], part: str) -> None:
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(RUNNER_CONTAINER), **GIVEN, **changed}
    ended = subprocess.run([sys.executable, "-m", "runner"], env=env, capture_output=True, text=True, check=False)

    assert ended.returncode == 2
    assert part in ended.stderr
    assert ended.stderr.startswith("runner: ")
    assert ended.stderr.count("\n") == 1
    with pytest.raises(SettingsError):
        take_settings({**GIVEN, **changed})


def test_a_notebook_sees_neither_code_nor_token(runner: Runner, order: Callable[..., None]) -> None:
    source = """
        import os, sys
        print([name for name in ('RUN_URL', 'LAUNCH', 'LAUNCH_CODE', 'RUNNER_KEY', 'API_KEY', 'PYTHONSAFEPATH', 'PYTHONPATH') if name in os.environ])
        print(os.environ['MINE'], '' in sys.path)
    """
    order(notebook(source))

    code, _ = runner.run(MINE="kept", PYTHONSAFEPATH="1")

    assert (code, runner.text(1)) == (0, "[]\nkept True\n")


def test_the_environments_own_python_path_is_kept() -> None:
    path = os.pathsep.join(["/opt/tools", str(RUNNER_CONTAINER)])

    assert kernel_environment({"PYTHONPATH": path, "A": "b"}) == {"PYTHONPATH": "/opt/tools", "A": "b"}


@pytest.mark.skipif(sys.platform != "linux", reason="prctl is Linux's")
def test_a_hardened_process_is_not_dumpable_adopts_orphans_and_ignores_the_folder_it_started_in(tmp_path: Path) -> None:
    tmp_path.joinpath("nbconvert.py").write_text("raise SystemExit('loaded from the working directory')")
    program = (
        "import ctypes, os; from runner.hardening import harden; from runner.launchers import DirectLauncher;"
        "harden(); DirectLauncher();"
        "import nbconvert; libc = ctypes.CDLL(None); value = ctypes.c_int(-1); libc.prctl(37, ctypes.byref(value), 0, 0, 0);"
        "print(libc.prctl(3, 0, 0, 0, 0), value.value)"
    )
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(RUNNER_CONTAINER), "HOME": str(tmp_path)}
    ended = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, env=env, capture_output=True, text=True, check=False
    )

    assert (ended.stdout, ended.stderr) == ("0 1\n", "")


def version_1(root: Path) -> list[Path]:
    folder = root / "memory" / "ecs" / "task"
    folder.mkdir(parents=True)
    folder.joinpath("memory.limit_in_bytes").write_text(f"{1 << 30}\n")
    counter = folder / "memory.oom_control"
    counter.write_text("oom_kill_disable 0\nunder_oom 0\noom_kill 1\n")
    return [counter]


def version_2(root: Path) -> list[Path]:
    root.joinpath("memory.max").write_text("max\n")
    counter = root / "memory.events"
    counter.write_text("low 0\noom 0\noom_kill 1\noom_group_kill 0\n")
    return [counter]


@pytest.mark.parametrize("version", [version_1, version_2])
def test_a_kill_for_memory_is_seen(tmp_path: Path, version: Callable[[Path], list[Path]]) -> None:
    memberships = tmp_path / "cgroup"
    memberships.write_text("9:name=systemd:/\n4:memory:/ecs/task\n0::/\n")
    (counter,) = version(tmp_path)

    watch = MemoryWatch(tmp_path, memberships)
    before = watch.ran_out()
    counter.write_text(counter.read_text().replace("oom_kill 1", "oom_kill 2"))

    assert (before, watch.ran_out()) == (False, True)
    assert 0 < watch.limit_bytes < 1 << 50
    assert version is version_2 or watch.limit_bytes == 1 << 30


def test_without_control_groups_the_machine_tells(tmp_path: Path) -> None:
    watch = MemoryWatch(tmp_path, tmp_path / "none")
    watch.sample()

    assert watch.ran_out() is False
    assert watch.limit_bytes > 0


def test_exit_codes_are_the_protocols() -> None:
    protocol = (RUNNER_CONTAINER.parent / "docs" / "runner-protocol.md").read_text()

    documented = dict(re.findall(r"^\| `(\w+)` \| (\d+) \|", protocol, re.MULTILINE))

    assert documented == {code: str(code.exit_code) for code in Code}
    assert len(set(documented.values())) == len(documented)


def test_messages_are_cleaned_and_cut() -> None:
    assert clean_text("\x1b[0;31mred\x1b[0m\x07 \udc80 \x1b]8;;http://x\x07link") == "red ? link"
    assert len(clean_text("x" * 3000)) == 2000
    outcome = Outcome(code=Code.NOTEBOOK_ERROR, message="\x1b[1m" + "y" * 3000, cell=1, error_name="E")
    assert len(outcome.as_json()["message"]) == 2000


@pytest.mark.parametrize(
    ("name", "value", "part"),
    [
        ("ModuleNotFoundError", "No module named 'sklearn.foo'", "does not have the module 'sklearn'"),
        ("ImportError", "cannot import name 'x'", "ImportError: cannot import name 'x'"),
        ("MemoryError", "", "choose a compute type with more"),
        ("OSError", "[Errno 28] No space left on device", "The disk of the container is full"),
        ("KeyError", "'a'", "KeyError: 'a'"),
    ],
)
def test_what_a_cell_raised_is_explained(name: str, value: str, part: str) -> None:
    assert part in describe_cell_error(name=name, value=value, environment="python")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\rb", "b"),
        ("a\r\nb", "a\r\nb"),
        ("1%\r2%\r", "2%\r"),
        ("\r1\n\r2\n", "1\n2\n"),
        ("x" * 10, "x" * 10),
        ("a\rb\nc", "b\nc"),
    ],
)
def test_redrawn(text: str, shown: str) -> None:
    assert redrawn(text) == shown


def test_progress_bars_do_not_use_up_what_a_cell_may_print(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    log = CellLog()
    log.begin(1, 1)
    for percent in range(20_000):
        log.take("stderr", f"\r{percent:100d}")

    assert log.take("stdout", "said\n") == "said\n"
    log.end()
    assert caplog.messages == ["cell 1 of 1", "said", f"{19_999:100d}"]


def test_a_cell_is_cut_once_and_the_next_begins_anew() -> None:
    log = CellLog()
    log.begin(1, 2)
    kept = "".join(log.take("stdout", "x" * 99_999 + "\n") for _ in range(20))

    assert kept.count("left out") == 1
    assert kept[:MOST_CELL_CHARACTERS].count("x") == 999_990
    assert log.take("stdout", "more") == ""
    log.begin(2, 2)
    assert log.take("stdout", "more") == "more"


def test_outputs_are_found_by_content_not_by_time(tmp_path: Path) -> None:
    for name in ("same", "touched", "changed", "gone"):
        tmp_path.joinpath(name).write_text("before")
    baseline = Baseline.of(tmp_path, dict.fromkeys(("same", "touched", "changed", "gone"), zlib.crc32(b"before")))
    tmp_path.joinpath("touched").chmod(0o600)
    tmp_path.joinpath("changed").write_text("after!")
    tmp_path.joinpath("gone").unlink()
    tmp_path.joinpath("sub", ".ipynb_checkpoints").mkdir(parents=True)
    tmp_path.joinpath("sub", ".ipynb_checkpoints", "x").write_text("")
    tmp_path.joinpath("sub", "new").write_text("")
    tmp_path.joinpath(".hidden.json").write_text("{}")

    found, skipped = find_outputs(tmp_path, baseline)

    assert [file.path for file in found] == [".hidden.json", "changed", "sub/new"]
    assert skipped == []


def test_what_cannot_be_an_output_is_named(tmp_path: Path) -> None:
    baseline = Baseline.of(tmp_path, {})
    os.mkfifo(tmp_path / "pipe")
    tmp_path.joinpath("back\\slash").write_text("")
    tmp_path.joinpath("l" * 200, "l" * 200, "l" * 200, "l" * 200).mkdir(parents=True)
    tmp_path.joinpath("l" * 200, "l" * 200, "l" * 200, "l" * 200, "x").write_text("")
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9")).write_text("")
    tmp_path.joinpath("folder").symlink_to("/etc", target_is_directory=True)

    found, skipped = find_outputs(tmp_path, baseline)

    assert found == []
    assert [told.rpartition(": ")[2] for told in skipped] == [
        "its name has a backslash or control character",
        "its name is not valid UTF-8",
        "a link, not a file",
        "its path is longer than 700 bytes",
        "not a regular file",
    ]


def test_a_folder_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    baseline = Baseline.of(tmp_path, {})
    folder = os.open(tmp_path, os.O_RDONLY)
    for _ in range(20):  # deeper than any path may be long
        os.mkdir("d" * 250, dir_fd=folder)
        deeper = os.open("d" * 250, os.O_RDONLY, dir_fd=folder)
        os.close(folder)
        folder = deeper
    os.close(folder)

    found, skipped = find_outputs(tmp_path, baseline)

    assert found == []
    assert [told.rpartition(": ")[2] for told in skipped] == ["the folder cannot be read (File name too long)"]


def test_pauses_double_within_the_time() -> None:
    made = list(zip(range(4), pauses(for_seconds=100), strict=False))

    for place, pause in made:
        assert 0.25 * 2**place <= pause <= 0.75 * 2**place
    assert list(pauses(for_seconds=0)) == []
