"""Build the distributions, check them in an empty environment, and prepare a release: `make dist`, `make release VERSION=1.2.3`."""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final

from packaging.version import InvalidVersion, Version

__all__ = ["VERSION_STATEMENTS", "ReleaseError", "add_heading", "check_version", "main", "set_version"]

_ROOT: Final = Path(__file__).parents[2]
_UV: Final = _ROOT / ".tools" / "uv" / "bin" / "uv"
_UNRELEASED: Final = "## Unreleased"
VERSION_STATEMENTS: Final = (
    ("pyproject.toml", re.compile(r'^(version = ")[^"]+(")$', re.MULTILINE)),
    ("chalicelib/__init__.py", re.compile(r'^(__version__ = ")[^"]+(")$', re.MULTILINE)),
    ("labextension/package.json", re.compile(r'^(  "version": ")[^"]+(",)$', re.MULTILINE)),
    ("labextension/package-lock.json", re.compile(r'^(  "version": ")[^"]+(",)$', re.MULTILINE)),
    ("labextension/package-lock.json", re.compile(r'(^    "": \{\n.*\n      "version": ")[^"]+(",)$', re.MULTILINE)),
)
"""Files that state the version, each with the pattern of one statement."""

_EXTENSION: Final = ".data/data/share/jupyter/labextensions/jupyter-scheduler-aws/package.json"


class ReleaseError(Exception):
    """The release cannot be made; the message says why and what to do."""


def check_version(new: str, current: str) -> None:
    """Check that a version may follow the current one.

    Raises
    ------
    ReleaseError
        If it is not MAJOR.MINOR.PATCH, or is lower than the current one.
    """
    try:
        is_higher = re.fullmatch(r"\d+\.\d+\.\d+", new) and Version(new) >= Version(current)
    except InvalidVersion as error:
        raise ReleaseError(f"pyproject.toml has the version {current!r}, which is not valid") from error
    if not is_higher:
        raise ReleaseError(f"{new!r} cannot follow {current}; pass a version such as VERSION={_next_minor(current)}")


def _next_minor(version: str) -> str:
    major, minor, *_ = Version(version).release
    return f"{major}.{minor + 1}.0"


def add_heading(changelog: str, version: str, day: date) -> str:
    """Return the changelog with the unreleased changes under the heading of a version, and an empty section above it.

    Raises
    ------
    ReleaseError
        If there are no unreleased changes, or the version already has a heading.
    """
    if f"## {version}" in changelog:
        raise ReleaseError(f"CHANGELOG.md already has a section for {version}; pass a higher version")
    before, found, after = changelog.partition(f"{_UNRELEASED}\n")
    if not found or not after.partition("\n## ")[0].strip():
        raise ReleaseError(f"CHANGELOG.md has no changes below {_UNRELEASED!r}; there is nothing to release")
    return f"{before}{_UNRELEASED}\n\n## {version} - {day.isoformat()}\n{after}"


def set_version(text: str, pattern: re.Pattern[str], version: str) -> str:
    """Return a file's text with another version.

    Raises
    ------
    ReleaseError
        If the file does not state the version exactly once.
    """
    changed, count = pattern.subn(rf"\g<1>{version}\g<2>", text)
    if count != 1:
        raise ReleaseError(f"expected one line that matches {pattern.pattern!r}, found {count}")
    return changed


def _prepare(version: str, today: date) -> None:
    status = _output("git", "status", "--porcelain")
    if status:
        raise ReleaseError(f"Commit or stash these changes first:\n{status}")
    check_version(version, _current_version())
    names = dict.fromkeys(["CHANGELOG.md", *(name for name, _ in VERSION_STATEMENTS)])
    texts = {name: (_ROOT / name).read_text(encoding="utf-8") for name in names}
    for name, pattern in VERSION_STATEMENTS:
        texts[name] = set_version(texts[name], pattern, version)
    texts["CHANGELOG.md"] = add_heading(texts["CHANGELOG.md"], version, today)
    for name, text in texts.items():
        (_ROOT / name).write_text(text, encoding="utf-8")
    _run(sys.executable, "-m", "tests.infra.released_tables")


def _current_version() -> str:
    return str(tomllib.loads((_ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"])


def _build(folder: Path) -> tuple[Path, Path]:
    """Build the wheel and the sdist; return their paths."""
    shutil.rmtree(folder, ignore_errors=True)
    _run(
        sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--target", "sdist", "--directory", str(folder)
    )
    [wheel], [sdist] = folder.glob("*.whl"), folder.glob("*.tar.gz")
    return wheel, sdist


def _check(wheel: Path, sdist: Path, version: str) -> None:
    """Install the wheel with the locked dependencies into an empty environment and use it; compare it with the sdist's."""
    if not any(name.endswith(_EXTENSION) for name in _contents(wheel)):
        raise ReleaseError("The wheel lacks the JupyterLab extension; run `make labextension`")
    scratch = _ROOT / "build" / "release"
    shutil.rmtree(scratch, ignore_errors=True)
    environment = scratch / "venv"
    python = str(environment / "bin" / "python")
    _run(str(_UV), "venv", "--quiet", "--python", sys.executable, str(environment))
    _run(str(_UV), "pip", "sync", "--quiet", "--require-hashes", "--python", python, "requirements/connector.txt")
    _run(str(_UV), "pip", "install", "--quiet", "--no-deps", "--python", python, str(wheel))
    _run(str(_UV), "pip", "check", "--quiet", "--python", python)
    clean = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    stated = _output(str(environment / "bin" / "nbjobs"), "--version", cwd=scratch, env=clean)
    if version not in stated.split():
        raise ReleaseError(f"`nbjobs --version` of the wheel prints {stated!r}, not {version}")
    _run(python, "-c", "from jupyter_scheduler_aws import AwsScheduler, Client", cwd=scratch, env=clean)
    _run("tar", "--extract", "--gzip", "--file", str(sdist), "--directory", str(scratch))
    [source] = (path for path in scratch.iterdir() if (path / "pyproject.toml").exists())
    _run(sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", "rebuilt", cwd=source)
    [rebuilt] = (source / "rebuilt").glob("*.whl")
    if _contents(rebuilt) != _contents(wheel):
        raise ReleaseError("The wheel that the sdist builds differs from the wheel; see tool.hatch in pyproject.toml")


def _contents(wheel: Path) -> dict[str, int]:
    with zipfile.ZipFile(wheel) as archive:
        return {member.filename: member.CRC for member in archive.infolist()}


def _run(*command: str, cwd: Path = _ROOT, env: Mapping[str, str] | None = None) -> None:
    _output(*command, cwd=cwd, env=env)


def _output(*command: str, cwd: Path = _ROOT, env: Mapping[str, str] | None = None) -> str:
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ReleaseError(f"`{' '.join(command)}` failed:\n{done.stdout}{done.stderr}")
    return done.stdout.strip()


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="python -m infra.supply_chain.release", description=__doc__)
    parser.add_argument("--version", help="version to release; without it, only build and check")
    version = parser.parse_args().version
    try:
        if version is not None:
            _prepare(version, datetime.now(UTC).date())
        wheel, sdist = _build(_ROOT / "dist")
        _check(wheel, sdist, _current_version())
    except ReleaseError as error:
        raise SystemExit(f"{error}") from None
    print(f"Built and checked dist/{wheel.name} and dist/{sdist.name}")  # noqa: T201 - output of a command
    if version is not None:
        print(f"Next: review `git diff`, then\n  git commit --all --message 'Release {version}'\n  git tag v{version}")  # noqa: T201


if __name__ == "__main__":
    main()
