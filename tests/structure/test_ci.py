"""`.ci/run` tests a clone in an empty folder; these tests run it on a small project."""

import os
import shutil
import signal
import subprocess
from pathlib import Path
from typing import Final

import pytest

from tests.structure.sources import ROOT

MAKEFILE: Final = """
check:
	@{check}
test:
	@cat tracked; mkdir -p build/test screenshots; touch screenshots/seen.png
	@echo '3 passed, {failed} failed' | tee build/test/summary; exit {failed}
"""

NOTHING_BESIDE: Final = 'test "$$(ls ..)" = project'


def git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=somebody", "-c", "user.email=somebody@example.com"]
    done = subprocess.run(["git", "-C", str(folder), *identity, *arguments], capture_output=True, text=True, check=True)
    return done.stdout


def write_project(folder: Path, *, check: str = NOTHING_BESIDE, failed: int = 0) -> Path:
    """Create a repository with the real `.ci`, and a folder beside it that it must not need.

    Parameters
    ----------
    folder
        The folder in which to create both.
    check
        The command that `make check` runs.
    failed
        The number of failed tests that `make test` reports.
    """
    project = folder / "a checkout"
    shutil.copytree(ROOT / ".ci", project / ".ci")
    makefile = MAKEFILE.format(check=check, failed=failed)
    ignored = "ignored\nbuild\nscreenshots\n"
    for name, text in {"Makefile": makefile, "tracked": "before\n", "removed": "x", ".gitignore": ignored}.items():
        (project / name).write_text(text, encoding="utf-8")
    git(folder, "init", "--quiet", str(project))
    git(project, "add", "--all")
    git(project, "commit", "--quiet", "--message", "first")
    (folder / "shared").mkdir()
    return project


def start(project: Path) -> subprocess.Popen[str]:
    """Start the project's `.ci/run` in its own process group, with temporary folders in `scratch` beside the project."""
    scratch = project.parent / "scratch"
    scratch.mkdir()
    outer = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    return subprocess.Popen(
        ["bash", ".ci/run"],
        cwd=project,
        env=outer | {"TMPDIR": str(scratch)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def run(project: Path) -> subprocess.CompletedProcess[str]:
    """Run the project's `.ci/run`."""
    with start(project) as process:
        output, errors = process.communicate()
    return subprocess.CompletedProcess(process.args, process.returncode, output, errors)


def test_it_runs_in_a_clone_in_an_empty_folder(tmp_path: Path) -> None:
    project = write_project(tmp_path)
    (project / "untracked").touch()
    (project / "tracked").write_text("after\n", encoding="utf-8")
    done = run(project)
    assert (done.returncode, done.stdout) == (0, "after\n3 passed, 0 failed\n")
    assert done.stderr == "Not included, because git does not track them:\nuntracked\n"


def test_results_are_copied_back_and_the_clone_is_removed(tmp_path: Path) -> None:
    project = write_project(tmp_path)
    (project / "build" / "test").mkdir(parents=True)
    (project / "build" / "test" / "old.xml").touch()
    run(project)
    assert [path.name for path in (project / "build" / "test").iterdir()] == ["summary"]
    assert [path.name for path in (project / "screenshots").iterdir()] == ["seen.png"]
    assert list((tmp_path / "scratch").iterdir()) == []


def test_failed_tests_set_the_last_line_and_the_exit_code(tmp_path: Path) -> None:
    done = run(write_project(tmp_path, failed=1))
    assert done.returncode == 1
    assert done.stdout.splitlines()[-1] == "3 passed, 1 failed"


def test_tests_run_after_a_failed_check_and_the_exit_code_is_1(tmp_path: Path) -> None:
    done = run(write_project(tmp_path, check="exit 2"))
    assert done.returncode == 1
    assert done.stdout.splitlines()[-1] == "3 passed, 0 failed"


def test_a_terminated_run_removes_its_clone(tmp_path: Path) -> None:
    with start(write_project(tmp_path, check="echo started; sleep 600")) as process:
        assert process.stdout
        assert process.stdout.readline() == "started\n"
        os.killpg(process.pid, signal.SIGTERM)
        output, _ = process.communicate()
    assert process.returncode == 128 + signal.SIGTERM
    assert output == ""
    assert list((tmp_path / "scratch").iterdir()) == []


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    return tmp_path / "clone"


def make_clone(project: Path, clone: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(project / ".ci" / "clone"), str(clone)],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_clone_includes_uncommitted_changes(tmp_path: Path, clone: Path) -> None:
    project = write_project(tmp_path)
    (project / "added").write_bytes(b"\0\xff")
    git(project, "add", "added")
    git(project, "rm", "--quiet", "removed")
    (project / "ignored").touch()
    assert make_clone(project, clone).returncode == 0
    assert (clone / "added").read_bytes() == b"\0\xff"
    assert not (clone / "removed").exists()
    assert not (clone / "ignored").exists()
    assert "added" in git(clone, "ls-files").split()


def test_a_clone_does_not_refer_to_the_original(tmp_path: Path, clone: Path) -> None:
    project = write_project(tmp_path)
    make_clone(project, clone)
    assert git(clone, "remote") == ""
    assert str(project) not in (clone / ".git" / "config").read_text(encoding="utf-8")


def test_a_git_hook_can_create_a_clone(tmp_path: Path, clone: Path) -> None:
    project = write_project(tmp_path)
    done = make_clone(project, clone, GIT_DIR=str(tmp_path / "another"), GIT_INDEX_FILE="x")
    assert (done.returncode, done.stderr) == (0, "")
    assert (clone / "tracked").exists()


def test_an_existing_folder_is_not_overwritten(tmp_path: Path, clone: Path) -> None:
    clone.mkdir()
    (clone / "mine").touch()
    done = make_clone(write_project(tmp_path), clone)
    assert done.returncode != 0
    assert "already exists" in done.stderr
