"""What a folder's snapshot leaves out, by default and because of ignore files."""

import os
import zipfile
from pathlib import Path
from typing import Any

import pytest

from jupyter_scheduler_aws.errors import SnapshotError
from jupyter_scheduler_aws.snapshots.ignore_rules import DEFAULT_PATTERNS, IGNORE_FILE
from jupyter_scheduler_aws.snapshots.pack import pack_folder
from tests.jupyter_scheduler_aws.conftest import write_files


def packed(notebook: Path) -> list[str]:
    """Return the names of the members besides the notebook."""
    with pack_folder(notebook) as snapshot, zipfile.ZipFile(snapshot.file) as package:
        names = package.namelist()
        assert names[0] == notebook.name
        assert snapshot.files == len([name for name in names if not name.endswith("/")])
        return names[1:]


def ignore(folder: Path, *patterns: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / IGNORE_FILE).write_text("".join(f"{pattern}\n" for pattern in patterns))


@pytest.fixture
def folder(notebook: Path) -> Path:
    return notebook.parent


@pytest.fixture
def scanned(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the folders that were read."""
    found: list[str] = []
    scandir = os.scandir

    def watched(path: Any) -> Any:
        found.append(Path(path).name)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", watched)
    return found


def test_default_patterns_apply_at_any_depth(notebook: Path, folder: Path) -> None:
    names = [pattern.replace("*", "x") for pattern in DEFAULT_PATTERNS]
    names.remove(IGNORE_FILE)
    write_files(folder, *names, *(f"sub/{name}/inside" for name in names), "sub/kept", "venv/kept", ".hidden")
    assert packed(notebook) == [".hidden", "sub/kept", "venv/kept"]


def test_virtual_environment_is_recognized_by_its_file(notebook: Path, folder: Path) -> None:
    write_files(folder, "venv/pyvenv.cfg", "tools/py 3/pyvenv.cfg", "tools/py 3/lib/x.py", "tools/x.py", "venv.txt")
    assert packed(notebook) == ["tools/x.py", "venv.txt"]


def test_notebook_in_a_virtual_environment_includes_its_folder(notebook: Path, folder: Path) -> None:
    write_files(folder, "pyvenv.cfg", "data.csv")
    assert packed(notebook) == ["data.csv", "pyvenv.cfg"]


def test_ignore_file_overrides_the_defaults(notebook: Path, folder: Path) -> None:
    ignore(folder, "!venv", "!.cache", "!*.pyc", f"!{IGNORE_FILE}")
    write_files(folder, "venv/pyvenv.cfg", ".cache/x", "x.pyc", ".venv/x")
    assert packed(notebook) == [".cache/x", IGNORE_FILE, "venv/pyvenv.cfg", "x.pyc"]


def test_subfolder_has_its_own_ignore_file(notebook: Path, folder: Path) -> None:
    ignore(folder, "*.csv", "/models")
    ignore(folder / "data", "!*.csv", "/raw", "!.cache")
    ignore(folder / "data/sub", "b.csv")
    write_files(folder, "a.csv", "data/a.csv", "data/raw/a", "data/sub/b.csv", "data/sub/raw/a.csv", "data/.cache/x")
    write_files(folder, "models/x", "data/models/x", "raw/a", ".cache/x")
    assert packed(notebook) == [
        "data/.cache/x",
        "data/a.csv",
        "data/models/x",
        "data/sub/raw/a.csv",
        "raw/a",
    ]


def test_content_of_an_ignored_folder_is_ignored(notebook: Path, folder: Path) -> None:
    ignore(folder, "data/", "!data/keep.csv", "other/*", "!other/keep.csv")
    write_files(folder, "data/keep.csv", "other/keep.csv", "other/x.csv")
    ignore(folder / "data", "!*")
    assert packed(notebook) == ["other/keep.csv"]


def test_notebook_is_always_included(notebook: Path, folder: Path) -> None:
    ignore(folder, "*.ipynb", "report.*")
    write_files(folder, "other.ipynb", "x")
    assert packed(notebook) == ["x"]


def test_ignored_folders_are_not_read(notebook: Path, folder: Path, scanned: list[str]) -> None:
    ignore(folder, "big")
    write_files(folder, "big/deep/x", "node_modules/a/x", "venv/pyvenv.cfg", "venv/lib/x", "data/x")
    assert packed(notebook) == ["data/x"]
    assert scanned == ["analysis", "data"]


def test_ignored_link_is_not_reported(notebook: Path, folder: Path, tmp_path: Path) -> None:
    ignore(folder, "shared", "linked/")
    (folder / "shared").symlink_to(tmp_path)
    (folder / "linked").symlink_to(tmp_path)
    with pack_folder(notebook) as snapshot:
        # As for git, a link to a folder is no folder.
        assert snapshot.left_out == ("linked: a link that leads out of the folder",)


def test_ignore_file_with_windows_line_ends_is_read(notebook: Path, folder: Path) -> None:
    (folder / IGNORE_FILE).write_bytes("\ufeffa.csv\r\nb*\r\n".encode())
    write_files(folder, "a.csv", "b.csv", "c.csv")
    assert packed(notebook) == ["c.csv"]


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"a\n\nb\\\n", "line 3: 'b\\\\\\\\' is not a pattern"),
        (b"!\n", "line 1: '!' is not a pattern"),
        (b"a[b\n", r"line 1: 'a\[b' is not a pattern"),
        (b"[z-a]", r"line 1: '\[z-a\]' is not a pattern"),
        (b"# digits\n[[:digit:]]*\n", r"line 2: '\[\[:digit:\]\]\*' is not a pattern"),
        (b"x\n[\\]]", r"line 2: .* is not a pattern\. Write it as for \.gitignore"),
        (b"x\n\xfftext", r"line 2: the line is not UTF-8 text\. Save the file as UTF-8"),
        ("x\n".encode("utf-16"), r"line 1: the line is not UTF-8"),
    ],
)
def test_invalid_pattern_is_reported(notebook: Path, folder: Path, content: bytes, line: str) -> None:
    (folder / "sub").mkdir()
    (folder / "sub" / IGNORE_FILE).write_bytes(content)
    with pytest.raises(SnapshotError, match=rf"sub/{IGNORE_FILE}, {line}"):
        pack_folder(notebook)


@pytest.mark.parametrize("target", ["../outside", "patterns", "missing"])
def test_ignore_file_that_is_a_link_is_refused(notebook: Path, folder: Path, target: str) -> None:
    (folder.parent / "outside").write_text("*")
    (folder / "patterns").write_text("*")
    (folder / IGNORE_FILE).symlink_to(target)
    with pytest.raises(SnapshotError, match=rf"{IGNORE_FILE} is not a regular file\. Replace it with a file"):
        pack_folder(notebook)


def test_ignore_file_that_is_a_pipe_is_not_read(notebook: Path, folder: Path) -> None:
    os.mkfifo(folder / IGNORE_FILE)
    with pytest.raises(SnapshotError, match="is not a regular file"):
        pack_folder(notebook)


@pytest.mark.parametrize("name", ["analysis", "secret"])
def test_unreadable_folder_is_named(notebook: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    write_files(folder, "secret/x")
    scandir = os.scandir

    def refuses(path: Any) -> Any:
        if Path(path).name == name:
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuses)
    with pytest.raises(SnapshotError, match=rf"{name} cannot be read: Permission denied"):
        pack_folder(notebook)
    if name == "secret":
        ignore(folder, "secret")
        assert packed(notebook) == []
