"""`make image` and `make base-image`: build the runner image, or its base if no image registry is reachable."""

import argparse
import os
import platform
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from infra.container_engine import ENGINES, Build, EngineError, build_command, find_engine, inspect_command
from infra.image_inputs import LABEL, fingerprint
from infra.platforms import PLATFORMS
from infra.settings import SettingsError, read_settings

__all__ = ["BASE_IMAGE", "RUNNER_IMAGE", "base_build", "main", "runner_build"]

BASE_IMAGE: Final = "jupyter-scheduler-base:local"
"""The base that `make base-image` builds."""

RUNNER_IMAGE: Final = "jupyter-scheduler-runner:local"
"""The runner image that `make image` builds, and that the local cloud starts."""

_ROOT: Final = Path(__file__).parents[1]
_FOLDER: Final = _ROOT / "runner_container"


def runner_build(*, architecture: str, base: str | None, certificates: str | None) -> Build:
    """Describe the build of the runner image.

    Parameters
    ----------
    architecture
        `x86_64` or `arm64`.
    base
        Image that replaces the pinned base.
    certificates
        Path of a file with certificate authorities, as in `SSL_CERT_FILE`; ignored if the file does not exist.
    """
    bundle = Path(certificates) if certificates else None
    return Build(
        tag=RUNNER_IMAGE,
        dockerfile=_FOLDER / "Dockerfile",
        context=_ROOT,
        platform=PLATFORMS[architecture].docker,
        base=base,
        certificates=bundle if bundle and bundle.is_file() else None,
    )


def base_build(archive: Path) -> Build:
    """Describe the build of the base from the archive that `runner_container/debootstrap.sh` wrote."""
    return Build(tag=BASE_IMAGE, dockerfile=_FOLDER / "base.Dockerfile", context=archive.parent)


def main(arguments: Sequence[str] | None = None) -> int:
    """Build or remove images.

    Returns
    -------
    int
        Exit code: 0; 1 if there is no engine or the settings are invalid; otherwise the engine's.
    """
    options = _parser().parse_args(arguments)
    try:
        engine = find_engine([options.engine] if options.engine else ENGINES)
        if options.action == "remove":
            return _remove(engine)
        if options.action == "base":
            return _run(engine, base_build(options.archive))
        architecture = options.architecture or read_settings(_ROOT / "scheduler.toml").runners.architecture
        return _build_runner(engine, architecture, options.base)
    except (EngineError, SettingsError) as error:
        print(error, file=sys.stderr)  # noqa: T201 - this is the command line
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m infra.image", description="Build the runner image.")
    parser.add_argument("action", choices=["build", "base", "remove"])
    parser.add_argument("--engine", help="docker, podman or buildah; default: the first that works")
    parser.add_argument("--architecture", choices=sorted(PLATFORMS), help="default: runners.architecture")
    parser.add_argument("--base", help="image that replaces the pinned base")
    parser.add_argument("--archive", type=Path, default=_ROOT / "build/base-image/base.tar", help="of the base")
    return parser


def _build_runner(engine: str, architecture: str, base: str | None) -> int:
    build = runner_build(architecture=architecture, base=base, certificates=os.environ.get("SSL_CERT_FILE"))
    inputs = fingerprint(_ROOT, [architecture, (_inspect(engine, base) or base) if base else ""])
    if _inspect(engine, build.tag, label=LABEL) == inputs:
        print(f"{build.tag} is up to date")  # noqa: T201 - this is the command line
        return 0
    code = _run(engine, replace(build, labels={LABEL: inputs}))
    if code and not PLATFORMS[architecture].matches(platform.machine()):
        _print_error(
            f"The image is for {build.platform}, not this machine's {platform.machine()}: {engine} needs QEMU for it."
        )
    if code and not base:
        _print_error(f"If no image registry is reachable, run make base-image, then make image BASE_IMAGE={BASE_IMAGE}")
    return code


def _run(engine: str, build: Build) -> int:
    code = subprocess.run(
        build_command(engine, build), env=os.environ | {"DOCKER_BUILDKIT": "1"}, check=False
    ).returncode
    if code == 0:
        print(f"Built {build.tag} with {engine}")  # noqa: T201 - this is the command line
    return code


def _inspect(engine: str, image: str, *, label: str | None = None) -> str:
    command = inspect_command(engine, image, label=label)
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


def _remove(engine: str) -> int:
    for tag in (RUNNER_IMAGE, BASE_IMAGE):
        subprocess.run([engine, "rmi", tag], capture_output=True, check=False)
    return 0


def _print_error(line: str) -> None:
    print(line, file=sys.stderr)  # noqa: T201 - this is the command line


if __name__ == "__main__":
    sys.exit(main())
