"""The Chromium of npm's `@sparticuz/chromium`: the headless shell for Linux on x86-64, with the libraries that a bare machine lacks.

It has a lock of its own, so that `make demo` does not fetch its 70 MB. It needs glibc 2.34 (read from the libraries' symbols), a
processor that npm packages it for, and nothing else of the machine: libraries and fonts come along.
"""

import hashlib
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from infra.bundle import make_once
from tests.browser.chromium_executable import INSTALL_CHROMIUM, Chromium, ChromiumError, reason

__all__ = ["PACKAGED_FOR", "packaged_chromium"]

_HERE: Final = Path(__file__).parent
_ROOT: Final = Path(__file__).parents[2]

_PINS: Final = (_HERE / "package.json", _HERE / "package-lock.json", _ROOT / ".npmrc")

PACKAGED_FOR: Final = ("Linux", "x86_64")

_UNPACK: Final = """
import { inflate } from "@sparticuz/chromium";
for (const name of ["chromium.br", "al2023.tar.br", "swiftshader.tar.br"])
    await inflate(`node_modules/@sparticuz/chromium/bin/${name}`);
"""
"""Unpacks the browser, its libraries (NSS, NSPR and Expat of Amazon Linux 2023) and its renderer into TMPDIR."""

_FONTS: Final = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir prefix="relative">node_modules/dejavu-fonts-ttf/ttf</dir>
  <cachedir prefix="xdg">fontconfig</cachedir>
  <alias><family>monospace</family><prefer><family>DejaVu Sans Mono</family></prefer></alias>
  <alias><family>serif</family><prefer><family>DejaVu Serif</family></prefer></alias>
  <match><edit name="family" mode="append_last"><string>DejaVu Sans</string></edit></match>
</fontconfig>
"""
"""The packaged browser sees these fonts only: a bare machine has none, and pictures are alike everywhere."""


def packaged_chromium(environment: Mapping[str, str], tools: Path) -> Chromium:
    """Install the packaged browser, once for each state of its pins and of this module."""
    key = hashlib.sha256(b"".join(path.read_bytes() for path in (*_PINS, Path(__file__)))).hexdigest()[:12]
    folder = make_once(tools / f"chromium-{key}", lambda scratch: _install(scratch, environment))
    found = _in_folder(folder)
    try:
        found.version()
    except ChromiumError as error:
        raise ChromiumError(f"The packaged browser is of no use here; {error}. {INSTALL_CHROMIUM}") from None
    return found


def _in_folder(folder: Path) -> Chromium:
    needs = {
        "LD_LIBRARY_PATH": str(folder / "al2023" / "lib"),
        "FONTCONFIG_FILE": str(folder / "fonts.conf"),
        "XDG_CACHE_HOME": str(folder / "cache"),
    }
    return Chromium(folder / "chromium", needs)


def _install(folder: Path, environment: Mapping[str, str]) -> None:
    for pin in _PINS:
        shutil.copy(pin, folder)
    _run(["npm", "ci", "--loglevel=error"], folder, environment)
    _run(["node", "--input-type=module", "--eval", _UNPACK], folder, {**environment, "TMPDIR": str(folder)})
    shutil.rmtree(folder / "node_modules" / "@sparticuz")
    (folder / "fonts.conf").write_text(_FONTS, encoding="utf-8")


def _run(command: list[str], folder: Path, environment: Mapping[str, str]) -> None:
    tool = shutil.which(command[0], path=environment.get("PATH", ""))
    if tool is None:
        raise ChromiumError(f"There is no Chromium, and no {command[0]} to install one. {INSTALL_CHROMIUM}")
    done = subprocess.run(
        [tool, *command[1:]], cwd=folder, env=dict(environment), capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        failed = " ".join(command[:2])
        raise ChromiumError(
            f"There is no Chromium, and `{failed}` did not install one: {reason(done)}. {INSTALL_CHROMIUM}"
        )
