import os
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from local_cloud.process_container import ProcessContainer

Starter = Callable[..., ProcessContainer]


@pytest.fixture
def start(tmp_path: Path) -> Starter:
    def start_script(script: str, **environment: str) -> ProcessContainer:
        return ProcessContainer(
            "ab" * 32,
            folder=tmp_path / "container",
            command=("/bin/sh", "-c", script),
            environment={"PATH": os.defpath, **environment},
        )

    return start_script


def lines(container: ProcessContainer) -> list[str]:
    return [line.decode() for line in container.logs(stream=True, follow=True) if isinstance(line, bytes)]


def test_a_process_has_its_own_environment_and_inherits_nothing(
    start: Starter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "of the developer")
    container = start("env", LAUNCH="1")
    container.wait(30)
    environment = dict(line.split("=", 1) for line in lines(container))
    environment.pop("_", None)
    environment.pop("SHLVL", None)
    folder = tmp_path / "container"
    assert environment == {
        "PATH": os.defpath,
        "LAUNCH": "1",
        "HOME": str(folder / "home"),
        "TMPDIR": str(folder / "tmp"),
        "PWD": str(folder / "work"),
    }


@pytest.mark.parametrize(
    ("script", "code"), [("exit 0", 0), ("exit 13", 13), ("kill -9 $$", 137), ("kill -15 $$", 143)]
)
def test_the_exit_code_is_that_of_a_container(start: Starter, script: str, code: int) -> None:
    container = start(script)
    assert container.wait(30) == {"StatusCode": code}
    assert container.status == "exited"


def test_the_log_contains_both_streams_and_an_incomplete_line(start: Starter) -> None:
    container = start("echo one; echo two >&2; printf three")
    assert lines(container) == ["one", "two", "three"]
    assert container.logs(tail=2) == b"two\nthree"


def test_the_log_can_be_followed_while_the_process_runs(start: Starter, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    container = start(f"echo before; read line < {gate}; echo after")
    log = iter(container.logs(stream=True, follow=True))
    assert next(log) == b"before"
    assert container.status == "running"
    gate.write_text("go\n", encoding="ascii")
    assert [*log] == [b"after"]


def test_only_the_log_remains_after_the_end(start: Starter, tmp_path: Path) -> None:
    container = start("touch $HOME/a $TMPDIR/b c; echo done")
    container.wait(30)
    assert sorted(path.name for path in (tmp_path / "container").iterdir()) == ["log"]
    assert container.logs() == b"done\n"


def test_stop_gives_a_process_time_to_end(start: Starter) -> None:
    container = start("trap 'echo saving; exit 17' TERM; echo ready; while :; do sleep 0.05; done")
    assert next(iter(container.logs(stream=True, follow=True))) == b"ready"
    container.stop(timeout=30)
    assert container.wait(0) == {"StatusCode": 17}
    assert container.logs() == b"ready\nsaving\n"


def test_stop_kills_a_process_that_ignores_sigterm(start: Starter) -> None:
    container = start("trap '' TERM; echo ready; while :; do sleep 0.05; done")
    assert next(iter(container.logs(stream=True, follow=True))) == b"ready"
    container.stop(timeout=0.2)
    assert container.wait(0) == {"StatusCode": 137}


def test_stop_does_nothing_for_a_process_that_has_ended_or_is_stopping(start: Starter) -> None:
    container = start("trap 'exit 17' TERM; echo ready; while :; do sleep 0.05; done")
    assert next(iter(container.logs(stream=True, follow=True))) == b"ready"
    stoppers = [threading.Thread(target=container.stop, kwargs={"timeout": 30}) for _ in range(4)]
    for stopper in stoppers:
        stopper.start()
    for stopper in stoppers:
        stopper.join()
    container.stop()
    container.kill()
    assert container.wait(0) == {"StatusCode": 17}


@pytest.mark.parametrize("session", ["", "setsid "])
def test_descendants_are_killed_when_the_process_ends(start: Starter, tmp_path: Path, session: str) -> None:
    if session and not Path("/proc").is_dir():
        pytest.skip("without /proc nothing tells where a process of another session works")
    held = tmp_path / "held"
    os.mkfifo(held)
    child = tmp_path / "child.py"
    child.write_text(
        f"import signal\nheld = open({str(held)!r}, 'w')\nprint(1, flush=True)\nsignal.pause()\n", encoding="utf-8"
    )
    container = start(f"{session}{sys.executable} {child} &\nwhile ! grep -q 1 ../log; do sleep 0.05; done")
    with held.open(encoding="ascii") as end:
        container.wait(30)
        assert end.read() == ""  # the other end is closed by the child's death and by nothing else


def test_wait_raises_a_timeout_error(start: Starter) -> None:
    container = start("sleep 60")
    with pytest.raises(TimeoutError, match="still runs after 0 s"):
        container.wait(0)
    container.kill()
    assert container.wait(30) == {"StatusCode": 128 + signal.SIGKILL}


def test_a_missing_command_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        ProcessContainer("ab" * 32, folder=tmp_path / "c", command=("/nowhere/python",), environment={})
