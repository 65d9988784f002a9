"""CONTRIBUTING.md's table "Where do I change …" is correct: each file exists and contains the name that the table gives."""

import re

from tests.docs.documents import ROOT

ROW = re.compile(r"^\| (?P<what>[^|]+) \| `(?P<path>[^`]+)` \| `(?P<name>[^`]+)` \|$", re.MULTILINE)


def rows() -> list[tuple[str, str, str]]:
    """Return subject, path and name of each row."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    section = text[text.index("## Where do I change") :]
    return [(row["what"], row["path"], row["name"]) for row in ROW.finditer(section[: section.index("\n## ", 1)])]


def contains(path: str, name: str) -> bool:
    """Return whether a file of the repository contains a name."""
    file = ROOT / path
    return file.is_file() and bool(re.search(rf"(?<!\w){re.escape(name)}(?!\w)", file.read_text(encoding="utf-8")))


def test_files_and_names_exist() -> None:
    assert [(what, path, name) for what, path, name in rows() if not contains(path, name)] == []


def test_the_questions_of_newcomers_are_answered() -> None:
    subjects = {what for what, _, _ in rows()}
    assert {
        "the retry delay of the client",
        "the environment variables of a notebook",
        "the message for an unknown kernel",
        "the columns of `nbjobs list`",
        "how long a download link is valid",
    } <= subjects


def test_wrong_answers_are_detected() -> None:
    assert not contains("chalicelib/no_such_file.py", "retry")
    assert not contains("chalicelib/domain/job.py", "NoSuchName")
    assert contains("chalicelib/domain/job.py", "JobStatus")
