"""What holds for every file of the repository."""

import re
import tomllib

import pytest

import chalicelib
from tests.structure.sources import ROOT, files, sources

MOST_LINES = 300

TOO_LONG: set[str] = set()
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
MOST_BYTES = 500_000

LOCKS = re.compile(r"requirements/[^/]+\.txt|(?:.+/)?package-lock\.json")

HOMES = "|".join(
    rf"(?<![\w.\-]){re.escape('/' + name)}{rest}"
    for name, rest in (("home", r"/(?!(?:runner|notebook|x)\b)\w"), ("root", r"\b"), ("Users", r"/\w"))
)
"""Home folders, but for the two of the runner image, and the file in `/home` that a test tries to make."""


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


def test_no_file_has_the_marks_of_a_conflict() -> None:
    """Both sides of a merge stayed in a document once."""
    assert lines_with(r"(?m)^(?:<{7}|={7}|>{7}|\|{7})(?: |$)") == set()


def test_no_file_names_a_home_folder() -> None:
    assert lines_with(HOMES) == set()


def test_home_folders_would_be_seen() -> None:
    for folder in ("home/ann/x", "root", "Users/ann"):
        assert re.search(HOMES, f'path = "/{folder}"')
    for text in ("/home/runner/work", "/home/notebook/.venv", "https://example.com/root", "the/root/of", "/rooted"):
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


def is_binary(content: bytes) -> bool:
    """Whether something is no text: not UTF-8, or with a NUL, by which git tells."""
    try:
        return "\0" in content.decode("utf-8")
    except UnicodeDecodeError:
        return True


def is_picture_of_a_document(path: str) -> bool:
    return path.startswith("docs/") and path.endswith(".png")


def may_be_large(path: str) -> bool:
    """Whether a file is a lock, or has its license beside it, in `<file>.license` as the REUSE specification 3.3 has it."""
    return bool(LOCKS.fullmatch(path)) or f"{path}.license" in files()


def test_the_only_binaries_are_the_documents_pictures() -> None:
    binaries = {path for path in files() if is_binary((ROOT / path).read_bytes())}
    assert {path for path in binaries if not is_picture_of_a_document(path)} == set()


def test_large_files_are_locks_or_have_a_license() -> None:
    large = {path for path in files() if (ROOT / path).stat().st_size > MOST_BYTES}
    assert {path for path in large if not may_be_large(path)} == set()


@pytest.mark.parametrize(
    ("content", "binary"),
    [(b"PK\3\4\0\0", True), (b"\x89PNG\r\n", True), (b"a\0b", True), ("CO₂\n".encode(), False), (b"", False)],
)
def test_binaries_would_be_seen(content: bytes, *, binary: bool) -> None:
    assert is_binary(content) is binary


@pytest.mark.parametrize(
    ("path", "may"),
    [
        ("requirements/dev.txt", True),
        ("package-lock.json", True),
        ("tests/browser/package-lock.json", True),
        ("tool-1.0-py3-none-any.whl", False),
        ("examples/co2/co2-mauna-loa.csv", False),
        ("docs/requirements/dev.txt", False),
    ],
)
def test_who_may_be_large(path: str, *, may: bool) -> None:
    assert may_be_large(path) is may


def test_npm_locks_name_no_address() -> None:
    """An address of the registry of whoever wrote the lock would be asked by everybody else."""
    locks = [path for path in files() if path.endswith("package-lock.json")]
    assert locks
    assert {path for path in locks if '"resolved"' in (ROOT / path).read_text(encoding="utf-8")} == set()
