"""Tables in the documents that repeat facts of the code or of a lock file."""

import re
import tomllib

from packaging.markers import Marker

from chalicelib.config import OUTPUT_FORMATS
from chalicelib.domain.job import JobStatus
from chalicelib.domain.outcome import OUTCOMES
from chalicelib.domain.transitions import TRANSITIONS
from jupyter_scheduler_aws.snapshots.ignore_rules import DEFAULT_PATTERNS, VIRTUAL_ENVIRONMENT_FILE
from tests.docs.documents import ROOT, table_rows

PIN = re.compile(r"^(?P<name>[a-z0-9-]+)==(?P<version>[^\s;]+)(?: ; (?P<marker>[^\\\n]+))?", re.MULTILINE)


def image_python() -> str:
    """Return the Python version of the default image, as in the Dockerfile."""
    dockerfile = (ROOT / "runner_container" / "Dockerfile").read_text(encoding="utf-8")
    found = re.search(r"uv venv .*--python /usr/bin/python(\d+\.\d+) ", dockerfile)
    assert found, "runner_container/Dockerfile makes no virtual environment of /usr/bin/python<version>"
    return found[1]


def locked_versions(python: str) -> dict[str, str]:
    """Return the locked versions that the image installs: on Linux, with its Python."""
    lock = (ROOT / "requirements" / "runner.txt").read_text(encoding="utf-8")
    image = {"python_version": python, "python_full_version": f"{python}.0", "sys_platform": "linux"}
    image["implementation_name"] = "cpython"
    pins = PIN.finditer(lock)
    return {pin["name"]: pin["version"] for pin in pins if not pin["marker"] or Marker(pin["marker"]).evaluate(image)}


def declared_packages() -> set[str]:
    """Return the packages that the dependency group `runner` declares directly."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    found = (re.match(r"[a-z0-9-]+", each) for each in project["dependency-groups"]["runner"])
    return {match[0] for match in found if match}


def test_packages_of_the_default_environment_are_those_of_the_lock() -> None:
    python = image_python()
    rows = [row for row in table_rows("docs/environments.md") if re.fullmatch(r"[\d.]+", row[-1])]
    locked = locked_versions(python)
    assert dict(rows) == {name: locked[name] for name in declared_packages()}
    text = (ROOT / "docs" / "environments.md").read_text(encoding="utf-8")
    assert f"Python {python}, with these versions" in text


def test_output_formats_are_all_there() -> None:
    rows = table_rows("docs/environments.md")
    start = next(number for number, row in enumerate(rows) if row[0] == "format")
    assert [row[0].strip("`") for row in rows[start + 2 : start + 2 + len(OUTPUT_FORMATS)]] == list(OUTPUT_FORMATS)


def test_transitions_are_documented() -> None:
    expected = [
        [each.name, ", ".join(status for status in JobStatus if status in each.sources), each.target, each.meaning]
        for each in TRANSITIONS.values()
    ]
    rows = table_rows("docs/architecture.md")
    assert [row for row in expected if row not in rows] == []


def test_documented_outcomes_are_the_code_s() -> None:
    rows = table_rows("docs/troubleshooting.md")
    start = next(number for number, row in enumerate(rows) if row[0] == "code") + 2
    documented = {row[0].strip("`"): row[1] for row in rows[start : start + len(OUTCOMES)]}
    assert documented == {code: kind.title for code, kind in OUTCOMES.items()}


def test_what_is_ignored_by_default_is_listed() -> None:
    rows = table_rows("docs/environments.md")
    start = next(number for number, row in enumerate(rows) if row[0] == "left out by default") + 2
    names = [row[0] for row in rows[start : start + len(DEFAULT_PATTERNS) + 1]]
    assert names == [*(f"`{each}`" for each in DEFAULT_PATTERNS), f"any folder with a `{VIRTUAL_ENVIRONMENT_FILE}`"]
    assert len(rows) == start + len(names) or rows[start + len(names) + 1][0].startswith("---")
