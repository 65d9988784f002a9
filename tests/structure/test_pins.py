"""Base images and GitHub actions are pinned by digest, not by a tag that moves."""

import re
from pathlib import Path

import pytest

from tests.docs.documents import ROOT

PINNED = re.compile(r"\S+@sha256:[0-9a-f]{64}")
DOCKERFILES = sorted(path for path in ROOT.glob("*/*Dockerfile") if path.is_file())


def unpinned(text: str) -> list[str]:
    """Return the bases of a Dockerfile that are neither one of its stages, nor `scratch`, nor pinned by digest."""
    arguments = dict(re.findall(r"^ARG (\w+)=(\S+)", text, re.MULTILINE))
    stages = set(re.findall(r"^FROM .* AS (\w+)", text, re.MULTILINE))
    bases = [
        re.sub(r"\$\{(\w+)\}", lambda each: arguments[each[1]], base)
        for base in re.findall(r"^FROM (\S+)", text, re.MULTILINE)
    ]
    return [base for base in bases if base != "scratch" and base not in stages and not PINNED.fullmatch(base)]


def test_the_image_has_a_dockerfile() -> None:
    assert ROOT / "runner_container" / "Dockerfile" in DOCKERFILES


@pytest.mark.parametrize("dockerfile", DOCKERFILES, ids=lambda path: path.name)
def test_bases_are_pinned_by_digest(dockerfile: Path) -> None:
    assert unpinned(dockerfile.read_text(encoding="utf-8")) == []


def test_unpinned_bases_are_detected() -> None:
    assert unpinned("ARG BASE=debian:stable\nFROM ${BASE} AS system\nFROM system\nFROM alpine\n") == [
        "debian:stable",
        "alpine",
    ]


ACTION = re.compile(r"^\s*(?:- )?uses: *(\S+)(.*)$", re.MULTILINE)


def unpinned_actions(workflow: str) -> list[str]:
    """Return the actions of a workflow that no commit hash and version comment pins."""
    actions = ACTION.findall(workflow)
    return [
        name
        for name, comment in actions
        if not re.fullmatch(r"\S+@[0-9a-f]{40}", name) or not re.fullmatch(r" # v[\d.]+", comment)
    ]


def test_actions_are_pinned_by_commit() -> None:
    workflows = [path.read_text(encoding="utf-8") for path in (ROOT / ".github" / "workflows").glob("*.yml")]
    assert any(ACTION.search(each) for each in workflows)
    assert [name for each in workflows for name in unpinned_actions(each)] == []


def test_unpinned_actions_are_detected() -> None:
    sha = "0" * 40
    assert unpinned_actions(f"- uses: a/b@v4\n  uses: c/d@{sha}\n- uses: e/f@{sha} # v1.2\n") == [
        "a/b@v4",
        f"c/d@{sha}",
    ]
