"""`make image`: which engine builds, with what command, and what is said when it cannot."""

import os
import stat
from pathlib import Path

import pytest

from infra.container_engine import EngineError, build_command, find_engine, inspect_command, works
from infra.image import base_build, main, runner_build
from infra.image_inputs import LABEL, fingerprint


def test_the_first_engine_that_works_is_used() -> None:
    calls: list[str] = []

    def is_usable(name: str) -> bool:
        calls.append(name)
        return name == "podman"

    assert find_engine(is_usable=is_usable) == "podman"
    assert calls == ["docker", "podman"]


def test_without_an_engine_the_error_says_what_to_install() -> None:
    with pytest.raises(EngineError) as caught:
        find_engine(is_usable=lambda _name: False)
    assert "\n" not in str(caught.value)
    assert "tried docker, podman or buildah" in str(caught.value)
    assert "apt install podman" in str(caught.value)


def test_docker_builds_with_its_defaults(tmp_path: Path) -> None:
    certificates = tmp_path / "ca.crt"
    certificates.write_text("-----BEGIN CERTIFICATE-----")
    build = runner_build(architecture="arm64", base="mine:1", certificates=str(certificates))
    command = build_command("docker", build)
    assert command[:2] == ["docker", "build"]
    assert command[command.index("--platform") + 1] == "linux/arm64"
    assert command[command.index("--build-arg") + 1] == "BASE_IMAGE=mine:1"
    assert command[command.index("--secret") + 1] == f"id=certificates,src={certificates}"
    assert "--isolation" not in command
    assert "--network" not in command


@pytest.mark.parametrize("engine", ["podman", "buildah"])
def test_podman_and_buildah_build_without_a_container_runtime(engine: str) -> None:
    command = build_command(engine, runner_build(architecture="x86_64", base=None, certificates=None))
    assert command[command.index("--isolation") + 1] == "chroot"
    assert command[command.index("--network") + 1] == "host"
    assert "--layers" in command
    assert "--build-arg" not in command
    assert "--secret" not in command


def test_missing_certificates_are_ignored(tmp_path: Path) -> None:
    build = runner_build(architecture="x86_64", base=None, certificates=str(tmp_path / "missing.crt"))
    assert build.certificates is None


def test_the_base_is_built_from_the_folder_of_its_archive(tmp_path: Path) -> None:
    command = build_command("podman", base_build(tmp_path / "base.tar"))
    assert command[-1] == str(tmp_path)
    assert "--platform" not in command


def test_an_engine_that_does_not_respond_does_not_work(engine: Path) -> None:
    _write(engine, "exit 1")
    assert not works("docker")
    _write(engine, "exit 0")
    assert works("docker")


def test_make_image_prints_the_output_of_the_engine(engine: Path, capfd: pytest.CaptureFixture[str]) -> None:
    _write(engine, 'if [ "$1" = build ]; then echo "no such registry" >&2; exit 125; fi')
    assert main(["build", "--architecture", "x86_64"]) == 125
    error = capfd.readouterr().err
    assert "no such registry" in error
    assert "make base-image, then make image BASE_IMAGE=jupyter-scheduler-base:local" in error


def test_an_image_that_is_up_to_date_is_not_built_again(engine: Path, capfd: pytest.CaptureFixture[str]) -> None:
    kept = engine.parent / "label"
    _write(
        engine,
        f"""case "$1" in
        image) cat {kept} 2> /dev/null ;;
        build) echo built; for each; do case "$each" in {LABEL}=*) echo "${{each#*=}}" > {kept} ;; esac; done ;;
        esac""",
    )
    assert [main(["build", "--architecture", "x86_64"]) for _ in range(2)] == [0, 0]
    assert capfd.readouterr().out.splitlines() == [
        "built",
        "Built jupyter-scheduler-runner:local with docker",
        "jupyter-scheduler-runner:local is up to date",
    ]
    assert main(["build", "--architecture", "arm64"]) == 0
    assert "built\n" in capfd.readouterr().out


@pytest.mark.parametrize("engine_name", ["docker", "podman", "buildah"])
def test_inspect_commands_use_the_format_of_the_engine(engine_name: str) -> None:
    assert f'Config.Labels "{LABEL}"}}}}' in inspect_command(engine_name, "mine:1", label=LABEL)[-2]


def test_the_fingerprint_covers_all_inputs_of_the_image(tmp_path: Path) -> None:
    for name in (
        "Dockerfile",
        "Dockerfile.dockerignore",
        "image/kernel",
        "runner/run.py",
        "runner/__pycache__/run.pyc",
    ):
        path = tmp_path / "runner_container" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    (tmp_path / "requirements").mkdir()
    for name in ("runner.txt", "uv.txt", "dev.txt"):
        (tmp_path / "requirements" / name).write_text(name)
    before = fingerprint(tmp_path, ["x86_64", ""])
    (tmp_path / "runner_container/runner/__pycache__/run.pyc").write_text("compiled")
    (tmp_path / "requirements/dev.txt").write_text("something else")
    assert fingerprint(tmp_path, ["x86_64", ""]) == before
    seen = {before, fingerprint(tmp_path, ["arm64", ""]), fingerprint(tmp_path, ["x86_64", "base:1"])}
    (tmp_path / "runner_container/image/kernel").chmod(0o755)
    seen.add(fingerprint(tmp_path, ["x86_64", ""]))
    (tmp_path / "runner_container/runner/run.py").write_text("changed")
    seen.add(fingerprint(tmp_path, ["x86_64", ""]))
    assert len(seen) == 5


def test_an_image_for_another_processor_needs_emulation(engine: Path, capfd: pytest.CaptureFixture[str]) -> None:
    _write(engine, 'if [ "$1" = build ]; then exit 1; fi')
    other = "x86_64" if os.uname().machine in {"aarch64", "arm64"} else "arm64"
    assert main(["build", "--architecture", other, "--base", "mine:1"]) == 1
    error = capfd.readouterr().err
    assert "needs QEMU" in error
    assert "make base-image" not in error


def test_make_image_without_an_engine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert main(["build"]) == 1
    assert capsys.readouterr().err.startswith("No container engine works here")


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A command named docker, the first on PATH, which a test writes."""
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    return tmp_path / "docker"


def _write(engine: Path, script: str) -> None:
    engine.write_text(f"#!/bin/sh\n{script}\n")
    engine.chmod(engine.stat().st_mode | stat.S_IXUSR)
