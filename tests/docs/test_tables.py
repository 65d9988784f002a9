"""Tables in the documents that repeat what the code or a lock says."""

import re
import tomllib

import pytest
from packaging.markers import Marker

from chalicelib.config import OUTPUT_FORMATS
from chalicelib.domain.job import JobStatus
from chalicelib.domain.outcome import OUTCOMES, OutcomeCode
from chalicelib.domain.transitions import TRANSITIONS
from jupyter_scheduler_aws.snapshots.ignore_rules import DEFAULT_PATTERNS, VIRTUAL_ENVIRONMENT_FILE
from tests.docs.documents import ROOT, table_rows

PIN = re.compile(r"^(?P<name>[a-z0-9-]+)==(?P<version>[^\s;]+)(?: ; (?P<marker>[^\\\n]+))?", re.MULTILINE)


def image_python() -> str:
    """Read the Python of the default image, as the Dockerfile states it."""
    dockerfile = (ROOT / "runner_container" / "Dockerfile").read_text(encoding="utf-8")
    found = re.search(r"uv venv .*--python /usr/bin/python(\d+\.\d+) ", dockerfile)
    assert found, "runner_container/Dockerfile makes no virtual environment of /usr/bin/python<version>"
    return found[1]


def locked_versions(python: str) -> dict[str, str]:
    """Read the runner's lock as the image installs it: on Linux, with its Python."""
    lock = (ROOT / "requirements" / "runner.txt").read_text(encoding="utf-8")
    image = {"python_version": python, "python_full_version": f"{python}.0", "sys_platform": "linux"}
    image["implementation_name"] = "cpython"
    pins = PIN.finditer(lock)
    return {pin["name"]: pin["version"] for pin in pins if not pin["marker"] or Marker(pin["marker"]).evaluate(image)}


def asked_for() -> set[str]:
    """Name the packages that the group `runner` asks for by itself."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    found = (re.match(r"[a-z0-9-]+", each) for each in project["dependency-groups"]["runner"])
    return {match[0] for match in found if match}


def test_packages_of_the_default_environment_are_those_of_the_lock() -> None:
    python = image_python()
    rows = [row for row in table_rows("docs/environments.md") if re.fullmatch(r"[\d.]+", row[-1])]
    locked = locked_versions(python)
    assert dict(rows) == {name: locked[name] for name in asked_for()}
    text = (ROOT / "docs" / "environments.md").read_text(encoding="utf-8")
    assert f"Python {python}, with these versions" in text


def test_output_formats_are_all_there() -> None:
    rows = table_rows("docs/environments.md")
    start = next(number for number, row in enumerate(rows) if row[0] == "format")
    assert [row[0].strip("`") for row in rows[start + 2 : start + 2 + len(OUTPUT_FORMATS)]] == list(OUTPUT_FORMATS)


@pytest.mark.parametrize("transition", TRANSITIONS.values(), ids=lambda transition: transition.name.value)
def test_transition_is_in_the_table(transition: object) -> None:
    known = next(each for each in TRANSITIONS.values() if each is transition)
    sources = ", ".join(status for status in JobStatus if status in known.sources)
    assert [known.name, sources, known.target, known.meaning] in table_rows("docs/architecture.md")


@pytest.mark.parametrize("code", OUTCOMES)
def test_outcome_is_explained(code: OutcomeCode) -> None:
    rows = {row[0]: row for row in table_rows("docs/troubleshooting.md")}
    assert rows[f"`{code}`"][1] == OUTCOMES[code].title


def test_no_other_outcome_is_explained() -> None:
    rows = table_rows("docs/troubleshooting.md")
    start = next(number for number, row in enumerate(rows) if row[0] == "code")
    assert {row[0].strip("`") for row in rows[start + 2 : start + 2 + len(OUTCOMES)]} == set(OUTCOMES)


def test_what_is_ignored_by_default_is_listed() -> None:
    rows = table_rows("docs/environments.md")
    start = next(number for number, row in enumerate(rows) if row[0] == "left out by default") + 2
    names = [row[0] for row in rows[start : start + len(DEFAULT_PATTERNS) + 1]]
    assert names == [*(f"`{each}`" for each in DEFAULT_PATTERNS), f"any folder with a `{VIRTUAL_ENVIRONMENT_FILE}`"]
    assert len(rows) == start + len(names) or rows[start + len(names) + 1][0].startswith("---")
