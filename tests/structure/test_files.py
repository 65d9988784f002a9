"""What holds for every file of the repository."""

import re
import tomllib

import chalicelib
from tests.structure.sources import ROOT, files, sources

MOST_LINES = 300

TOO_LONG = {
    "tests/runner/test_endings.py",
}
"""Still to be split; a file leaves this list for good."""

REGISTRIES = "|".join(
    re.escape(".".join(parts))
    for parts in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("npmjs", "org"),
        ("npmjs", "com"),
        ("yarnpkg", "com"),
        ("debian", "org"),
        ("anaconda", "org"),
        ("docker", "io"),
        ("docker", "com"),
        ("ghcr", "io"),
        ("quay", "io"),
    )
)
HOMES = "|".join(
    rf"(?<![\w.\-]){re.escape('/' + name)}{rest}"
    for name, rest in (("home", r"/(?!runner\b)\w"), ("root", r"\b"), ("Users", r"/\w"))
)
"""Home folders, but for the one that the runner image makes."""


def lines_with(pattern: str) -> set[str]:
    """Find the lines of all text files that a pattern is in, each as `path:number`."""
    found = set()
    for path in files():
        text = (ROOT / path).read_bytes().decode("utf-8", errors="replace")
        if re.search(pattern, text):
            found |= {
                f"{path}:{number}" for number, line in enumerate(text.splitlines(), 1) if re.search(pattern, line)
            }
    return found


def test_no_file_names_the_host_of_a_registry() -> None:
    """Whoever installs has their own: an index in the company, a mirror, a cache."""
    assert lines_with(rf"\b(?:{REGISTRIES})\b") == set()


def test_no_file_names_a_home_folder() -> None:
    assert lines_with(HOMES) == set()


def test_home_folders_would_be_seen() -> None:
    for folder in ("home/ann/x", "root", "Users/ann"):
        assert re.search(HOMES, f'path = "/{folder}"')
    for text in ("/home/runner/work", "https://example.com/root", "the/root/of", "/rooted"):
        assert not re.search(HOMES, text), text


def test_python_files_are_short() -> None:
    long = {source.path for source in sources() if len(source.text.splitlines()) > MOST_LINES}
    assert long - TOO_LONG == set(), f"longer than {MOST_LINES} lines: split them"
    assert TOO_LONG - long == set(), "short by now: take them off the list"


def test_there_is_one_version() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert chalicelib.__version__ == project["version"]
    stated = {
        (source.path, match[1])
        for source in sources()
        for match in re.finditer(r'^__version__ = "(.+)"$', source.text, re.MULTILINE)
    }
    assert {version for _, version in stated} == {project["version"]}, stated
