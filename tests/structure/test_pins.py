"""Nothing that is built from outside has a moving tag."""

import re
from pathlib import Path

import pytest

from tests.docs.documents import ROOT

PINNED = re.compile(r"\S+@sha256:[0-9a-f]{64}")
DOCKERFILES = sorted(path for path in ROOT.glob("*/*Dockerfile") if path.is_file())


def unpinned(text: str) -> list[str]:
    """Bases of a Dockerfile that are neither a stage of it, nor `scratch`, nor pinned by digest."""
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


def test_a_tag_would_be_found() -> None:
    assert unpinned("ARG BASE=debian:stable\nFROM ${BASE} AS system\nFROM system\nFROM alpine\n") == [
        "debian:stable",
        "alpine",
    ]
