"""Which browser the suite finds, and the message if there is none."""

import shutil
from pathlib import Path

import pytest

from tests.browser import chromium
from tests.browser.chromium_executable import Chromium, ChromiumError

LINUX = ("Linux", "x86_64")
MAC = ("Darwin", "arm64")

STARTS = "echo Chromium 1.2.3"
STUB = "echo 'Command requires the chromium snap to be installed.' >&2; exit 1"
"""Ubuntu's `chromium-browser` without snap."""


def program(path: Path, does: str) -> Path:
    """Write a shell script."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{does}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


def find_chromium(
    environment: dict[str, str], *, tools: Path, machine: tuple[str, str], applications: tuple[Path, ...] = ()
) -> Chromium:
    """Search a machine that has only the files of the test."""
    return chromium.find_chromium(environment, applications=applications, tools=tools, machine=machine)


def bare_machine(tmp_path: Path, *, npm: str, node: str = "") -> dict[str, str]:
    """Make a machine with a shell, and with scripts for npm and node."""
    folder = program(tmp_path / "bin" / "npm", npm).parent
    program(folder / "node", node)
    for name in ("chmod", "mkdir"):
        (folder / name).symlink_to(shutil.which(name) or name)
    return {"PATH": str(folder)}


def unpacks(does: str) -> str:
    """Unpack a browser with this behavior."""
    return f"printf '#!/bin/sh\\n{does}\\n' > chromium; chmod +x chromium"


@pytest.fixture
def found_on_path(tmp_path: Path) -> Path:
    return program(tmp_path / "bin" / "chromium", STARTS)


def test_the_environment_variable_takes_precedence(tmp_path: Path, found_on_path: Path) -> None:
    named = program(tmp_path / "my chrome", STARTS)
    environment = {"CHROME_PATH": str(named), "PATH": str(found_on_path.parent)}
    assert find_chromium(environment, tools=tmp_path, machine=LINUX).path == named


@pytest.mark.parametrize("does", ["exit 3", STUB, None])
def test_a_variable_without_a_working_browser_is_an_error(
    tmp_path: Path, found_on_path: Path, does: str | None
) -> None:
    named = program(tmp_path / "named", does) if does else tmp_path / "named"
    environment = {"CHROME_PATH": str(named), "PATH": str(found_on_path.parent)}
    with pytest.raises(ChromiumError, match=r"^CHROME_PATH: .*/named does not start: .+ or unset it\.$"):
        find_chromium(environment, tools=tmp_path, machine=LINUX)


@pytest.mark.parametrize("name", ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"])
@pytest.mark.parametrize("machine", [LINUX, ("Linux", "aarch64"), MAC], ids="-".join)
def test_the_path_is_searched(tmp_path: Path, name: str, machine: tuple[str, str]) -> None:
    path = program(tmp_path / "bin" / name, STARTS)
    found = find_chromium({"PATH": str(path.parent)}, tools=tmp_path, machine=machine)
    assert (found.path, found.environment) == (path, {})


def test_a_browser_that_does_not_start_is_skipped(tmp_path: Path) -> None:
    stub = program(tmp_path / "bin" / "chromium-browser", STUB)
    path = program(tmp_path / "bin" / "google-chrome", STARTS)
    assert find_chromium({"PATH": str(stub.parent)}, tools=tmp_path, machine=LINUX).path == path


def test_an_application_of_macos_is_found(tmp_path: Path) -> None:
    path = program(tmp_path / "Google Chrome.app" / "Google Chrome", STARTS)
    missing = tmp_path / "Chromium.app" / "Chromium"
    assert find_chromium({}, applications=(missing, path), tools=tmp_path, machine=MAC).path == path


@pytest.mark.parametrize("machine", [("Linux", "aarch64"), MAC], ids="-".join)
def test_a_machine_without_a_package_gets_install_instructions(tmp_path: Path, machine: tuple[str, str]) -> None:
    with pytest.raises(ChromiumError, match=rf"for {machine[0]} on {machine[1]}\. Install .+ CHROME_PATH\.$"):
        find_chromium({"PATH": str(tmp_path)}, tools=tmp_path, machine=machine)


def test_without_npm_the_error_has_install_instructions(tmp_path: Path) -> None:
    with pytest.raises(ChromiumError, match=r"no npm to install one\. Install .+ CHROME_PATH\.$"):
        find_chromium({"PATH": str(tmp_path)}, tools=tmp_path / "tools", machine=LINUX)


def test_a_failed_installation_is_explained_and_removed(tmp_path: Path) -> None:
    machine = bare_machine(tmp_path, npm="echo half > half; echo 'npm error code ENOTFOUND' >&2; exit 1")
    with pytest.raises(ChromiumError, match="`npm ci` did not install one: npm error code ENOTFOUND"):
        find_chromium(machine, tools=tmp_path / "tools", machine=LINUX)
    assert list((tmp_path / "tools").iterdir()) == []


def test_an_installed_package_is_reused(tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    machine = bare_machine(
        tmp_path, npm=f"echo run >> {runs}; mkdir -p node_modules/@sparticuz", node=unpacks("echo Chromium 1.2.3")
    )
    for _ in range(2):
        found = find_chromium(machine, tools=tmp_path / "tools", machine=LINUX)
    assert found.version() == "Chromium 1.2.3"
    assert Path(found.environment["FONTCONFIG_FILE"]).exists()
    assert runs.read_text(encoding="utf-8") == "run\n"


def test_a_packaged_browser_that_does_not_start_gets_install_instructions(tmp_path: Path) -> None:
    machine = bare_machine(
        tmp_path, npm="mkdir -p node_modules/@sparticuz", node=unpacks("echo no such library >&2; exit 127")
    )
    with pytest.raises(ChromiumError, match=r"does not start: no such library\. Install .+ CHROME_PATH\.$"):
        find_chromium(machine, tools=tmp_path / "tools", machine=LINUX)
