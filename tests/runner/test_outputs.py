"""Finding the files that a run created or changed."""

import os
import zlib
from pathlib import Path

from runner.outputs import Baseline, find_outputs


def test_changed_files_are_found_by_content_not_by_time(tmp_path: Path) -> None:
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


def test_files_that_cannot_be_outputs_are_skipped_with_a_reason(tmp_path: Path) -> None:
    baseline = Baseline.of(tmp_path, {})
    os.mkfifo(tmp_path / "pipe")
    tmp_path.joinpath("back\\slash").write_text("")
    tmp_path.joinpath("l" * 200, "l" * 200, "l" * 200, "l" * 200).mkdir(parents=True)
    tmp_path.joinpath("l" * 200, "l" * 200, "l" * 200, "l" * 200, "x").write_text("")
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9")).write_text("")
    tmp_path.joinpath("folder").symlink_to("/etc", target_is_directory=True)

    found, skipped = find_outputs(tmp_path, baseline)

    assert found == []
    assert [message.rpartition(": ")[2] for message in skipped] == [
        "its name has a backslash or control character",
        "its name is not valid UTF-8",
        "a link, not a file",
        "its path is longer than 700 bytes",
        "not a regular file",
    ]


def test_a_folder_that_cannot_be_read_is_skipped_with_a_reason(tmp_path: Path) -> None:
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
    assert [message.rpartition(": ")[2] for message in skipped] == ["the folder cannot be read (File name too long)"]
