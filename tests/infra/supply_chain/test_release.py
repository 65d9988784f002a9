"""Preparing a release: versions, the changelog heading, and what is refused."""

import re
import tomllib
from datetime import date
from pathlib import Path

import pytest

from infra.supply_chain.release import VERSION_STATEMENTS, ReleaseError, add_heading, check_version, set_version

ROOT = Path(__file__).parents[3]
CHANGELOG = (
    "# Changelog\n\nAll changes.\n\n## Unreleased\n\n### Added\n\n- A thing.\n\n## 0.1.0 - 2026-01-01\n\n- The first.\n"
)
TODAY = date(2026, 11, 26)


def test_unreleased_changes_get_the_version_s_heading() -> None:
    assert add_heading(CHANGELOG, "0.2.0", TODAY) == CHANGELOG.replace(
        "## Unreleased\n", "## Unreleased\n\n## 0.2.0 - 2026-11-26\n"
    )


def test_a_released_version_is_refused() -> None:
    with pytest.raises(ReleaseError, match=r"already has a section for 0\.1\.0"):
        add_heading(CHANGELOG, "0.1.0", TODAY)


@pytest.mark.parametrize("text", ["# Changelog\n", "## Unreleased\n\n## 0.1.0 - 2026-01-01\n- x\n", "## Unreleased\n"])
def test_a_release_without_changes_is_refused(text: str) -> None:
    with pytest.raises(ReleaseError, match="nothing to release"):
        add_heading(text, "0.2.0", TODAY)


@pytest.mark.parametrize("version", ["0.1.0", "0.1.1", "0.2.0", "1.0.0", "0.10.0"])
def test_the_same_or_a_higher_version_is_accepted(version: str) -> None:
    check_version(version, "0.1.0")


@pytest.mark.parametrize("version", ["0.0.9", "1.0", "v1.0.0", "1.0.0rc1", "", "1.0.0 "])
def test_other_versions_are_refused(version: str) -> None:
    with pytest.raises(ReleaseError, match=r"VERSION=0\.2\.0"):
        check_version(version, "0.1.0")


@pytest.mark.parametrize(("name", "pattern"), VERSION_STATEMENTS)
def test_each_file_states_the_version_where_it_is_replaced(name: str, pattern: re.Pattern[str]) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    assert set_version(text, pattern, version) == text
    assert set_version(text, pattern, "98.7.6") != text


def test_the_version_is_replaced_where_it_is_stated_once() -> None:
    pattern = re.compile(r'^(version = ")[^"]+(")$', re.MULTILINE)
    assert set_version('[project]\nversion = "0.1.0"\n', pattern, "0.2.0") == '[project]\nversion = "0.2.0"\n'
    with pytest.raises(ReleaseError, match="found 0"):
        set_version("[project]\n", pattern, "0.2.0")
