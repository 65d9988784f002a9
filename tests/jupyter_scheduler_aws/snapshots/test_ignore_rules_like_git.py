"""Ignore files match like git's: the tests compare with git itself."""

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from jupyter_scheduler_aws.snapshots.folder_listing import FolderListing
from jupyter_scheduler_aws.snapshots.ignore_rules import IGNORE_FILE

Tree = Mapping[str, str]
"""Contents of ignore files by folder, or of files by path; files are empty."""

NAMES = st.sampled_from(["a", "b", "ab", "a.c", "b.c", "c", ".a", "a b", "[a]", "A"])
FOLDERS = st.lists(NAMES, max_size=3).map(lambda parts: "".join(f"{part}/" for part in parts))
PATHS = st.builds(lambda folder, name: folder + name, FOLDERS, NAMES)

SEGMENTS = st.one_of(
    NAMES,
    st.sampled_from(
        ["*", "**", "?", "a*", "*.c", "?b", "[ab]", "[!a]", "[^b]", "[a-c]?", "a**", "**.c", r"\a", "[[]a]"]
    ),
    st.sampled_from([r"\[a\]", "[]a]*", "*b*", "a[!b]c", "[+-z]b", "."]),
)
PATTERNS = st.builds(
    lambda negated, start, segments, end, spaces: negated + start + "/".join(segments) + end + spaces,
    st.sampled_from(["", "", "!"]),
    st.sampled_from(["", "", "/"]),
    st.lists(SEGMENTS, min_size=1, max_size=4),
    st.sampled_from(["", "", "/"]),
    st.sampled_from(["", "", " ", "  "]),
)
LINES = st.one_of(PATTERNS, PATTERNS, st.sampled_from(["", "# a", r"\#", r"\!a", "/", "!/", r"a\ ", "   "]))
IGNORE_FILES = st.lists(LINES, min_size=1, max_size=5).flatmap(
    lambda lines: st.sampled_from(["\n", "\r\n"]).map(lambda end: end.join([*lines, ""]))
)


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder whose repository is elsewhere, so that git lists everything in the folder."""
    root = tmp_path_factory.mktemp("repository") / "tree"
    root.mkdir()
    git(root, "init", "--quiet")
    yield root
    shutil.rmtree(root.parent)


def git(root: Path, *arguments: str) -> str:
    environment = {
        "PATH": os.environ["PATH"],
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_SYSTEM": os.devnull,
        "GIT_DIR": str(root.with_name("git")),
        "GIT_WORK_TREE": str(root),
    }
    done = subprocess.run(
        ["git", *arguments], cwd=root, capture_output=True, check=True, env=environment, encoding="utf-8"
    )
    return done.stdout


def build(root: Path, paths: list[str], ignore_files: Tree, ignore_name: str) -> None:
    """Create a new tree. Skip what conflicts, such as a file and a folder with the same name."""
    for path in root.iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    files = dict.fromkeys(paths, "") | {folder + ignore_name: text for folder, text in ignore_files.items()}
    for name, text in files.items():
        path = root / name
        if not path.exists() and all(parent.is_dir() or not parent.exists() for parent in path.parents):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text.encode())


@settings(max_examples=250, deadline=None)
@given(st.lists(PATHS, min_size=1, max_size=12), st.dictionaries(FOLDERS, IGNORE_FILES, min_size=1, max_size=3))
@example(["a/b", "a/c", "b"], {"": "*\n!a/\n", "a/": "!b\n"})
@example(["a/b/c", "a/c/b", "c"], {"": "*/\n!a\n"})
@example(["a/b/c", "a/c"], {"": "a/**/\n"})
@example(["a/b/c", "a/c", "b/a"], {"": "a/**\n!a/b/\n"})
@example(["a/c", "a.c", "b/a/c"], {"": "**/a[!b]c\n"})
@example(["a/b", "a/c"], {"": "a/\n!a/b\n"})
@example(["a ", "a"], {"": "a\\ \n"})
@example(["a", "b"], {"": "\ufeffa\n"})
def test_ignore_rules_match_git(repository: Path, paths: list[str], ignore_files: Tree) -> None:
    # git takes the literal `a` off these patterns, and then reads `**` as at their start, which its documentation does not say.
    assume(not any("a**/" in text or "/a**" in text for text in ignore_files.values()))
    build(repository, paths, ignore_files, ".gitignore")
    listed = git(repository, "ls-files", "--others", "--exclude-standard", "-z").split("\0")
    left = {path for path in listed if path and not path.endswith(".gitignore")}

    build(repository, paths, ignore_files, IGNORE_FILE)
    members = FolderListing(repository / "notebook.ipynb", defaults=None).members()
    assert {member.name for member in members if not member.is_folder and member.path.name != IGNORE_FILE} == left
