import os
import zipfile
from pathlib import Path

import pytest

from jupyter_scheduler_aws.errors import SnapshotError
from jupyter_scheduler_aws.snapshots.pack import pack_folder, pack_notebook
from jupyter_scheduler_aws.transfers.download_manifest import DownloadedFile, ManifestEntry, update_manifest
from tests.jupyter_scheduler_aws.conftest import write_files


def test_notebook_is_copied_unchanged(notebook: Path) -> None:
    with pack_notebook(notebook) as snapshot:
        before = notebook.read_bytes()
        notebook.write_text("changed since")
        assert snapshot.file.read() == before
        assert (snapshot.size_bytes, snapshot.input_filename, snapshot.is_packaged) == (
            len(before),
            "report.ipynb",
            False,
        )


def test_invalid_notebook_is_refused(notebook: Path) -> None:
    notebook.write_text("not json")
    with pytest.raises(SnapshotError, match=r"report\.ipynb is not a notebook: it is not JSON"):
        pack_notebook(notebook)
    with pytest.raises(SnapshotError, match=r"report\.ipynb is not a notebook: it is not JSON"):
        pack_folder(notebook)


@pytest.mark.parametrize("name", ["missing.ipynb", "script.py"])
def test_file_that_cannot_be_a_notebook_is_refused(notebook: Path, name: str) -> None:
    write_files(notebook.parent, "script.py")
    with pytest.raises(SnapshotError, match=name):
        pack_notebook(notebook.parent / name)


def test_folder_is_zipped_with_the_notebook_at_the_root(notebook: Path) -> None:
    folder = notebook.parent
    write_files(folder, "data/co2.csv", "helpers.py", "übung.txt", ".env")
    (folder / "empty").mkdir()
    (folder / "run.sh").write_text("#!/bin/sh")
    (folder / "run.sh").chmod(0o755)

    with pack_folder(notebook) as snapshot, zipfile.ZipFile(snapshot.file) as package:
        assert package.testzip() is None
        assert sorted(package.namelist()) == [
            ".env",
            "data/co2.csv",
            "empty/",
            "helpers.py",
            "report.ipynb",
            "run.sh",
            "übung.txt",
        ]
        assert package.read("data/co2.csv") == b"data/co2.csv"
        assert package.getinfo("run.sh").external_attr >> 16 & 0o111
        assert not package.getinfo("helpers.py").external_attr >> 16 & 0o111
        assert (snapshot.files, snapshot.upload_filename, snapshot.left_out) == (6, "report.zip", ())


def test_same_files_result_in_the_same_bytes(notebook: Path) -> None:
    write_files(notebook.parent, "b.txt", "a.txt", "c/d.txt")
    with pack_folder(notebook) as snapshot:
        first = snapshot.file.read()
    for path in notebook.parent.rglob("*"):
        os.utime(path, (1_600_000_000, 1_600_000_000))
    with pack_folder(notebook) as snapshot:
        assert snapshot.file.read() == first
        assert len(first) == snapshot.size_bytes
        with zipfile.ZipFile(snapshot.file) as package:
            assert {info.date_time for info in package.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_caches_and_virtual_environments_are_left_out(notebook: Path) -> None:
    write_files(
        notebook.parent,
        ".git/config",
        "src/__pycache__/x.pyc",
        ".venv/bin/python",
        "web/node_modules/x.js",
        ".ipynb_checkpoints/report-checkpoint.ipynb",
        "src/x.py",
    )
    with pack_folder(notebook) as snapshot, zipfile.ZipFile(snapshot.file) as package:
        assert sorted(package.namelist()) == ["report.ipynb", "src/x.py"]


def test_outputs_of_earlier_jobs_are_left_out(notebook: Path) -> None:
    outputs = notebook.parent / "outputs"
    write_files(outputs, "report-2026.html", "results/table.csv", "own.txt")
    files = {name: DownloadedFile(format="files", size_bytes=1) for name in ("report-2026.html", "results/table.csv")}
    update_manifest(outputs, "job-1", lambda _: ManifestEntry(complete=True, files=files))

    with pack_folder(notebook) as snapshot, zipfile.ZipFile(snapshot.file) as package:
        assert sorted(package.namelist()) == ["outputs/own.txt", "report.ipynb"]
        assert snapshot.left_out == ("outputs: outputs of earlier jobs",)


def test_links_to_the_outside_are_left_out_and_reported(notebook: Path, tmp_path: Path) -> None:
    folder = notebook.parent
    write_files(tmp_path, "secret.txt", "elsewhere/x.txt")
    write_files(folder, "inside.txt", "data/x.txt")
    (folder / "good").symlink_to("inside.txt")
    (folder / "out").symlink_to(tmp_path / "secret.txt")
    (folder / "out-folder").symlink_to(tmp_path / "elsewhere")
    (folder / "in-folder").symlink_to("data")
    (folder / "broken").symlink_to("nowhere")
    (folder / "loop").symlink_to("loop")
    os.mkfifo(folder / "pipe")

    with pack_folder(notebook) as snapshot, zipfile.ZipFile(snapshot.file) as package:
        assert sorted(package.namelist()) == ["data/x.txt", "good", "inside.txt", "report.ipynb"]
        assert package.read("good") == b"inside.txt"
        assert snapshot.left_out == (
            "broken: a broken link",
            "in-folder: a link to a folder",
            "loop: a broken link",
            "out: a link that leads out of the folder",
            "out-folder: a link that leads out of the folder",
            "pipe: not a file",
        )


def test_unreadable_file_is_named(notebook: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    unreadable = notebook.parent / os.fsdecode(b"caf\xe9.txt")
    unreadable.write_text("")
    with pytest.raises(SnapshotError, match="not valid Unicode"):
        pack_folder(notebook)


def test_relative_path_of_a_notebook_includes_its_folder(notebook: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_files(notebook.parent, "a.txt")
    monkeypatch.chdir(notebook.parent)
    with pack_folder(Path(notebook.name)) as snapshot, zipfile.ZipFile(snapshot.file) as package:
        assert sorted(package.namelist()) == ["a.txt", "report.ipynb"]


def test_notebook_that_is_a_link_is_packed(notebook: Path, tmp_path: Path) -> None:
    link = tmp_path / "other" / "linked.ipynb"
    link.parent.mkdir()
    link.symlink_to(notebook)
    with pack_folder(link) as snapshot, zipfile.ZipFile(snapshot.file) as package:
        assert package.namelist() == ["linked.ipynb"]
        assert snapshot.left_out == ()
