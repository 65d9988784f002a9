"""Container engines: programs on PATH that answer, answer with an error, or are not there."""

import os
import stat
from pathlib import Path

import pytest

from infra.preflight.engine import engine_name, engine_problem


def put(folder: Path, name: str, script: str) -> None:
    program = folder / name
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}/bin")
    return tmp_path


def test_docker_is_the_default_of_cdk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CDK_DOCKER", raising=False)
    assert engine_name() == "docker"
    monkeypatch.setenv("CDK_DOCKER", "podman")
    assert engine_name() == "podman"


def test_an_engine_that_responds_has_no_problem(path: Path) -> None:
    put(path, "an-engine", 'test "$1" = info && echo Server: 27')
    assert engine_problem("an-engine") is None


def test_a_missing_engine_is_reported(path: Path) -> None:
    assert engine_problem("an-engine") == "an-engine is not on PATH"


def test_an_engine_without_its_daemon_is_reported(path: Path) -> None:
    put(path, "an-engine", "echo Client: 27; echo 'Cannot connect to the Docker daemon' >&2; exit 1")
    assert engine_problem("an-engine") == "an-engine does not respond: Cannot connect to the Docker daemon"


def test_an_engine_that_fails_without_output_is_reported_with_its_exit_code(path: Path) -> None:
    put(path, "an-engine", "exit 3")
    assert engine_problem("an-engine") == "an-engine does not respond: exit code 3"


def test_a_file_that_is_not_executable_is_reported(path: Path) -> None:
    program = path / "an-engine"
    program.write_bytes(b"\x00\x01")
    program.chmod(0o755)
    assert engine_problem("an-engine") == "an-engine cannot start: Exec format error"
