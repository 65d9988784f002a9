"""Finding the files that a run created or changed."""

import os
import zlib
from pathlib import Path

import pytest

from runner.outputs import Baseline, Findings, find_outputs


def write(folder: Path, *names: str) -> None:
    for name in names:
        folder.joinpath(name).parent.mkdir(parents=True, exist_ok=True)
        folder.joinpath(name).write_text("")


def find(folder: Path, *names: str) -> Findings:
    """Find outputs after a run that created these files."""
    baseline = Baseline.of(folder, {})
    write(folder, *names)
    return find_outputs(folder, baseline)


def paths(findings: Findings) -> list[str]:
    return [file.path for file in findings.files]


def test_changed_files_are_found_by_content_not_by_time(tmp_path: Path) -> None:
    for name in ("same", "touched", "changed", "gone"):
        tmp_path.joinpath(name).write_text("before")
    baseline = Baseline.of(tmp_path, dict.fromkeys(("same", "touched", "changed", "gone"), zlib.crc32(b"before")))
    tmp_path.joinpath("touched").chmod(0o600)
    tmp_path.joinpath("changed").write_text("after!")
    tmp_path.joinpath("gone").unlink()
    write(tmp_path, "sub/new", ".hidden.json")

    findings = find_outputs(tmp_path, baseline)

    assert paths(findings) == [".hidden.json", "changed", "sub/new"]
    assert findings.skipped == findings.tool_folders == []


def test_files_that_cannot_be_outputs_are_skipped_with_a_reason(tmp_path: Path) -> None:
    baseline = Baseline.of(tmp_path, {})
    os.mkfifo(tmp_path / "pipe")
    write(tmp_path, "back\\slash", "/".join(["l" * 200] * 3 + ["m" * 120]))
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9")).write_text("")
    tmp_path.joinpath("folder").symlink_to("/etc", target_is_directory=True)
    tmp_path.joinpath("loop").symlink_to(tmp_path, target_is_directory=True)

    findings = find_outputs(tmp_path, baseline)

    assert findings.files == []
    assert [message.rpartition(": ")[2] for message in findings.skipped] == [
        "its name has a backslash or control character",
        "its name is not valid UTF-8",
        "a link, not a file",
        "its path is longer than 700 bytes",
        "a link, not a file",
        "not a regular file",
    ]


def test_a_path_that_is_too_long_for_the_system_does_not_affect_the_others(tmp_path: Path) -> None:
    baseline = Baseline.of(tmp_path, {})
    write(tmp_path, "a.csv", "z.csv")
    folder = os.open(tmp_path, os.O_RDONLY)
    for _ in range(20):  # deeper than any path may be long
        os.mkdir("d" * 250, dir_fd=folder)
        deeper = os.open("d" * 250, os.O_RDONLY, dir_fd=folder)
        os.close(os.open("file", os.O_CREAT | os.O_WRONLY, dir_fd=deeper))
        os.close(folder)
        folder = deeper
    os.close(folder)

    findings = find_outputs(tmp_path, baseline)

    assert len(paths(findings)) == 4
    assert {"a.csv", "z.csv"} < set(paths(findings))
    assert findings.skipped == [f"{'/'.join(['d' * 250] * 3)}: its path is longer than 700 bytes"]


def test_a_folder_that_cannot_be_read_does_not_affect_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    baseline = Baseline.of(tmp_path, {})
    write(tmp_path, "a.csv", "locked/file", "z.csv")
    real = os.scandir

    def refuse(path: Path) -> object:
        if path.name == "locked":
            raise PermissionError(13, "Permission denied", str(path))
        return real(path)

    monkeypatch.setattr(os, "scandir", refuse)  # root can read every folder
    findings = find_outputs(tmp_path, baseline)

    assert paths(findings) == ["a.csv", "z.csv"]
    assert findings.skipped == ["locked: the folder cannot be read (Permission denied)"]


def test_a_file_in_a_folder_with_the_name_of_a_tool_is_an_output(tmp_path: Path) -> None:
    names = [
        f"{folder}/result.csv"
        for folder in (".cache", ".config", ".git", ".jupyter", ".local", ".npm", ".venv", "__pycache__", "node_modules", "venv")
    ]  # fmt: skip

    findings = find(tmp_path, *names, "core.2024", "a.pyc")

    assert paths(findings) == sorted([*names, "core.2024", "a.pyc"])
    assert findings.tool_folders == []


def test_a_folder_that_a_tool_made_is_left_out_and_counted(tmp_path: Path) -> None:
    findings = find(
        tmp_path,
        "env/pyvenv.cfg",
        "env/lib/a.py",
        ".git/HEAD",
        ".git/objects/aa/bb",
        "sub/.pytest_cache/CACHEDIR.TAG",
        "web/node_modules/.package-lock.json",
        "result.csv",
    )

    assert paths(findings) == ["result.csv"]
    assert findings.tool_folders == [
        ".git: a git repository (2 files)",
        "env: a virtual environment (2 files)",
        "sub/.pytest_cache: a cache (1 file)",
        "web/node_modules: packages of JavaScript (1 file)",
    ]


def test_a_folder_of_a_tool_in_the_input_is_not_mentioned(tmp_path: Path) -> None:
    write(tmp_path, "env/pyvenv.cfg", "env/lib/a.py")
    findings = find(tmp_path, "result.csv")
    assert (paths(findings), findings.tool_folders) == (["result.csv"], [])


def test_the_working_directory_itself_is_never_a_folder_of_a_tool(tmp_path: Path) -> None:
    assert paths(find(tmp_path, "pyvenv.cfg", "CACHEDIR.TAG", "result.csv")) == [
        "CACHEDIR.TAG",
        "pyvenv.cfg",
        "result.csv",
    ]


def test_compiled_code_and_checkpoints_are_left_out(tmp_path: Path) -> None:
    findings = find(
        tmp_path, "a.py", "__pycache__/a.cpython-313.pyc", "sub/.ipynb_checkpoints/b-checkpoint.ipynb", "x-checkpoint"
    )
    assert paths(findings) == ["a.py", "x-checkpoint"]
    assert findings.skipped == findings.tool_folders == []
