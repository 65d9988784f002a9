"""The code of the Lambda functions: locked packages, the service, and the operator's settings.

Each bundle is built once and kept under `build/`: the same inputs give the same folder, and the same asset hash.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final, Literal

from chalicelib.config import SchedulerSettings
from infra import bytecode
from infra.bytecode import Compiler

__all__ = ["BundleError", "Target", "find_uv", "make_once", "stage_bundle"]

Target = Literal["declared", "local"]
"""What packages are installed for: the functions' declared runtime, or this machine's Python and platform (the local cloud)."""

_ROOT: Final = Path(__file__).parents[1]

_BUILD: Final = _ROOT / "build"

_REQUIREMENTS: Final = _ROOT / "requirements" / "function.txt"

_SOURCES: Final = ("app", "chalicelib")

_BUILDERS: Final = (Path(__file__), Path(bytecode.__file__))
"""What builds a bundle: a change of it builds every bundle anew."""

_PLATFORMS: Final = {"arm64": "aarch64-manylinux_2_28", "x86_64": "x86_64-manylinux_2_28"}
"""Platforms of wheels that run on Amazon Linux 2023 (glibc 2.34), which Python runtimes use from 3.12 on."""

_INSTALLER_FILES: Final = (
    "bin",
    "**/__pycache__",
    "*.dist-info/RECORD",
    "*.dist-info/INSTALLER",
    "*.dist-info/REQUESTED",
    "*.dist-info/*.json",
)
"""Files of the installer that no function reads, and that differ between machines."""

_BUILD_ONLY: Final = (
    "chalice/cli",
    "chalice/deploy",
    "chalice/invoke.py",
    "chalice/local.py",
    "chalice/package.py",
    "chalice/pipeline.py",
    "chalice/templates",
    "chalice/vendored",
)
"""Parts of Chalice that deploy and simulate an app. CDK deploys this app."""


class BundleError(Exception):
    """The bundle cannot be built; the message is one line with the reason."""


_OPENAPI_GENERATOR: Final = _ROOT / "chalicelib" / "routes" / "openapi"
"""Its modules generate `openapi.json`, the only file in it that the service reads."""


def stage_bundle(
    settings: SchedulerSettings,
    *,
    target: Target,
    python: str,
    architecture: str,
    compiler: Compiler | None = None,
    build: Path = _BUILD,
) -> Path:
    """Build the bundle, or find the one that was built from the same inputs.

    Parameters
    ----------
    settings
        Settings that the service reads; the bundle contains them as `settings.json`.
    target
        What packages are installed for.
    python
        Version of the declared runtime, such as `3.13`.
    architecture
        Processor of the declared runtime: `arm64` or `x86_64`.
    compiler
        Writes the bytecode; without one, the bundle has none.
    build
        Where finished bundles are kept.

    Returns
    -------
    Path
        The folder to zip.

    Raises
    ------
    BundleError
        If uv is missing or a package cannot be installed.
    """
    options = _install_options(target, python, architecture)
    compiled_by = compiler.version if compiler else ""
    packages_key = _hash(
        [*options, sys.version, compiled_by, _REQUIREMENTS.read_bytes(), *map(Path.read_bytes, _BUILDERS)]
    )
    packages = make_once(build / "packages" / packages_key, lambda folder: _install(folder, options, compiler))
    settings_text = json.dumps(settings.model_dump(mode="json"), indent=1, sort_keys=True)
    sources = list(_source_files())
    contents = (part for path in sources for part in (str(path.relative_to(_ROOT)), path.read_bytes()))
    bundle_key = _hash([packages_key, settings_text, *contents])
    return make_once(
        build / "bundle" / bundle_key, lambda folder: _assemble(folder, packages, sources, settings_text, compiler)
    )


def _install_options(target: Target, python: str, architecture: str) -> list[str]:
    if target == "local":
        return ["--python", sys.executable]
    return ["--python-version", python, "--python-platform", _PLATFORMS[architecture]]


def _install(folder: Path, options: Sequence[str], compiler: Compiler | None) -> None:
    command = [find_uv(), "pip", "install", "--quiet", "--target", str(folder), *options]
    command += ["--no-deps", "--require-hashes", "--only-binary", ":all:", "--requirements", str(_REQUIREMENTS)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        reason = " ".join(result.stderr.split())
        raise BundleError(f"The packages of {_REQUIREMENTS.name} cannot be installed for the function bundle: {reason}")
    for pattern in (*_INSTALLER_FILES, *_BUILD_ONLY):
        for path in list(folder.glob(pattern)):
            _remove(path)
    if compiler:
        compiler.compile(folder)


def _assemble(
    folder: Path, packages: Path, sources: Iterable[Path], settings_text: str, compiler: Compiler | None
) -> None:
    for path in sources:
        copy = folder / path.relative_to(_ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)
    if compiler:
        compiler.compile(folder, *_SOURCES)
    # Hard links instead of copies: nothing writes to a bundle, and every change of the code builds a new one.
    shutil.copytree(packages, folder, copy_function=os.link, dirs_exist_ok=True)
    (folder / "settings.json").write_text(settings_text + "\n", encoding="utf-8")


def _source_files() -> Iterator[Path]:
    for name in _SOURCES:
        yield from sorted(path for path in (_ROOT / name).rglob("*") if _belongs_in_bundle(path))


def _belongs_in_bundle(path: Path) -> bool:
    is_generator = path.parent == _OPENAPI_GENERATOR and path.suffix == ".py"
    return path.is_file() and "__pycache__" not in path.parts and not is_generator


def make_once(folder: Path, make: Callable[[Path], None]) -> Path:
    """Create a folder completely or not at all, even if two processes create it at the same time."""
    if folder.exists():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".creating-") as scratch:
        made = Path(scratch) / "made"
        made.mkdir()
        make(made)
        try:
            made.rename(folder)
        except OSError:
            if not folder.exists():
                raise
    return folder


def find_uv(root: Path = _ROOT) -> str:
    """Find uv: the project's own, otherwise the one on `PATH`.

    Raises
    ------
    BundleError
        If there is none.
    """
    pinned = root / ".tools" / "uv" / "bin" / "uv"
    found = str(pinned) if pinned.exists() else shutil.which("uv")
    if found is None:
        raise BundleError("uv is missing. It builds the function bundle; `make init` installs it into .tools/.")
    return found


def _hash(parts: Iterable[str | bytes]) -> str:
    digest = hashlib.sha256()
    for part in parts:
        raw = part.encode() if isinstance(part, str) else part
        digest.update(len(raw).to_bytes(8, "big") + raw)
    return digest.hexdigest()[:20]


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()
